"""The portfolio report: the whole inventory on one page for a board, what changed, and each model in a line.

It reads the inventory's own rows, brought up to date first, so that nothing is judged twice. Only what runs in
production in another version than the newest is judged for it.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from audit.checkpoints import newest_checkpoint
from audit.models import Checkpoint
from governance.deployments.queries import rows_of
from governance.portfolio.inventory import READ
from governance.portfolio.models import InventoryRow
from governance.portfolio.upkeep import caught_up
from governance.reports import facts
from governance.reports.board_changes import Changes, changes_since
from governance.reports.models import Report
from governance.reports.places import reports_folder
from governance.reports.queries import last_portfolio_report
from governance.reports.render import facts_of as facts_file
from registry.models import RUNNING, Deployment, Environment, Lifecycle
from riskreview.evidence import VERSION_RELATIONS
from riskreview.exceptions.queries import ExceptionFilters, break_glass, waivers
from riskreview.models import (
    OPEN_FINDINGS,
    BreakGlass,
    Finding,
    FindingOrigin,
    Review,
    ReviewKind,
    Waiver,
)
from riskreview.risks.queries import RiskFilters, Standing, risks, standing_of_risks
from riskreview.risks.rows import Shown, shown
from riskreview.risks.scales import current_scales

Say = Callable[[float, str], None]
MOST_LISTED = 300
"""Models that the pages list. All of them are in the attached JSON."""
TOP_RISKS = 12
BATCH = 100
TIERS = ("prohibited", "critical", "high", "moderate", "low", "")
STATUSES = ("rejected", "lapsed", "draft", "evaluating", "in_review", "approved", "")
"""Of the newest version, what needs somebody first; "" without a version or without a tier."""
MARKS = {
    "ok": "Allowed",
    "waived": "Allowed with a waiver",
    "glass": "Allowed by break-glass",
    "stale": "Denied, signatures stale",
    "no": "Denied",
    "error": "Denied, not judged",
}
INCIDENTS = (FindingOrigin.INCIDENT, FindingOrigin.BREAK_GLASS)


@dataclass(frozen=True)
class Line:
    """A model in the table. `alarm`: why what runs in production should not."""

    row: InventoryRow
    alarm: str = ""

    @property
    def badness(self) -> tuple[object, ...]:
        """What sorts it: running without approval, then exceptions, status, tier and name."""
        excepted = {"glass": 0, "waived": 1}.get(self.row.production, 2)
        return (
            not self.alarm,
            excepted,
            STATUSES.index(self.row.status),
            -self.row.tier_rank,
            self.row.name_key,
        )


@dataclass(frozen=True)
class Figure:
    """One number of the summary. `before`: as the last portfolio report told it, where there is one."""

    key: str
    label: str
    now: int
    before: int | None = None
    alarming: bool = False

    @property
    def moved(self) -> str:
        """How it moved since, with its sign."""
        if self.before is None:
            return ""
        step = self.now - self.before
        return f"+{step:,}" if step > 0 else f"−{-step:,}" if step else "±0"


@dataclass(frozen=True)
class Board:
    """Everything that a portfolio report tells. `lines` are all models in use, the worst first."""

    report: Report
    at: datetime
    since: datetime
    before: Mapping[str, int]
    lines: list[Line]
    retired: int
    overdue: list[Finding]
    incidents: list[Finding]
    late_reviews: list[Review]
    waivers: list[Waiver]
    break_glass: list[BreakGlass]
    risks: list[Shown]
    risk_standing: Standing
    changes: Changes
    checkpoint: Checkpoint | None

    @property
    def shown(self) -> list[Line]:
        """As many models as the pages list."""
        return self.lines[:MOST_LISTED]

    @property
    def alarms(self) -> list[Line]:
        """What runs in production and should not."""
        return [line for line in self.lines if line.alarm]

    @property
    def figures(self) -> list[Figure]:
        """The summary in numbers."""
        live = sum("production" in line.row.live_in for line in self.lines)
        unconfirmed = sum(not line.row.tier_confirmed for line in self.lines)
        told = [
            ("models", "Models in use", len(self.lines), False),
            ("production", "Running in production", live, False),
            ("unapproved", "Running in production without approval", len(self.alarms), True),
            ("unconfirmed", "Without a confirmed tier", unconfirmed, True),
            ("overdue_findings", "Findings overdue", len(self.overdue), True),
            ("late_reviews", "Revalidations overdue", len(self.late_reviews), True),
            ("waivers", "Waivers in force", len(self.waivers), False),
            ("break_glass", "Break-glass in force", len(self.break_glass), True),
            ("incidents", "Incidents open", len(self.incidents), True),
            ("risks", "High or critical risks, not accepted", self.risk_standing.concerning, True),
        ]
        return [
            Figure(key, label, now, self.before.get(key), alarming=alarming and now > 0)
            for key, label, now, alarming in told
        ]

    @property
    def matrix(self) -> list[tuple[str, list[int], int]]:
        """Tier, how many models have each of STATUSES, and their sum; tiers that no model has are left out."""
        counts = Counter((line.row.tier, line.row.status) for line in self.lines)
        found = [(tier, [counts[tier, status] for status in STATUSES]) for tier in TIERS]
        return [(tier, cells, sum(cells)) for tier, cells in found if any(cells)]

    @property
    def statuses(self) -> list[str]:
        """The columns of the matrix in words."""
        return [name.replace("_", " ").capitalize() if name else "No version" for name in STATUSES]

    @property
    def verdicts(self) -> list[tuple[str, list[int]]]:
        """Each answer of the gate, and for how many newest versions it is the answer in each environment."""
        counts = {
            name: Counter(getattr(line.row, name) for line in self.lines) for name in Environment.values
        }
        found = [
            (words, [counts[name][mark] for name in Environment.values]) for mark, words in MARKS.items()
        ]
        return [(words, cells) for words, cells in found if any(cells)]


def gather_board(report: Report, *, at: datetime, say: Say) -> Board:
    """Read the whole portfolio as it stands. `say` hears how far that is."""
    caught_up(
        at=at, after_each=lambda written: say(0.15, f"Bringing the inventory up to date, {written:,} models")
    )
    say(0.25, "Reading the inventory")
    rows = list(
        InventoryRow.objects.select_related("model__owner", "version").only(*READ, "model__lifecycle")
    )
    lines = sorted(_lines(rows, at, say), key=lambda line: line.badness)
    say(0.35, "Reading risks, findings and exceptions")
    scales, today = current_scales(), at.date()
    every = risks(RiskFilters(), scales, None, at=at)
    standing = Finding.objects.filter(state__in=OPEN_FINDINGS).order_by("due_on", "pk")
    standing = standing.select_related("model", "version__model", "owner")
    since = report.since or at
    return Board(
        report=report,
        at=at,
        since=since,
        before=_figures_before(report),
        lines=lines,
        retired=len(rows) - len(lines),
        overdue=list(standing.filter(due_on__lt=today)),
        incidents=list(standing.filter(origin__in=INCIDENTS)),
        late_reviews=_late_reviews(today),
        waivers=list(waivers(ExceptionFilters(view="live"), None, at=at)),
        break_glass=list(break_glass(ExceptionFilters(view="live"), None, at=at)),
        risks=shown(every.exclude(residual_likelihood=None)[:TOP_RISKS], scales, at=at),
        risk_standing=standing_of_risks(every, scales, at=at),
        changes=changes_since(since, at),
        checkpoint=newest_checkpoint(),
    )


def _figures_before(report: Report) -> dict[str, int]:
    """The figures of the last portfolio report, where the changes are told since that one."""
    last = last_portfolio_report(until=report.as_of)
    if last is None or last.as_of != report.since:
        return {}
    kept = facts_file(reports_folder() / last.file)
    return dict(json.loads(kept.read_text())["figures"]) if kept.is_file() else {}


def _late_reviews(today: date) -> list[Review]:
    """Periodic reviews past their date that still wait for somebody."""
    rows = Review.objects.filter(kind=ReviewKind.PERIODIC, closed_at=None, due_on__lt=today)
    rows = rows.select_related("version__model__owner").order_by("due_on", "pk")
    return [row for row in rows if row.answered_at is None]


def _lines(rows: Iterable[InventoryRow], at: datetime, say: Say) -> list[Line]:
    """The models in use, each with what is wrong with what runs of it in production."""
    running = Deployment.objects.filter(RUNNING, environment=Environment.PRODUCTION)
    running = running.select_related("version__model", *(f"version__{name}" for name in VERSION_RELATIONS))
    alarms, by_model = dict[int, str](), dict[int, list[Deployment]]()
    for row in running.order_by("-deployed_at", "-pk"):
        by_model.setdefault(row.version.model_id, []).append(row)
    newest = {row.model_id: row for row in rows}
    others: list[Deployment] = []
    for model, deployed in by_model.items():
        for row in deployed:
            listed = newest.get(model)
            if row.problem:
                alarms.setdefault(model, f"v{row.version.version} runs without a valid decision")
            elif listed is None or listed.version_id != row.version_id:
                others.append(row)
            elif listed.answer != "allow":
                alarms.setdefault(model, f"v{row.version.version} runs, and the gate denies it now")
    for start in range(0, len(others), BATCH):
        say(0.3, f"Judging older versions that run, {start:,} of {len(others):,}")
        for judged in rows_of(others[start : start + BATCH], at=at):
            if judged.denied:
                version = judged.deployment.version
                alarms.setdefault(version.model_id, f"v{version.version} runs, and the gate denies it now")
    used = [row for row in newest.values() if row.model.lifecycle != Lifecycle.RETIRED]
    return [Line(row, alarms.get(row.model_id, "")) for row in used]


def facts_of(board: Board) -> dict[str, Any]:
    """The same for machines, every model with it."""
    changes = board.changes
    return {
        **facts.about(board.report, at=board.at),
        "figures": {figure.key: figure.now for figure in board.figures},
        "retired": board.retired,
        "changes": dict(changes.counted),
        "matrix": {
            tier or "none": dict(zip((name or "none" for name in STATUSES), cells, strict=True))
            for tier, cells, _ in board.matrix
        },
        "models": [_line(line) for line in board.lines],
        "overdue_findings": [facts.finding(row) for row in board.overdue],
        "incidents": [facts.finding(row) for row in board.incidents],
        "waivers": [facts.waiver(row) for row in board.waivers],
        "break_glass": [facts.break_glass(row) for row in board.break_glass],
        "checkpoint": board.checkpoint.note if board.checkpoint else None,
    }


def _line(line: Line) -> dict[str, Any]:
    row = line.row
    return {
        "model": row.model.slug,
        "name": row.model.name,
        "owner": row.model.owner.username,
        "tier": row.tier or None,
        "tier_confirmed": row.tier_confirmed,
        "version": row.version.version if row.version else None,
        "status": row.status or None,
        "stage": row.stage,
        "answers": row.marks,
        "runs_in": row.live_in,
        "note": row.note,
        "alarm": line.alarm,
    }
