"""The tiers of the portfolio: who answered and confirmed, what is due, and why."""

from calendar import monthrange
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db.models import Q, QuerySet

from accounts.models import User
from policy.questionnaire import Tier
from policy.words import listed
from registry.models import Environment, Lifecycle, RegisteredModel
from registry.sight import seen_by
from riskreview.models import TierAssessment
from riskreview.tiering.questionnaires import for_reading
from riskreview.tiering.retiering import newest_assessments, running
from riskreview.tiering.use import FIELDS, UseChange, changed_use, entry_moved

DAY = timedelta(days=1)
NOTICE = timedelta(days=30)
"""How long before its time is up a tier is called due."""

STATES = {
    "overdue": "Overdue",
    "changed": "Use changed",
    "redo": "Questionnaire changed",
    "due": "Due soon",
    "proposed": "To confirm",
    "none": "No answers",
    "ok": "Stands",
}
"""States of a model's tier, most urgent first, with their words."""
CHOICES = tuple(STATES.items())
SHAPES = {
    "overdue": "no",
    "changed": "stale",
    "redo": "stale",
    "due": "half",
    "proposed": "todo",
    "none": "todo",
    "ok": "ok",
}
OWNER = ("owner__first_name", "owner__last_name", "owner__username")
URGENCY = {state: place for place, state in enumerate(STATES)}


@dataclass(frozen=True)
class TierRow:
    """One model and where its tier stands. `due` is when somebody has to look at it again."""

    model: RegisteredModel
    assessment: TierAssessment | None
    changes: tuple[UseChange, ...]
    due: date | None
    state: str
    live: tuple[str, ...] = ()

    @property
    def tier(self) -> str:
        """The tier that counts; nothing without answers."""
        return self.assessment.tier if self.assessment else ""

    @property
    def words(self) -> str:
        """The state in words."""
        return STATES[self.state]

    @property
    def shape(self) -> str:
        """The shape of the state."""
        return SHAPES[self.state]

    @property
    def why(self) -> str:
        """What is to be done, and because of what."""
        row = self.assessment
        match self.state:
            case "none":
                return "The owner answers the questionnaire."
            case "proposed":
                return "A risk officer confirms it."
            case "changed":
                return f"Changed since it was confirmed: {listed(change.words for change in self.changes)}."
            case "redo":
                return f"The questionnaire in force would give {row.retier_to if row else ''}."
            case "overdue" if row and row.retier_by == self.due:
                return f"The questionnaire in force would give {row.retier_to}."
            case "overdue" | "due":
                return f"A tier of {self.tier} is looked at again after its time."
        return ""


class Answered(NamedTuple):
    """What counts of a model's newest answers, as plain values."""

    model_id: int
    computed_tier: str
    confirmed_tier: str
    confirmed_at: datetime | None
    retier_to: str
    retier_by: date | None

    @property
    def tier(self) -> str:
        """As TierAssessment.tier."""
        return self.confirmed_tier or self.computed_tier

    @property
    def is_confirmed(self) -> bool:
        """As TierAssessment.is_confirmed."""
        return bool(self.confirmed_tier)


class TierPlace(NamedTuple):
    """Where a model stands in the list of tiers, without its row."""

    model: int
    name: str
    words: str
    tier: str
    state: str
    due: date | None


def due_on(assessment: TierAssessment | Answered, months: Mapping[str, int]) -> date | None:
    """When a confirmed tier has stood as long as its kind may; None where it does not run out."""
    if assessment.confirmed_at is None or assessment.confirmed_tier not in months:
        return None
    return months_after(assessment.confirmed_at.date(), months[assessment.confirmed_tier])


