from django.urls import path

from governance.deployments import api

urlpatterns = [
    path("deployments", api.Deployments.as_view(), name="api-deployments"),
    path("deployments/<int:pk>", api.OneDeployment.as_view(), name="api-deployment"),
    path("deployments/<int:pk>/finish", api.Finish.as_view(), name="api-deployment-finish"),
    path("deployments/<int:pk>/fail", api.Fail.as_view(), name="api-deployment-fail"),
    path("deployments/<int:pk>/end", api.End.as_view(), name="api-deployment-end"),
    path("deployments/<int:pk>/roll-back", api.RollBack.as_view(), name="api-deployment-roll-back"),
]
