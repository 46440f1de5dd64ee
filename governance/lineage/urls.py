from django.urls import path

from governance.lineage import views

app_name = "lineage"
urlpatterns = [path("lineage/<str:kind>/<path:key>/", views.lineage, name="lineage")]
