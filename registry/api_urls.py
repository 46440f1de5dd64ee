"""Addresses of the registry's calls, under /api/v1/."""

from django.urls import path

from registry import api

urlpatterns = [
    path("models", api.Models.as_view(), name="api-models"),
    path("models/<slug:slug>", api.Model.as_view(), name="api-model"),
    path("models/<slug:slug>/versions", api.ModelVersions.as_view(), name="api-model-versions"),
    path("fields", api.Fields.as_view(), name="api-fields"),
    path("models/<slug:slug>/versions/<str:version>/card", api.Card.as_view(), name="api-card"),
    path("models/<slug:slug>/uploads", api.Uploads.as_view(), name="api-uploads"),
    path("uploads/<uuid:upload>", api.UploadView.as_view(), name="api-upload"),
    path("uploads/<uuid:upload>/files/<path:path>", api.UploadFile.as_view(), name="api-upload-file"),
    path("datasets", api.Datasets.as_view(), name="api-datasets"),
    path("datasets/<str:name>/<str:version>", api.DatasetVersion.as_view(), name="api-dataset"),
    path("datasets/<str:name>/<str:version>/file", api.DatasetFile.as_view(), name="api-dataset-file"),
]
