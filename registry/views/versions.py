"""Registering a version, and the files that it consists of."""

import json
from pathlib import PurePosixPath
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.refusals import Conflict, Invalid
from registry import actions
from registry.access import (
    file_for_reader,
    may_verify,
    model_for_editor,
    refuse_unless_verifier,
    version_for_reader,
)
from registry.forms.versions import VersionForm
from registry.models import ModelVersion, RegisteredModel, VersionSource
from registry.queries import manifest_of
from registry.storage import opened
from registry.telling import run_of, settings_of, signing_of
from registry.tracking_stores import store_named
from registry.uploads import sent_files
from registry.views.sending import sent

WAYS = [
    (
        VersionSource.MLFLOW,
        "From MLflow",
        "Files, parameters, metrics and code commit come from the tracking store.",
    ),
    (VersionSource.UPLOAD, "Upload files", "The model's files or one .zip of them, from this computer."),
    (
        VersionSource.PREDICTIONS,
        "Predictions only",
        "A vendor's model that is not held here. It is measured on data sets that hold what it predicted.",
    ),
]


@require_http_methods(["GET", "POST"])
def version_new(request: UserRequest, slug: str) -> HttpResponse:
    """Register a version. Three ways on one form; it works without JavaScript."""
    model = model_for_editor(request.user, slug)
    form, status = VersionForm(*sent(request), model=model), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                version = _register(request, model, form)
            except (Invalid, Conflict) as refused:
                status = complain(form, refused, "version")
            else:
                messages.success(
                    request, f"Version {version.version} is registered. Next: its card and an evaluation."
                )
                return redirect("portfolio:version", model.slug, version.version)
    chosen = form["source"].value() or VersionSource.MLFLOW
    ways = [{"value": value, "label": label, "help": text} for value, label, text in WAYS]
    context = {"form": form, "model": model, "ways": ways, "chosen": chosen}
    return render(request, "registry/version_new.html", context, status=status)


def _register(request: UserRequest, model: RegisteredModel, form: VersionForm) -> ModelVersion:
    given = form.cleaned_data
    who: dict[str, Any] = {
        "model": model,
        "version": given["version"],
        "registrant": request.user,
        "about": form.about(),
        "actor": actor_of(request),
        "at": timezone.now(),
    }
    if given["source"] == VersionSource.PREDICTIONS:
        return actions.register_predictions_only(**who)
    if given["source"] == VersionSource.MLFLOW:
        store = store_named(given["mlflow_server"])
        return actions.register_from_mlflow(mlflow_uri=given["mlflow_uri"].strip(), store=store, **who)
    return actions.register_upload(files=sent_files(given["files"], request.POST.getlist("paths")), **who)


@require_GET
def files(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """The manifest: every file with its size and digest, and when it was last hashed again."""
    found = version_for_reader(request.user, slug, version)
    context = {
        "version": found,
        "files": list(found.files.all()),
        "may_verify": may_verify(request.user),
        "settings": settings_of(found),
        **signing_of(found),
        **run_of(found),
    }
    return render(request, "registry/files.html", context)


@require_GET
def manifest(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """The manifest to keep, as OpenSSF Model Signing writes it."""
    found = version_for_reader(request.user, slug, version)
    name = f"{slug}-{version}-manifest.json"
    answer = HttpResponse(json.dumps(manifest_of(found), indent=2), content_type="application/json")
    answer["Content-Disposition"] = content_disposition_header(True, name)
    return answer


@require_POST
def verify(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """Hash every file again, now."""
    found = version_for_reader(request.user, slug, version)
    refuse_unless_verifier(request.user)
    checked = actions.verify_artifact(version=found, actor=actor_of(request), at=timezone.now())
    if checked.artifact_problem:
        messages.error(request, f"The stored files differ from the manifest: {checked.artifact_problem}")
    else:
        messages.success(request, "Every file is as it was registered.")
    return redirect("registry:files", slug, version)


@require_GET
def file(request: UserRequest, slug: str, version: str, path: str) -> HttpResponseBase:
    """One file, to keep. Never shown in the browser: nobody vouches for what it holds."""
    found = version_for_reader(request.user, slug, version)
    wanted = file_for_reader(request.user, found, path)
    try:
        content = opened(found, wanted)
    except FileNotFoundError as missing:
        raise Conflict(
            f"{wanted.path} is missing in the store.",
            "Verify the version's files, then tell an administrator.",
        ) from missing
    actions.record_download(version=found, file=wanted, actor=actor_of(request), at=timezone.now())
    return FileResponse(
        content,
        as_attachment=True,
        filename=PurePosixPath(wanted.path).name,
        content_type="application/octet-stream",
        headers={"Content-Length": str(wanted.size)},
    )
