from django.urls import path

from governance.lineage.api import Lineage

urlpatterns = [path("lineage/<str:kind>/<path:key>", Lineage.as_view(), name="api-lineage")]
