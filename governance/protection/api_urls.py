from django.urls import path

from governance.protection.api import Events

urlpatterns = [path("github/events", Events.as_view(), name="github-events")]
