"""The risk register of all models: what its address asks for, and the rows, counts and heat map that answer."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from urllib.parse import urlencode

from django.db.models import Count, F, IntegerField, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from accounts.models import User
from policy.risk_catalogue import load_catalogue
from policy.risk_scales import RISK_LEVELS, STEPS, Rating, RiskScales
from registry.models import RegisteredModel
from registry.sight import seen_by
from riskreview.models import Risk, RiskState, Treatment

STANDING = "standing"
STATES = {
    STANDING: "Open or accepted",
    "open": "Open",
    "accepted": "Accepted",
    "expired": "Acceptance expired",
    "closed": "Closed",
}
REVIEWS = {"overdue": "Overdue", "soon": "Within 14 days"}
SOON = timedelta(days=14)
UNRATED = STEPS * STEPS + 1
RESIDUAL = Coalesce(
    F("residual_likelihood") * F("residual_impact"), Value(UNRATED), output_field=IntegerField()
)
INHERENT = Coalesce(
    F("inherent_likelihood") * F("inherent_impact"), Value(UNRATED), output_field=IntegerField()
)
SORTS: dict[str, tuple[str, ...]] = {
    "residual": ("-residual_score", "-inherent_score", "pk"),
    "inherent": ("-inherent_score", "pk"),
    "risk": ("title", "pk"),
    "model": ("model__name", "pk"),
    "owner": ("owner__last_name", "owner__first_name", "pk"),
    "review": ("review_on", "pk"),
}
VIEWS = ("residual", "inherent")
CONCERNING = ("high", "critical")


@dataclass(frozen=True)
class RiskFilters:
    """What the register's address asks for. `sort` begins with - when it runs the other way.

    `likelihood` and `impact` name a cell of the heat map that `view` shows.
    """

    q: str = ""
    state: str = STANDING
    level: str = ""
    treatment: str = ""
    category: str = ""
    owner: str = ""
    model: str = ""
    review: str = ""
    view: str = "residual"
    likelihood: str = ""
    impact: str = ""
    sort: str = "residual"

    @property
    def address(self) -> str:
        """The query string that asks for the same."""
        usual = asdict(RiskFilters())
        return urlencode({name: value for name, value in asdict(self).items() if value != usual[name]})

    @property
    def cell(self) -> Rating | None:
        """The cell of the heat map that is asked for."""
        steps = [str(step) for step in range(1, STEPS + 1)]
        if self.likelihood not in steps or self.impact not in steps:
            return None
        return int(self.likelihood), int(self.impact)

    @property
    def narrowed(self) -> bool:
        """Whether anything is filtered out beside closed risks."""
        return replace(self, view="residual", sort="residual") != RiskFilters()


def filters_from(given: Mapping[str, str]) -> RiskFilters:
    """The filters of an address; what makes no sense there counts as not given."""
    told = {
        item.name: given[item.name].strip().replace("\0", "")[:100]
        for item in fields(RiskFilters)
        if item.name in given
    }
    told["sort"] = told.get("sort", "") if told.get("sort", "").removeprefix("-") in SORTS else "residual"
    told["view"] = told.get("view", "") if told.get("view") in VIEWS else "residual"
    if told.get("state") not in (*STATES, "", None):
        told["state"] = STANDING
    return RiskFilters(**told)


def risks(filters: RiskFilters, scales: RiskScales, reader: User | None, *, at: datetime) -> QuerySet[Risk]:
    """The risks that match, sorted, with model and people; all that there are where no reader is named."""
    found = in_cell(narrowed(filters, scales, reader, at=at), filters.view, filters.cell)
    found = found.annotate(residual_score=RESIDUAL, inherent_score=INHERENT)
    order = found.order_by(*SORTS[filters.sort.removeprefix("-")])
    if filters.sort.startswith("-"):
        order = order.reverse()
    return order.select_related("model__owner", "owner", "accepted_by")


def narrowed(
    filters: RiskFilters, scales: RiskScales, reader: User | None, *, at: datetime
) -> QuerySet[Risk]:
    """The risks that the reader may see and that match everything but the cell of the heat map."""
    found = _in_state(filters.state, at).filter(seen_by(reader, "model"))
    for word in filters.q.split():
        number = word.upper().removeprefix("R-")
        matches = Q(title__icontains=word) | Q(model__name__icontains=word) | Q(controls__icontains=word)
        matches |= Q(catalogue_id__iexact=word) | Q(description__icontains=word)
        found = found.filter(
            matches | Q(pk=int(number)) if number.isascii() and number.isdigit() else matches
        )
    exact = {
        "treatment": filters.treatment,
        "category": filters.category,
        "owner__username": filters.owner,
        "model__slug": filters.model,
    }
    found = found.filter(**{name: value for name, value in exact.items() if value})
    if filters.review == "overdue":
        found = found.filter(review_on__lt=at.date())
    elif filters.review == "soon":
        found = found.filter(review_on__range=(at.date(), at.date() + SOON))
    if filters.level == "unrated":
        return found.filter(Q(residual_likelihood=None) | Q(inherent_likelihood=None))
    return found.filter(_of_level(filters.level, filters.view, scales)) if filters.level else found


def in_cell(found: QuerySet[Risk], view: str, cell: Rating | None) -> QuerySet[Risk]:
    """Those that stand in one cell of the heat map."""
    if cell is None:
        return found
    return found.filter(**{f"{view}_likelihood": cell[0], f"{view}_impact": cell[1]})


def _in_state(state: str, at: datetime) -> QuerySet[Risk]:
    everything = Risk.objects.all()
    if state == STANDING:
        return everything.exclude(state=RiskState.CLOSED)
    if state == "accepted":
        return everything.filter(state=RiskState.ACCEPTED, accepted_until__gt=at)
    if state == "expired":
        return everything.filter(state=RiskState.ACCEPTED, accepted_until__lte=at)
    return everything.filter(state=state) if state else everything


def _of_level(level: str, view: str, scales: RiskScales) -> Q:
    cells = [
        Q(**{f"{view}_likelihood": row, f"{view}_impact": column}) for row, column in scales.cells(level)
    ]
    return reduce(or_, cells) if cells else Q(pk=None)


@dataclass(frozen=True)
class Standing:
    """How many risks there are, and how many of them somebody has to do something about."""

    all: int
    unrated: int
    concerning: int  # high or critical after controls, and not accepted
    overdue: int
    high: int
    critical: int
    soon: int
    accepted: int
    expired: int

    @property
    def waiting(self) -> list[tuple[str, int, str, str]]:
        """What somebody has to look at: words, how many, the query that lists them, and the mark."""
        lines = [
            ("Not rated", self.unrated, "level=unrated", "todo"),
            ("Critical after controls", self.critical, "level=critical", "no"),
            ("High after controls", self.high, "level=high", "no"),
            ("Acceptance expired", self.expired, "state=expired", "stale"),
            ("Review overdue", self.overdue, "review=overdue", "stale"),
            ("Review within 14 days", self.soon, "review=soon", "half"),
            ("Accepted", self.accepted, "state=accepted", "waived"),
        ]
        return [line for line in lines if line[1]]

    @property
    def sentence(self) -> str:
        """`9 risks: 2 high or critical and not accepted, 1 not rated, 1 review overdue.`"""
        if not self.all:
            return "No risk stands in the register."
        parts = [
            (self.concerning, "high or critical and not accepted"),
            (self.unrated, "not rated"),
            (self.overdue, "overdue for review"),
        ]
        told = ", ".join(f"{count} {words}" for count, words in parts if count)
        noun = "risk" if self.all == 1 else "risks"
        return f"{self.all:,} {noun}: {told}." if told else f"{self.all:,} {noun}, none stands out."


def standing_of_risks(found: QuerySet[Risk], scales: RiskScales, *, at: datetime) -> Standing:
    """The counts in one query."""
    levels = {level: _of_level(level, "residual", scales) for level in CONCERNING}
    high = levels["high"] | levels["critical"]
    today = at.date()
    accepted = Q(state=RiskState.ACCEPTED, accepted_until__gt=at)
    standing = ~Q(state=RiskState.CLOSED)
    counted = found.order_by().aggregate(
        all=Count("pk"),
        unrated=Count("pk", filter=standing & (Q(residual_likelihood=None) | Q(inherent_likelihood=None))),
        concerning=Count("pk", filter=standing & high & ~accepted),
        overdue=Count("pk", filter=standing & Q(review_on__lt=today)),
        soon=Count("pk", filter=standing & Q(review_on__range=(today, today + SOON))),
        high=Count("pk", filter=standing & levels["high"]),
        critical=Count("pk", filter=standing & levels["critical"]),
        accepted=Count("pk", filter=accepted),
        expired=Count("pk", filter=Q(state=RiskState.ACCEPTED, accepted_until__lte=at)),
    )
    return Standing(**counted)


def offered(filters: RiskFilters, reader: User) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Name, label and options of each choice in the filter bar."""
    seen = Risk.objects.filter(seen_by(reader, "model")).order_by()
    owners = User.objects.filter(pk__in=seen.values("owner")).order_by("last_name", "first_name")
    models = RegisteredModel.objects.filter(pk__in=seen.values("model")).order_by("name")
    levels = [(level, level.capitalize()) for level in reversed(RISK_LEVELS)]
    return [
        ("state", "State", list(STATES.items())),
        (
            "level",
            "Inherent" if filters.view == "inherent" else "Residual",
            [*levels, ("unrated", "Not rated")],
        ),
        ("treatment", "Treatment", list(Treatment.choices)),
        ("review", "Review", list(REVIEWS.items())),
        ("owner", "Owner", [(user.username, user.name) for user in owners]),
        ("model", "Model", list(models.values_list("slug", "name"))),
        ("category", "Category", list(load_catalogue().categories.items())),
    ]
