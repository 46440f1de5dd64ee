from django.urls import path

from governance.deployments import views

app_name = "deployments"
urlpatterns = [
    path("deployments/", views.deployment_list, name="deployments"),
    path("deployments/<int:pk>/", views.deployment_detail, name="deployment"),
]
