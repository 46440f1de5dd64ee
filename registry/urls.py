"""Addresses of the registry's pages. The model and version pages themselves belong to the portfolio."""

from django.urls import path

from registry.views import (
    card_editor,
    card_files,
    cards,
    datasets,
    fields,
    importing,
    models,
    teams,
    versions,
)

VERSION = "models/<slug:slug>/versions/<str:version>"

app_name = "registry"
urlpatterns = [
    path("models/new/", models.model_new, name="model_new"),
    path("inventory/import/", importing.models_import, name="models_import"),
    path("models/<slug:slug>/edit/", models.model_edit, name="model_edit"),
    path("models/<slug:slug>/suspend/", models.model_suspend, name="model_suspend"),
    path("models/<slug:slug>/resume/", models.model_resume, name="model_resume"),
    path("models/<slug:slug>/retire/", models.model_retire, name="model_retire"),
    path("models/<slug:slug>/visibility/", teams.visibility, name="visibility"),
    path("models/<slug:slug>/tags/", models.model_tags, name="model_tags"),
    path("models/<slug:slug>/versions/new/", versions.version_new, name="version_new"),
    path(f"{VERSION}/card/", cards.card, name="card"),
    path(f"{VERSION}/card/edit/", card_editor.card_edit, name="card_edit"),
    path(f"{VERSION}/card/preview/", card_editor.card_preview, name="card_preview"),
    path(f"{VERSION}/card/import/", card_files.card_import, name="card_import"),
    path(f"{VERSION}/card/export/<str:name>/", card_files.card_export, name="card_export"),
    path(f"{VERSION}/card/comments/", cards.comment, name="card_comment"),
    path(f"{VERSION}/card/comments/<int:pk>/resolve/", cards.resolve, name="card_comment_resolve"),
    path(f"{VERSION}/files/", versions.files, name="files"),
    path(f"{VERSION}/files/manifest.json", versions.manifest, name="manifest"),
    path(f"{VERSION}/files/verify/", versions.verify, name="verify"),
    path(f"{VERSION}/files/get/<path:path>", versions.file, name="file"),
    path("teams/", teams.teams, name="teams"),
    path("teams/<path:name>/", teams.team, name="team"),
    path("datasets/", datasets.datasets, name="datasets"),
    path("datasets/new/", datasets.dataset_new, name="dataset_new"),
    path("datasets/<str:name>/<str:version>/", datasets.dataset, name="dataset"),
    path("fields/", fields.fields, name="fields"),
    path("fields/new/", fields.field_new, name="field_new"),
    path("fields/<slug:key>/", fields.field, name="field"),
    path("fields/<slug:key>/move/", fields.field_move, name="field_move"),
    path("fields/<slug:key>/retire/", fields.field_retire, name="field_retire"),
    path("datasets/<str:name>/<str:version>/file/", datasets.dataset_file, name="dataset_file"),
]
