"""The shared head of every page about a version, and the warning before a card is saved."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from evaluations.models import EvaluationRun
from governance.deployments.queries import Row, serving
from governance.lineage import sightings
from governance.portfolio.asked import card_asked
from governance.portfolio.asked_figures import tiles_asked
from governance.portfolio.queries import versions_of, what_happened
from governance.portfolio.standing import Standing, standing_of
from registry.access import may_edit
from registry.models import Dataset, Environment, ModelVersion, RegisteredModel
from registry.queries import before
from riskreview.exceptions.loud import banners_of
from riskreview.models import Review, SignOff
from riskreview.risks.access import may_assess
from riskreview.risks.proposing import proposals_of
from riskreview.risks.rows import most_pressing

register = template.Library()
register.simple_tag(card_asked)
register.simple_tag(tiles_asked)


@register.filter
def get(mapping: Mapping[Any, Any] | None, key: Any) -> Any:
    """The value under a key that is itself a variable; nothing when it is not there."""
    return (mapping or {}).get(key, "")


@register.inclusion_tag("portfolio/version_head.html", takes_context=True)
def version_head(
    context: dict[str, Any], version: ModelVersion, tab: str = "overview", standing: Standing | None = None
) -> dict[str, Any]:
    """Breadcrumb, title, tier, status, actions and tabs of a version."""
    request: HttpRequest = context["request"]
    now = timezone.now()
    standing = standing or _standing(request, version, now)
    names = [version.model.slug, version.version]
    review = Review.objects.filter(version=version, closed_at=None).order_by("-pk").first()
    return {
        "request": request,
        "user": request.user,
        "version": version,
        "model": version.model,
        "standing": standing,
        "loud": banners_of(standing.judged, at=now),
        "review": review,
        "developers": standing.judged["production"].evidence.developers,
        "my_turn": _asked_to_sign(standing, str(request.user)),
        "may_edit": may_edit(request.user, version.model),  # type: ignore[arg-type]
        "serving": context["serving"] if "serving" in context else _serving(version, standing, now),
        "tabs": _tabs(version, names, tab),
        "earlier": before(version),
        "report_url": f"{reverse('reports:reports')}?version_id={version.pk}",
    }


def _standing(request: HttpRequest, version: ModelVersion, at: datetime) -> Standing:
    """The standing, judged once while a page is drawn."""
    judged: dict[int, Standing] = request.__dict__.setdefault("standings", {})
    if version.pk not in judged:
        judged[version.pk] = standing_of(version, at=at)
    return judged[version.pk]


def _serving(version: ModelVersion, standing: Standing, at: datetime) -> list[Row]:
    judged = {(version.pk, environment): found for environment, found in standing.judged.items()}
    return serving([version], at=at, judged=judged)


@register.inclusion_tag("lineage/saw.html", takes_context=True)
def deployed_that_saw(context: dict[str, Any], dataset: Dataset) -> dict[str, Any]:
    """What runs now of every version that was trained or measured on the data set."""
    return {
        "sightings": sightings.deployed_that_saw(dataset, context["request"].user, at=timezone.now()),
        "key": f"{dataset.name}/{dataset.version}",
    }


def _asked_to_sign(standing: Standing, name: str) -> bool:
    """Whether a signature is missing that this person could give."""
    return any(
        result.kind == "signoff" and result.result == "unsatisfied" and who.startswith(f"{name} (")
        for judged in standing.judged.values()
        for result in judged.verdict.requirements
        for who in result.who
    )


def _tabs(version: ModelVersion, names: list[str], current: str) -> list[dict[str, Any]]:
    card = version.cards.first()
    tabs = [
        ("overview", "Overview", reverse("portfolio:version", args=names), None),
        ("card", "Card", reverse("registry:card", args=names), f"r{card.number}" if card else "none"),
        (
            "evaluations",
            "Evaluations",
            reverse("evaluations:version_runs", args=names),
            version.evaluations.count(),
        ),
        (
            "signoffs",
            "Sign-offs",
            reverse("riskreview:signoffs", args=names),
            SignOff.objects.filter(review__version=version).count(),
        ),
        ("lineage", "Lineage", reverse("lineage:lineage", args=["version", "/".join(names)]), None),
        ("files", "Files", reverse("registry:files", args=names), version.files.count()),
        ("audit", "Audit", f"{reverse('trail:events')}?subject={version.ref}", None),
    ]
    return [
        {"label": label, "href": href, "count": count, "current": name == current}
        for name, label, href, count in tabs
    ]


@register.inclusion_tag("riskreview/risks_in_short.html")
def risks_in_short(model: RegisteredModel) -> dict[str, Any]:
    """The risks of a model that matter most, for its pages."""
    return {"model": model, **most_pressing(model, at=timezone.now())}


@register.inclusion_tag("riskreview/run_proposals.html", takes_context=True)
def run_proposals(context: dict[str, Any], run: EvaluationRun) -> dict[str, Any]:
    """What the failed checks of a run propose."""
    request: HttpRequest = context["request"]
    return {
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "run": run,
        "proposals": proposals_of(run),
        "may_take": may_assess(request.user, run.version.model),  # type: ignore[arg-type]
    }


@register.inclusion_tag("partials/timeline.html", takes_context=True)
def happened(context: dict[str, Any], ref: str) -> dict[str, Any]:
    """What happened to a subject, newest first."""
    trail = f"{reverse('trail:events')}?subject={ref}"
    return {
        "entries": what_happened(ref, context["request"].user),
        "more_href": trail,
        "more_label": "Whole trail",
    }


@register.inclusion_tag("portfolio/stale_warning.html", takes_context=True)
def stale_warning(context: dict[str, Any], version: ModelVersion) -> dict[str, Any]:
    """How many signatures a change of the card would make stale."""
    standing = _standing(context["request"], version, timezone.now())
    counting = {
        signoff.id
        for judged in standing.judged.values()
        for signoff in judged.evidence.signoffs
        if not signoff.withdrawn
        and signoff.decision in ("approve", "approve_with_conditions")
        and dict(signoff.components) == judged.components
    }
    return {"count": len(counting)}


@register.inclusion_tag("portfolio/gate_effect.html")
def gate_effect(model: RegisteredModel) -> dict[str, Any]:
    """What the gate would stop allowing if this model were stopped now."""
    rows = versions_of(model, at=timezone.now())
    losing = [
        (label, [row.version.version for row in rows if row.answers[environment] == "allow"])
        for environment, label in Environment.choices
    ]
    return {"versions": len(rows), "losing": [(label, names) for label, names in losing if names]}
