"""A model's whole story on one page: what it is for, who answers for it, how far it is, what it is tied to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from accounts.models import User
from governance.portfolio.queries import serving_of, versions_of, what_happened
from governance.portfolio.stages import STAGES, WAY
from governance.portfolio.standing import Standing, stage_of_model
from registry.access import may_edit, may_stop, may_tag
from registry.custom import missing_fields
from registry.dependencies import neighbourhood
from registry.forms.models import TagForm
from registry.models import CustomField, FieldKind, Lifecycle, ModelKind, RegisteredModel
from registry.places import place_names
from registry.regulated import flags_expected, law_in_view, regulated_uses, use_names
from registry.sight import is_closed
from riskreview.exceptions.loud import banners_of
from riskreview.findings.queries import standing_against
from riskreview.findings.rules import may_raise
from riskreview.models import TierAssessment
from riskreview.tiering.questionnaires import for_reading


@dataclass(frozen=True)
class Step:
    """One stage on the way, as the track shows it."""

    label: str
    state: str  # "done", "now" or "next"


@dataclass(frozen=True)
class Gap:
    """Something that the inventory should know and does not."""

    text: str
    why: str
    href: str
    action: str


def model_page(model: RegisteredModel, reader: User, *, at: datetime) -> dict[str, Any]:
    """What the page shows to this reader, in a fixed number of queries."""
    versions = versions_of(model, at=at)
    serving = serving_of(versions, at=at)
    assessment = model.tier_assessments.select_related("confirmed_by", "assessed_by").first()
    fields = list(CustomField.objects.all())
    newest = versions[0] if versions else None
    runs_in = {row.deployment.environment for row in serving if row.deployment.is_running}
    stage = stage_of_model(model, newest, runs_in)
    return {
        "model": model,
        "developers": list(model.developers.all()),
        "versions": versions,
        "assessment": assessment,
        "may_edit": may_edit(reader, model) and model.lifecycle != Lifecycle.RETIRED,
        "may_stop": may_stop(reader, model) and model.lifecycle != Lifecycle.RETIRED,
        "closed": is_closed(model),
        "may_tag": may_tag(reader, model) and model.lifecycle != Lifecycle.RETIRED,
        "stage": stage,
        "steps": steps(stage),
        "loud": list(
            {banner.href: banner for row in versions for banner in banners_of(row.judged, at=at)}.values()
        ),
        "gaps": gaps(model, versions, assessment, fields),
        "use": use_facts(model),
        "custom": custom_facts(model, fields),
        "near": neighbourhood(model, reader),
        "tags": list(model.tags.all()),
        "tag_form": TagForm(),
        "serving": serving,
        "findings": standing_against(model),
        "may_raise_finding": may_raise(reader, model),
        "today": at.date(),
        "happened": what_happened(model.ref, reader),
        "trail": f"{reverse('trail:events')}?subject={model.ref}",
    }


def steps(stage: str) -> list[Step]:
    """The way from proposed to in use; nothing for a model that left it."""
    if stage not in WAY:
        return []
    here = WAY.index(stage)
    states = ["done" if place < here else "now" if place == here else "next" for place in range(len(WAY))]
    return [Step(STAGES[name], state) for name, state in zip(WAY, states, strict=True)]


def gaps(
    model: RegisteredModel,
    versions: Sequence[Standing],
    assessment: TierAssessment | None,
    fields: Sequence[CustomField],
) -> list[Gap]:
    """What is missing, most important first; nothing is asked of a retired model."""
    if model.lifecycle == Lifecycle.RETIRED:
        return []
    edit, tier = (
        reverse("registry:model_edit", args=[model.slug]),
        reverse("riskreview:tier", args=[model.slug]),
    )
    found = []
    if assessment is None:
        found.append(Gap("No tier", "The owner answers the questionnaire.", tier, "Open the tier"))
    elif not assessment.is_confirmed:
        found.append(Gap("Tier not confirmed", "A risk officer confirms it.", tier, "Open the tier"))
    if not versions:
        new = reverse("registry:version_new", args=[model.slug])
        found.append(Gap("No version", "Nothing can be measured or signed yet.", new, "Register a version"))
    name = assessment.get_confirmed_tier_display() or assessment.tier if assessment else ""
    for item in missing_fields(fields, model.custom, assessment.tier if assessment else ""):
        found.append(Gap(item.label, f"Asked of tier {name.lower()}, and empty.", edit, "Fill it in"))
    if assessment is not None:
        found += [
            Gap(f"“{flag}” is not ticked", why, tier, "Open the tier")
            for flag, why in _flags(model, assessment)
        ]
    if not model.jurisdictions:
        found.append(Gap("No jurisdiction", "Nothing says whose law holds for it.", edit, "Fill it in"))
    return found


def _flags(model: RegisteredModel, assessment: TierAssessment) -> list[tuple[str, str]]:
    """Flags of the questionnaire that a declared use is expected to tick, and the owner did not."""
    labels = {flag.id: flag.label for flag in for_reading().flags}
    known = regulated_uses()
    return [
        (labels[flag], f"The entry declares: {known[use].name.lower()}. One of the two is wrong.")
        for use, flags in flags_expected(model.regulated_uses).items()
        for flag in flags
        if flag in labels and flag not in assessment.flags
    ]


def use_facts(model: RegisteredModel) -> list[dict[str, Any]]:
    """What the model is for and where it comes from; what nobody filled in is left out."""
    rows: list[dict[str, Any]] = [
        {"term": "Short name", "value": model.slug, "mono": True},
        {"term": "Purpose", "value": model.purpose},
        {"term": "Decides", "value": model.decides},
        {"term": "Products", "value": model.products},
        {"term": "Expected use", "value": model.expected_use},
        {"term": "Actual use", "value": model.actual_use},
        {"term": "Restrictions", "value": model.restrictions},
        {
            "term": "Kind",
            "value": model.get_kind_display(),
            "note": model.kind_reason if model.kind == ModelKind.NOT_A_MODEL else "",
        },
        {"term": "Origin", "value": model.get_origin_display(), "note": model.supplier},
        {
            "term": "Regulated uses",
            "value": ", ".join(use_names(model.regulated_uses)),
        },
        {"term": "Law in view", "value": ", ".join(law_in_view(model.regulated_uses, model.jurisdictions))},
        {"term": "Jurisdictions", "value": ", ".join(place_names(model.jurisdictions))},
        {"term": "Team", "value": model.team},
        {"term": "Business line", "value": model.business_line},
    ]
    return [row for row in rows if row["value"]]


def custom_facts(model: RegisteredModel, fields: Sequence[CustomField]) -> list[dict[str, Any]]:
    """The fields of the organisation that this model holds, retired ones last and marked."""
    held = [item for item in fields if item.key in model.custom]
    people = [model.custom[item.key] for item in held if item.kind == FieldKind.PERSON]
    names = {user.username: user.name for user in User.objects.filter(username__in=people)} if people else {}
    return [
        {
            "term": item.label,
            "value": names.get(str(model.custom[item.key]), model.custom[item.key]),
            "note": "This field is retired." if item.retired_at else "",
        }
        for item in sorted(held, key=lambda item: item.retired_at is not None)
    ]
