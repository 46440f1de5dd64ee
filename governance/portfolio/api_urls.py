from django.urls import path

from governance.portfolio import api, as_of_views, compare_api
from registry.api import ModelVersionManifest

urlpatterns = [
    path("versions", api.Versions.as_view(), name="api-versions"),
    path("models", api.Models.as_view(), name="api-models"),
    path("models/<slug:slug>", api.Model.as_view(), name="api-model"),
    path("models/<slug:slug>/versions", api.ModelVersions.as_view(), name="api-model-versions"),
    path("models/<slug:slug>/versions/<str:version>", api.OneVersion.as_view(), name="api-model-version"),
    path(
        "models/<slug:slug>/versions/<str:version>/as-of",
        as_of_views.AsOfView.as_view(),
        name="api-version-as-of",
    ),
    path(
        "models/<slug:slug>/versions/<str:version>/manifest",
        ModelVersionManifest.as_view(),
        name="api-manifest",
    ),
    path("models/<slug:slug>/compare", compare_api.CompareVersions.as_view(), name="api-compare"),
]
