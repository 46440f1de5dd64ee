"""What the gate was asked and answered in a period: how often, why not, and by which exceptions."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from accounts.refusals import Invalid
from audit.checkpoints import newest_checkpoint
from audit.models import Checkpoint, Event
from audit.verbs import Verb
from evaluations.charts import Chart
from governance.gate.models import GateDecision
from governance.reports import facts
from governance.reports.content import break_glass_told, told, waivers_told
from governance.reports.gate_chart import by_day
from governance.reports.models import Report
from registry.models import Environment
from riskreview.models import BreakGlass, Waiver

MOST_DECISIONS = 10_000
DENIALS_TOLD = 300
REASONS_TOLD = 15
RULES = (Verb.POLICY_ACTIVATED, Verb.POLICY_ACTIVATED_ALONE)


@dataclass(frozen=True)
class Row:
    """One line of a count: how often allowed by policy, with a waiver, by break-glass, denied."""

    name: str
    allowed: int = 0
    waived: int = 0
    broken: int = 0
    denied: int = 0

    @property
    def total(self) -> int:
        """All answers."""
        return self.allowed + self.waived + self.broken + self.denied


@dataclass(frozen=True)
class GateActivity:
    """Everything that the report of a period tells. `decisions`, oldest first, hold no dry runs."""

    report: Report
    at: datetime
    since: datetime
    decisions: list[GateDecision]
    dry_runs: list[GateDecision]
    by_environment: list[Row]
    by_model: list[Row]
    by_asker: list[Row]
    reasons: list[tuple[str, int]]
    chart: Chart | None
    waivers: list[Waiver]
    break_glass: list[BreakGlass]
    events: list[tuple[Event, str, str]]
    checkpoint: Checkpoint | None

    @property
    def total(self) -> Row:
        """All of it in one line."""
        return _row("All", self.decisions)

    @property
    def denials(self) -> list[GateDecision]:
        """The newest ones first, as many as the pages tell."""
        return [row for row in reversed(self.decisions) if row.decision == "deny"][:DENIALS_TOLD]

    @property
    def excepted(self) -> list[GateDecision]:
        """What was let through although the policy alone would not have."""
        return [row for row in self.decisions if row.decision == "allow" and row.basis != "policy"]


def gather(report: Report, *, at: datetime) -> GateActivity:
    """Read what the gate did from `report.since` until `at`. Raises Invalid when a report cannot hold it."""
    since = report.since or at
    asked = decisions_of(report, at)
    if asked.count() > MOST_DECISIONS:
        raise Invalid(
            f"The gate answered more than {MOST_DECISIONS:,} times in this period.",
            "Choose a shorter one, or one environment.",
        )
    rows = list(
        asked.select_related("version__model", "policy").defer("attestation", "context", "components")
    )
    decisions = [row for row in rows if not row.dry_run]
    return GateActivity(
        report=report,
        at=at,
        since=since,
        decisions=decisions,
        dry_runs=[row for row in rows if row.dry_run],
        by_environment=[
            _row(label, [row for row in decisions if row.environment == name])
            for name, label in Environment.choices
            if report.environment in ("", name)
        ],
        by_model=_counted((row.version.model.name, row) for row in decisions),
        by_asker=_counted((row.asker_name, row) for row in decisions),
        reasons=Counter(item["title"] for row in decisions for item in row.unmet).most_common(REASONS_TOLD),
        chart=by_day([_row(day.isoformat(), on) for day, on in _days(since, at, decisions)], "gate-days"),
        waivers=list(_waivers(report, since, at)),
        break_glass=list(_break_glass(report, since, at)),
        events=told(_rules(since, at)),
        checkpoint=newest_checkpoint(),
    )


def decisions_of(report: Report, until: datetime) -> QuerySet[GateDecision]:
    """The answers of the report's period, oldest first."""
    rows = GateDecision.objects.filter(decided_at__gte=report.since, decided_at__lt=until)
    rows = rows.filter(environment=report.environment) if report.environment else rows
    return rows.order_by("decided_at", "pk")


