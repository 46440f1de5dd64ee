"""What the compliance officer of the demo put on record: assessments kept elsewhere, conclusions on the controls of one
model with a gap for somebody to close, how mature one team is, and the model that everybody may read about."""

from collections.abc import Mapping
from datetime import timedelta

from django.utils import timezone

from governance.compliance.attaching import attach
from governance.compliance.concluding import conclude
from governance.compliance.facts import record_of
from governance.compliance.gaps import open_gap
from governance.compliance.library import maturity_models
from governance.demo.cast import Cast
from governance.register.actions import publish
from governance.register.words import material_of
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
SCORECARD = "consumer-credit"
CONCLUSIONS = (
    (
        "gdpr-ai",
        ("GDPR-22(3)", "GDPR-35(1)", "GDPR-35(7)(a)", "GDPR-35(7)(b)", "GDPR-35(7)(c)", "GDPR-35(7)(d)"),
        "satisfied",
        "File 2026-114 of the privacy office covers this; I compared it with the card and the rated risks.",
    ),
    (
        "gdpr-ai",
        ("GDPR-13-15",),
        "partly",
        "The card says what moves the score most, but the notice that applicants get does not name it yet.",
    ),
    (
        "eu-ai-act",
        ("EU-9.2a", "EU-9.2b", "EU-14.2"),
        "satisfied",
        "The seven risks name who is affected, each is rated before and after its controls, and people decide.",
    ),
    (
        "eu-ai-act",
        ("EU-12.3",),
        "not_applicable",
        "The model ranks loan applications; it identifies nobody by body or voice, near or far.",
    ),
)
LACKS = "The notice to applicants names the three columns that move the score most, in words they understand."
CLOSED_IN = timedelta(days=30)
CONTACT = "models@example.org"
PUBLISHED = ("intended_use", "caveats", "oversight", "training_data")
WHY_PUBLIC = "Applicants ask how they are scored; the board decided that anybody may read it."


def record_compliance(models: Mapping[str, RegisteredModel], cast: Cast) -> None:
    """Name the assessments, conclude on the scorecard and on the first level of a team, and publish the scorecard."""
    _assessments(models, cast)
    _first_level(cast)
    if SCORECARD in models:
        _conclusions(models[SCORECARD], cast)
        _publication(models[SCORECARD], cast)


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


def _conclusions(model: RegisteredModel, cast: Cast) -> None:
    carl, now = cast["carl"], timezone.now()
    for framework, controls, verdict, rationale in CONCLUSIONS:
        conclude(
            framework=framework,
            controls=controls,
            model=model,
            verdict=verdict,
            rationale=rationale,
            until=now.date() + HOLDS,
            user=carl.user,
            actor=carl.actor,
            at=now,
        )
    open_gap(
        framework="gdpr-ai",
        control="GDPR-13-15",
        model=model,
        owner=cast["dev"].user,
        due_on=now.date() + CLOSED_IN,
        lacks=LACKS,
        user=carl.user,
        actor=carl.actor,
        at=now,
    )


def _publication(model: RegisteredModel, cast: Cast) -> None:
    carl, now = cast["carl"], timezone.now()
    material = material_of(model, record_of(model, today=now.date()).version)
    sections = [name for name, _ in material.sections if name in PUBLISHED]
    words = material.words(sections=sections, figures=[], contact=CONTACT)
    publish(
        material=material,
        sections=sections,
        figures=[],
        contact=CONTACT,
        seen=words.digest,
        note=WHY_PUBLIC,
        user=carl.user,
        actor=carl.actor,
        at=now,
    )
