"""What the compliance officer of the demo put on record: assessments kept elsewhere, and how mature one team is."""

from collections.abc import Mapping
from datetime import timedelta

from django.utils import timezone

from governance.compliance.attaching import attach
from governance.compliance.concluding import conclude
from governance.compliance.library import maturity_models
from governance.demo.cast import Cast
from registry.models import RegisteredModel

TEAM, LEVEL = "Retail credit models", "1"
ASSESSMENTS = {
    "consumer-credit": (
        "Data protection impact assessment of the scorecard",
        "Privacy office, file 2026-114",
    ),
    "income-screening": ("Risk assessment of the screening (CCPA)", "Privacy office, file 2026-121"),
}
WHY = "Both models of the team are registered, measured on data apart from the training, and have a card."
HOLDS = timedelta(days=365)


def record_compliance(models: Mapping[str, RegisteredModel], cast: Cast) -> None:
    """Name the assessments, and conclude on the first level of a team."""
    _assessments(models, cast)
    _first_level(cast)


def _assessments(models: Mapping[str, RegisteredModel], cast: Cast) -> None:
    carl = cast["carl"]
    for slug, (title, place) in ASSESSMENTS.items():
        if slug in models:
            attach(
                model=models[slug],
                kind="risk.impact_assessment",
                title=title,
                place=place,
                user=carl.user,
                actor=carl.actor,
                at=timezone.now(),
            )


def _first_level(cast: Cast) -> None:
    carl, now = cast["carl"], timezone.now()
    for model in maturity_models().values():
        conclude(
            framework=model.id,
            controls=[control.id for control in model.controls if control.group == LEVEL],
            model=None,
            team=TEAM,
            verdict="satisfied",
            rationale=WHY,
            until=now.date() + HOLDS,
            user=carl.user,
            actor=carl.actor,
            at=now,
        )