def _row(name: str, decisions: Sequence[GateDecision]) -> Row:
    answers = Counter("denied" if row.decision == "deny" else row.basis for row in decisions)
    return Row(name, answers["policy"], answers["waiver"], answers["break_glass"], answers["denied"])


def _counted(named: Iterable[tuple[str, GateDecision]]) -> list[Row]:
    """A line for each name, the one with the most denials first."""
    found: dict[str, list[GateDecision]] = {}
    for name, row in named:
        found.setdefault(name, []).append(row)
    rows = [_row(name, mine) for name, mine in found.items()]
    return sorted(rows, key=lambda row: (-row.denied, -row.total, row.name))


def _days(
    since: datetime, until: datetime, decisions: Iterable[GateDecision]
) -> list[tuple[date, list[GateDecision]]]:
    """Each day of the period in UTC with its answers, the quiet ones too."""
    found: dict[date, list[GateDecision]] = {}
    day, last = since.astimezone(UTC).date(), (until - timedelta(microseconds=1)).astimezone(UTC).date()
    while day <= last:
        found[day] = []
        day += timedelta(days=1)
    for row in decisions:
        found[row.decided_at.astimezone(UTC).date()].append(row)
    return list(found.items())


def _waivers(report: Report, since: datetime, until: datetime) -> QuerySet[Waiver]:
    """What held at some time of the period, or was asked for in it."""
    asked = Q(requested_at__gte=since, requested_at__lt=until)
    held = Q(granted_at__lt=until, last_day__gte=since.date()) & (Q(ended_at=None) | Q(ended_at__gte=since))
    rows = Waiver.objects.filter(asked | held)
    rows = rows.filter(environment=report.environment) if report.environment else rows
    return waivers_told(rows)


def _break_glass(report: Report, since: datetime, until: datetime) -> QuerySet[BreakGlass]:
    asked = Q(requested_at__gte=since, requested_at__lt=until)
    rows = BreakGlass.objects.filter(asked | Q(began_at__lt=until, ends_at__gte=since))
    rows = rows.filter(environment=report.environment) if report.environment else rows
    return break_glass_told(rows)


def _rules(since: datetime, until: datetime) -> list[Event]:
    """The policies that came into force, newest first."""
    rows = Event.objects.filter(verb__in=RULES, at__gte=since, at__lt=until)
    return list(rows.select_related("entry").order_by("-at", "-id"))


def facts_of(activity: GateActivity) -> dict[str, Any]:
    """The same for machines: every decision of the period, dry runs too."""
    rows = sorted([*activity.decisions, *activity.dry_runs], key=lambda row: (row.decided_at, str(row.pk)))
    return {
        **facts.about(activity.report, at=activity.at),
        "counts": {row.name: _numbers(row) for row in (activity.total, *activity.by_environment)},
        "reasons": [{"requirement": title, "denials": number} for title, number in activity.reasons],
        "decisions": [_decision(row) for row in rows],
        "waivers": [facts.waiver(row) for row in activity.waivers],
        "break_glass": [facts.break_glass(row) for row in activity.break_glass],
        "checkpoint": activity.checkpoint.note if activity.checkpoint else None,
    }


def _numbers(row: Row) -> dict[str, int]:
    return {"allow": row.allowed, "waiver": row.waived, "break_glass": row.broken, "deny": row.denied}


def _decision(row: GateDecision) -> dict[str, Any]:
    return {
        "id": row.id,
        "model": row.version.model.slug,
        "version": row.version.version,
        "environment": row.environment,
        "decision": row.decision,
        "basis": row.basis,
        "tier": row.tier,
        "dry_run": row.dry_run,
        "at": row.decided_at,
        "asked_by": row.asked_by,
        "policy": row.policy.digest if row.policy else None,
        "evidence_digest": row.evidence_digest,
        "unmet": [item["id"] for item in row.unmet],
    }
