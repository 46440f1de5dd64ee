"""A version's environment: what it states, what was built for it, and building it anew."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from packaging.requirements import Requirement

from accounts.access import UserRequest, actor_of
from accounts.refusals import Conflict
from evaluations.access import may_evaluate, refuse_unless_may_evaluate
from evaluations.environments.actions import rebuild_environment, want_environment
from evaluations.environments.needs import installed, needs_of, normalised, python_differs, unmet
from evaluations.environments.use import environment_of, needed_by
from evaluations.models import Environment
from registry.access import version_for_reader
from registry.models import ModelVersion

STOP_POLLING = 286  # htmx ends a poll on this status


@require_GET
def environment(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """What the version asks for and what it got; htmx polls the progress of a build."""
    found = version_for_reader(request.user, slug, version)
    built = environment_of(found)
    context = {
        "version": found,
        "environment": built,
        "rows": _rows(found, built),
        "differing": needs_of(found) is not None,
        "off": needs_of(found) is not None and needed_by(found) is None,
        "python": python_differs(found),
        "may_evaluate": may_evaluate(request.user, found),
        "job": progress_of(built) if built is not None else None,
    }
    if not request.headers.get("HX-Request") or built is None:
        return render(request, "evaluations/environment.html", context)
    status = 200 if built.is_live else STOP_POLLING
    response = render(request, "evaluations/environment_progress.html", context, status=status)
    if not built.is_live:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def build(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """Have it built, or built again."""
    found = version_for_reader(request.user, slug, version)
    refuse_unless_may_evaluate(request.user, found)
    needs = needed_by(found)
    if needs is None:
        raise Conflict(
            f"{found} needs no environment of its own.",
            "What it states is installed here, or environments are switched off.",
        )
    known, now, actor = environment_of(found), timezone.now(), actor_of(request)
    if known is None:
        want_environment(needs=needs, actor=actor, at=now)
    else:
        rebuild_environment(environment=known, actor=actor, at=now)
    messages.success(request, "The environment waits for a worker.")
    return redirect("evaluations:environment", slug, version)


def progress_of(built: Environment) -> dict[str, Any]:
    """The build as the progress partial shows it."""
    return {
        "id": f"environment-{built.pk}",
        "title": f"Environment {built.short}",
        "state": built.status,
        "sentence": built.step or built.state.capitalize(),
        "percent": built.percent,
        "failure": built.failure,
    }


def _rows(version: ModelVersion, built: Environment | None) -> list[dict[str, Any]]:
    """Each requirement with the version of the package here, and in the version's own environment."""
    missing = {each.requirement for each in unmet(version.requirements)}
    own = {
        name.lower().replace("_", "-"): number for name, number in (built.installed if built else {}).items()
    }
    rows = []
    for line in normalised(version.requirements):
        name = Requirement(line).name
        rows.append(
            {
                "requirement": line,
                "met": line not in missing,
                "here": installed(name),
                "own": own.get(name, ""),
                "failed": built is not None and line == built.requirement,
            }
        )
    return rows
