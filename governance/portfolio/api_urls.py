from django.urls import path

from governance.portfolio import api

urlpatterns = [
    path("versions", api.Versions.as_view(), name="api-versions"),
    path("models", api.Models.as_view(), name="api-models"),
    path("models/<slug:slug>", api.Model.as_view(), name="api-model"),
    path("models/<slug:slug>/versions", api.ModelVersions.as_view(), name="api-model-versions"),
    path("deployments", api.Deployments.as_view(), name="api-deployments"),
]
