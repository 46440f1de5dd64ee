"""Which models a coverage page shows: by words, tier, framework, and what people concluded or gave out to be closed."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, NullIf

from accounts.access import UserRequest
from governance.compliance.framework import Framework
from governance.compliance.library import frameworks
from governance.compliance.models import Conclusion, Gap, Verdict
from governance.compliance.reach import reached
from policy.tiering import Tier
from registry.access import models_for_reader
from registry.models import Lifecycle, RegisteredModel
from riskreview.models import TierAssessment

NO_TIER = "none"
TIERS = [*((tier.value, tier.value.capitalize()) for tier in Tier), (NO_TIER, "None yet")]
NOTHING, GAP = "nothing", "gap"
CONCLUDED = [
    *((verdict.value, verdict.label) for verdict in Verdict if verdict != Verdict.TAKEN_BACK),
    (NOTHING, "Nothing yet"),
    (GAP, "A gap is open"),
]
"""What at least one control of a model has; or none of them."""


@dataclass(frozen=True)
class Narrowing:
    """What a reader asked to see."""

    q: str = ""
    tier: str = ""
    framework: str = ""
    concluded: str = ""

    @property
    def asked(self) -> dict[str, str]:
        """What was asked for, without the rest; how an export tells it."""
        return {name: value for name, value in vars(self).items() if value}

    def models(self, request: UserRequest, within: str = "") -> QuerySet[RegisteredModel]:
        """Models in use that fit, by name. `within`: the framework that conclusions and gaps are asked of."""
        rows = _matching(request, self.q)
        if self.tier:
            rows = _of_tier(rows, self.tier)
        if (under := frameworks().get(self.framework)) is not None:
            rows = rows.filter(pk__in=under_framework(under, rows))
        if self.concluded:
            rows = _concluded(rows, self.concluded, within or self.framework)
        return rows

    def selects(self, *, every: bool) -> list[dict[str, Any]]:
        """The choices beside the words; with `every`, among all frameworks."""
        known = sorted(frameworks().values(), key=lambda one: one.name.lower())
        under = {
            "name": "framework",
            "label": "Under",
            "options": [(one.id, one.id) for one in known],
            "value": self.framework,
        }
        return [
            *([under] if every else []),
            {"name": "tier", "label": "Tier", "options": TIERS, "value": self.tier},
            {"name": "concluded", "label": "Concluded", "options": CONCLUDED, "value": self.concluded},
        ]


def narrowing_of(request: UserRequest) -> Narrowing:
    """What the address asks for; a word that is none of the choices asks for nothing."""
    given = request.GET
    tier, concluded, framework = (given.get(name, "") for name in ("tier", "concluded", "framework"))
    return Narrowing(
        q=given.get("q", "").replace("\0", "").strip()[:100],
        tier=tier if tier in dict(TIERS) else "",
        framework=framework if framework in frameworks() else "",
        concluded=concluded if concluded in dict(CONCLUDED) else "",
    )


def _matching(request: UserRequest, query: str) -> QuerySet[RegisteredModel]:
    """Models in use that match, by name. Nothing is asked of retired ones."""
    rows = models_for_reader(request.user).exclude(lifecycle=Lifecycle.RETIRED).order_by("name", "pk")
    for word in query.split():
        rows = rows.filter(
            Q(name__icontains=word)
            | Q(slug__icontains=word)
            | Q(business_line__icontains=word)
            | Q(owner__last_name__icontains=word)
        )
    return rows


def under_framework(framework: Framework, models: QuerySet[RegisteredModel]) -> list[int]:
    """The models to which a framework applies, in order."""
    return [pk for pk, names in reached(models, {framework.id: framework}) if names]


def _of_tier(models: QuerySet[RegisteredModel], tier: str) -> QuerySet[RegisteredModel]:
    answers = TierAssessment.objects.filter(model=OuterRef("pk"))
    if tier == NO_TIER:
        return models.filter(~Exists(answers))
    said = Coalesce(NullIf("confirmed_tier", Value("")), "computed_tier")
    newest = answers.order_by("-pk").annotate(said=said).values("said")[:1]
    return models.annotate(newest_tier=Subquery(newest)).filter(newest_tier=tier)


def _concluded(models: QuerySet[RegisteredModel], wanted: str, within: str) -> QuerySet[RegisteredModel]:
    """Conclusions as people gave them, those that are outdated by now among them."""
    which = {"framework": within} if within else {}
    if wanted == GAP:
        return models.filter(Exists(Gap.objects.filter(model=OuterRef("pk"), closed_at=None, **which)))
    same = {name: OuterRef(name) for name in ("model", "framework", "control")}
    newer = Conclusion.objects.filter(**same, pk__gt=OuterRef("pk"))
    given = Conclusion.objects.filter(~Exists(newer), model=OuterRef("pk"), **which)
    given = given.exclude(verdict=Verdict.TAKEN_BACK)
    if wanted == NOTHING:
        return models.filter(~Exists(given))
    return models.filter(Exists(given.filter(verdict=wanted)))