def months_after(day: date, months: int) -> date:
    """The same day of the month so many months later, or the last one where that month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def review_needed(
    assessment: TierAssessment, changes: Sequence[UseChange], months: Mapping[str, int], at: datetime
) -> bool:
    """Whether something asks to confirm the very same tier again: the use changed, or its time is nearly up."""
    due = due_on(assessment, months)
    return bool(changes) or (due is not None and due <= at.date() + NOTICE)


def standing_of(
    model: RegisteredModel, assessment: TierAssessment | None, months: Mapping[str, int], at: datetime
) -> TierRow:
    """Where the tier of one model stands at a moment."""
    if assessment is None:
        return TierRow(model, None, (), None, "none")
    changes = changed_use(assessment.use, model)
    due = _due(assessment, months)
    return TierRow(model, assessment, changes, due, _state(assessment, bool(changes), due, at.date()))


def _due(assessment: TierAssessment | Answered, months: Mapping[str, int]) -> date | None:
    dates = [found for found in (due_on(assessment, months), assessment.retier_by) if found]
    return min(dates, default=None)


def _state(assessment: TierAssessment | Answered, changed: bool, due: date | None, today: date) -> str:
    if not assessment.is_confirmed:
        return "proposed"
    if assessment.tier == Tier.PROHIBITED:
        return "ok"
    if due is not None and due < today:
        return "overdue"
    if changed:
        return "changed"
    if assessment.retier_to:
        return "redo"
    return "due" if due is not None and due <= today + NOTICE else "ok"


def tier_places(at: datetime, reader: User | None) -> list[TierPlace]:
    """Every model that is not retired and that the reader may see, most urgent first: light enough for a portfolio."""
    months, today = for_reading().months, at.date()
    rows, newest = (
        RegisteredModel.objects.filter(seen_by(reader)).exclude(lifecycle=Lifecycle.RETIRED),
        newest_assessments(),
    )
    answered = {row[0]: Answered(*row) for row in newest.order_by().values_list(*Answered._fields)}
    moved = _moved(newest)
    found = []
    for pk, name, *words in rows.order_by().values_list("pk", "name", "slug", *OWNER):
        given, told = answered.get(pk), " ".join((name, *words))
        if given is None:
            found.append(TierPlace(pk, name, told, "", "none", None))
            continue
        due = _due(given, months)
        state = _state(given, pk in moved, due, today)
        found.append(TierPlace(pk, name, told, given.tier, state, due))
    return sorted(found, key=lambda row: (URGENCY[row.state], row.due or date.max, row.name))


def _moved(newest: QuerySet[TierAssessment]) -> set[int]:
    """The models whose use changed. The database leaves out those whose entry says, letter by letter, the same."""
    rows = newest.filter(entry_moved(), use__isnull=False).select_related(None).select_related("model")
    needed = rows.only("use", *(f"model__{name}" for name in FIELDS))
    return {row.model_id for row in needed.order_by() if changed_use(row.use, row.model)}


def waiting_models(at: datetime, models: Collection[int] | None = None) -> set[int]:
    """The models, or those of these, whose answers may wait for somebody: those that surely stand are left out."""
    newest = newest_assessments().select_related(None).order_by()
    if models is not None:
        newest = newest.filter(model__in=models)
    asked = Q(confirmed_tier="") | ~Q(retier_to="")
    for tier, months in for_reading().months.items():
        shortest = timedelta(days=28 * months)
        asked |= Q(confirmed_tier=tier, confirmed_at__lte=at + NOTICE + DAY - shortest)
    return {*newest.filter(asked).values_list("model_id", flat=True), *_moved(newest)}


def tier_rows(at: datetime, reader: User | None, models: Collection[int] | None = None) -> list[TierRow]:
    """Every model that is not retired and that the reader may see, or these of them, most urgent first."""
    months = for_reading().months
    wanted = RegisteredModel.objects.filter(seen_by(reader)).exclude(lifecycle=Lifecycle.RETIRED)
    wanted = wanted.select_related("owner")
    people = newest_assessments().select_related(None).select_related("assessed_by", "confirmed_by")
    if models is not None:
        wanted, people = wanted.filter(pk__in=models), people.filter(model__in=models)
    answered = {row.model_id: row for row in people.order_by()}
    rows = [standing_of(model, answered.get(model.pk), months, at) for model in wanted]
    return sorted(rows, key=lambda row: (URGENCY[row.state], row.due or date.max, row.model.name))


def with_live(rows: Sequence[TierRow]) -> list[TierRow]:
    """The same rows with the environments where their models run."""
    live = running({row.model.pk for row in rows})
    places = {
        model: tuple(
            label
            for name, label in reversed(Environment.choices)
            if name in {one.environment for one in found}
        )
        for model, found in live.items()
    }
    return [replace(row, live=places.get(row.model.pk, ())) for row in rows]
