from django.urls import path

from governance.palette import views

app_name = "palette"
urlpatterns = [path("search/", views.search, name="search")]
