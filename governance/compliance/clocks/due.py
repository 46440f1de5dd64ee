"""What is due for models by the clocks of the frameworks that apply to them, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

from django.db.models import Min, QuerySet
from django.urls import reverse

from governance.compliance.clocks.clock import Clock, clocks, shortest_of_incidents
from governance.compliance.coverage import SETTLED
from governance.compliance.framework import Framework
from governance.compliance.library import frameworks
from governance.compliance.models import BiasAudit, Conclusion, OutsideEvidence
from governance.compliance.queries import conclusions_of
from governance.compliance.reach import reached
from registry.models import Deployment, DeploymentStatus, Environment, RegisteredModel
from riskreview.models import Finding, FindingOrigin

SOON = timedelta(days=30)
STATES = {
    "overdue": ("no", "Overdue"),
    "soon": ("stale", "Due within 30 days"),
    "running": ("half", "Running"),
    "unknown": ("draft", "Start not on record"),
    "not_yet": ("na", "Does not hold yet"),
    "idle": ("na", "Not running"),
}
"""State → shape and word, what needs somebody first."""
DATED = ("overdue", "soon")


@dataclass(frozen=True)
class Due:
    """One clock for one model. `start` and `until` are None where the record holds no start; `said` says why."""

    clock: Clock
    framework: Framework
    model: RegisteredModel
    state: str
    said: str
    start: date | None = None
    until: date | None = None
    about: str = ""  # which incident or document started it
    href: str = ""

    @property
    def shape(self) -> str:
        """The shape of its state."""
        return STATES[self.state][0]

    @property
    def word(self) -> str:
        """Its state in words."""
        return STATES[self.state][1]


@dataclass(frozen=True)
class Start:
    """Something in the record that starts clocks. `over`: it needs nobody any more."""

    on: date
    about: str
    href: str
    over: bool = False
    kinds: tuple[str, ...] | None = None  # of an incident: what it led to; None: nobody has said


@dataclass
class Starts:
    """What starts clocks, by model."""

    bias_audit: dict[int, list[Start]] = field(default_factory=lambda: defaultdict(list))
    incident: dict[int, list[Start]] = field(default_factory=lambda: defaultdict(list))
    impact_assessment: dict[int, list[Start]] = field(default_factory=lambda: defaultdict(list))
    first_use: dict[int, list[Start]] = field(default_factory=lambda: defaultdict(list))
    last_use: dict[int, list[Start]] = field(default_factory=lambda: defaultdict(list))
    in_use: set[int] = field(default_factory=set)

    @property
    def known(self) -> set[int]:
        """The models of which there is anything."""
        dated = (self.bias_audit, self.incident, self.impact_assessment, self.first_use, self.last_use)
        return self.in_use.union(*dated)

    def of(self, name: str, model: RegisteredModel) -> list[Start]:
        """What starts clocks of this name for a model."""
        found: Mapping[int, list[Start]] = getattr(self, name, {})
        return found.get(model.pk, [])


class DuePlace(NamedTuple):
    """Where a row stands in the list; `row` only where the record holds something that starts a clock."""

    state: int
    until: date
    name: str
    model: int
    clock: Clock
    row: Due | None


def due_of(models: QuerySet[RegisteredModel], *, today: date) -> list[Due]:
    """Every clock of every framework that applies to these models; what needs somebody first."""
    return rows_at(due_places(models, today=today))


def due_places(models: QuerySet[RegisteredModel], *, today: date) -> list[DuePlace]:
    """The places of `due_of`, light enough for all of a portfolio at once.

    Most models have nothing on record that starts a clock: what is said of those follows from the frameworks alone.
    """
    timed = timed_frameworks()
    under = {pk: names for pk, names in reached(models, timed) if names}
    starts, plain = starts_of(models), cache(_states_without_start)
    found: list[DuePlace] = []
    for pk, name in models.values_list("pk", "name"):
        if pk in under and pk not in starts.known:
            found += [DuePlace(state, date.max, name, pk, clock, None) for state, clock in plain(under[pk])]
    order = list(STATES)
    for row in _started({pk: under[pk] for pk in starts.known if pk in under}, starts, today):
        place = order.index(row.state), row.until or date.max, row.model.name, row.model.pk
        found.append(DuePlace(*place, row.clock, row))
    return sorted(found, key=lambda row: row[:3])


def rows_at(places: Sequence[DuePlace]) -> list[Due]:
    """The rows of these places."""
    timed, nothing = timed_frameworks(), Starts()
    models = RegisteredModel.objects.in_bulk({place.model for place in places if place.row is None})
    return [
        place.row or _without_start(place.clock, timed[place.clock.framework], models[place.model], nothing)
        for place in places
    ]


def _states_without_start(names: frozenset[str]) -> list[tuple[int, Clock]]:
    """The clocks of these frameworks, each with its state where nothing started it."""
    timed, order, nobody = timed_frameworks(), list(STATES), RegisteredModel(slug="any")
    held = [clock for clock in clocks().values() if clock.framework in names]
    rows = [_without_start(clock, timed[clock.framework], nobody, Starts()) for clock in held]
    return [(order.index(row.state), row.clock) for row in rows]


def _started(under: Mapping[int, frozenset[str]], starts: Starts, today: date) -> Iterator[Due]:
    """The rows of models with something on record that starts clocks."""
    timed, concluded = timed_frameworks(), conclusions_of(list(under))
    rows = RegisteredModel.objects.in_bulk(list(under))
    for pk, names in under.items():
        for clock in clocks().values():
            if clock.framework in names:
                said = concluded.get((pk, clock.framework), {}).get(clock.control)
                for row in _told(clock, timed[clock.framework], rows[pk], starts, today):
                    yield _settled(row, said, today)


def timed_frameworks() -> dict[str, Framework]:
    """Those in use that set any period."""
    known = frameworks()
    names = dict.fromkeys(clock.framework for clock in clocks().values())
    return {name: known[name] for name in names if name in known}


def starts_of(models: QuerySet[RegisteredModel]) -> Starts:
    """What the record holds that starts a clock of these models."""
    found = Starts()
    for audit in BiasAudit.objects.filter(model__in=models, withdrawn_at=None).select_related("model"):
        href = reverse("compliance:bias_audit", args=[audit.model.slug])
        if audit.model_id not in found.bias_audit:
            found.bias_audit[audit.model_id].append(
                Start(audit.audited_on, f"audit by {audit.auditor}", href)
            )
    for finding in Finding.objects.filter(model__in=models, origin=FindingOrigin.INCIDENT):
        href = reverse("riskreview:finding", args=[finding.pk])
        kinds = None if finding.incident_kinds is None else tuple(finding.incident_kinds)
        start = Start(finding.aware_on, str(finding), href, finding.ended_at is not None, kinds)
        found.incident[finding.model_id].append(start)
    rows = OutsideEvidence.objects.filter(model__in=models, kind="risk.impact_assessment", detached_at=None)
    for row in rows.select_related("model"):
        if row.model is not None and row.model.pk not in found.impact_assessment:
            href = reverse("compliance:model", args=[row.model.slug])
            found.impact_assessment[row.model.pk].append(Start(row.attached_at.date(), row.title, href))
    _uses(models, found)
    return found


def _uses(models: QuerySet[RegisteredModel], found: Starts) -> None:
    ran = Deployment.objects.filter(version__model__in=models, environment=Environment.PRODUCTION).exclude(
        status__in=[DeploymentStatus.FAILED, DeploymentStatus.STARTED]
    )
    for model, on in ran.values_list("version__model").annotate(on=Min("deployed_at")).order_by():
        found.first_use[model].append(Start(on.date(), "first deployment to production", ""))
    for model, ended in ran.order_by("deployed_at").values_list("version__model", "ended_at"):
        if ended is None:
            found.in_use.add(model)
        else:
            found.last_use[model] = [Start(ended.date(), "last deployment to production that ended", "")]


def _told(
    clock: Clock, framework: Framework, model: RegisteredModel, starts: Starts, today: date
) -> Iterator[Due]:
    given = [start for start in starts.of(clock.starts, model) if _counts(clock, start)]
    if clock.starts == "last_use" and model.pk in starts.in_use:
        yield Due(clock, framework, model, "idle", "It runs in production, so the period has not begun.")
    elif not given:
        yield _without_start(clock, framework, model, starts)
    for start in given:
        if clock.starts != "last_use" or model.pk not in starts.in_use:
            yield _running(clock, framework, model, start, today)


def _counts(clock: Clock, start: Start) -> bool:
    """Whether this starts the clock: an incident of its kind, or of no kind yet where it is the shortest clock."""
    if clock.starts != "incident":
        return True
    if start.kinds is None:
        return clock == shortest_of_incidents(clock.framework)
    return not set(clock.of).isdisjoint(start.kinds)


def _settled(row: Due, said: Conclusion | None, today: date) -> Due:
    """A deadline needs nobody once somebody concluded, after its start, that it is met or does not apply."""
    if said is None or row.start is None or row.clock.kind != "deadline" or said.verdict not in SETTLED:
        return row
    if said.at.date() < row.start or (said.until is not None and said.until < today):
        return row
    told = f"{said.by.name} concluded on {said.at:%Y-%m-%d}: {said.get_verdict_display().lower()}."
    return replace(row, state="idle", said=told)


def _without_start(clock: Clock, framework: Framework, model: RegisteredModel, starts: Starts) -> Due:
    if clock.starts == "incident":
        return Due(clock, framework, model, "idle", _no_incident(clock, starts.of("incident", model)))
    if clock.starts in ("first_use", "last_use"):
        return Due(clock, framework, model, "idle", "No deployment to production is on record.")
    if clock.starts == "bias_audit":
        used = model.pk in starts.in_use
        said = (
            "It runs in production without a bias audit on record." if used else "No bias audit is on record."
        )
        href = reverse("compliance:bias_audit", args=[model.slug])
        return Due(clock, framework, model, "unknown", said, href=href)
    return Due(clock, framework, model, "unknown", clock.said)


def _no_incident(clock: Clock, incidents: Sequence[Start]) -> str:
    """Why no incident runs this clock."""
    shortest = shortest_of_incidents(clock.framework)
    if shortest is not None and any(start.kinds is None and not start.over for start in incidents):
        return f"What an incident led to is not on record, so the shortest period ({shortest.period}) counts for it."
    return "No incident of this kind is on record." if incidents else "No incident is on record."


def _running(clock: Clock, framework: Framework, model: RegisteredModel, start: Start, today: date) -> Due:
    until, holds = clock.period.after(start.on), clock.holds_from(framework)
    why = clock.said
    if clock.starts == "incident" and start.kinds is None:
        why = f"What it led to is not on record, so the shortest period counts. {why}"
    if start.over:
        state = "idle"
        said = "The finding ended. Whether and when an authority was told is not on record."
    elif holds is not None and today < holds:
        state, said = "not_yet", f"The duty holds from {holds.isoformat()} on. {why}"
    elif clock.kind == "retention":
        state, said = ("idle" if until < today else "running"), why
    else:
        state = "overdue" if until < today else "soon" if until <= today + SOON else "running"
        said = why
    return Due(clock, framework, model, state, said, start.on, until, start.about, start.href)
