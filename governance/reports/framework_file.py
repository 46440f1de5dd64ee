"""The framework report: what a control framework is, to which models it applies, and how each control stands.

What evidence the record holds and what a person concluded are told side by side and never added up: that something is
there does not say that a control is met.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from accounts.refusals import Invalid
from audit.checkpoints import newest_checkpoint
from audit.models import Checkpoint
from governance.compliance.coverage import STATES, Standing
from governance.compliance.framework import Control, Framework
from governance.compliance.library import frameworks
from governance.compliance.models import Conclusion, Gap, Scoping
from governance.compliance.queries import ModelCoverage, coverage_of, programme_coverage
from governance.reports import facts
from governance.reports.board import Say
from governance.reports.models import Report
from registry.models import Lifecycle, RegisteredModel

BATCH = 50
MOST_LISTED = 200
"""Models that the pages list. All of them are in the attached JSON."""
CONCLUDED = ("not_satisfied", "partly", "outdated", "satisfied", "not_applicable")
"""States that rest on somebody's conclusion."""


@dataclass(frozen=True)
class Covered:
    """A model to which the framework applies, and how its controls stand for it."""

    model: RegisteredModel
    version: str
    why: str
    decided: Scoping | None
    standings: list[Standing]

    @property
    def complete(self) -> int:
        """Controls of which every kind of evidence is there."""
        return sum(bool(row.held) and not row.lacks for row in self.standings)

    @property
    def counts(self) -> list[int]:
        """How many controls have each of CONCLUDED."""
        found = Counter(row.state for row in self.standings)
        return [found[state] for state in CONCLUDED]

    @property
    def silent(self) -> int:
        """Controls on which nobody has concluded."""
        return sum(row.conclusion is None for row in self.standings)

    @property
    def badness(self) -> tuple[object, ...]:
        """What sorts it: controls not satisfied, then outdated, then not concluded, then evidence missing."""
        counts = self.counts
        return (-counts[0], -counts[1], -counts[2], -self.silent, self.complete, self.model.name)


@dataclass(frozen=True)
class ControlLine:
    """A control over all the models: evidence and conclusions, each counted for itself."""

    control: Control
    standings: Sequence[Standing]
    states: tuple[str, ...]  # of conclusions, those that are counted

    @property
    def complete(self) -> int:
        """Models of which every kind of evidence is there."""
        return sum(bool(row.held) and not row.lacks for row in self.standings)

    @property
    def partial(self) -> int:
        """Models of which some kinds are there."""
        return sum(bool(row.lacks) and row.present > 0 for row in self.standings)

    @property
    def counts(self) -> list[int]:
        """For how many models it is each of `states`."""
        found = Counter(row.state for row in self.standings)
        return [found[state] for state in self.states]

    @property
    def silent(self) -> int:
        """Models on which nobody has concluded."""
        return sum(row.conclusion is None for row in self.standings)


@dataclass(frozen=True)
class FrameworkFile:
    """Everything that a framework report tells. `spared`: models to which it does not apply, and why."""

    report: Report
    at: datetime
    framework: Framework
    followed: Scoping | None
    covered: list[Covered]
    spared: list[tuple[RegisteredModel, str]]
    programme: list[Standing]
    checkpoint: Checkpoint | None

    @property
    def today(self) -> date:
        """The day that it tells of."""
        return self.at.date()

    @property
    def only(self) -> Covered | None:
        """The one model that it was asked about, where it applies to that."""
        return self.covered[0] if self.report.model and self.covered else None

    @property
    def shown(self) -> list[Covered]:
        """As many models as the pages list."""
        return self.covered[:MOST_LISTED]

    @property
    def concluded(self) -> list[str]:
        """The columns of conclusions in words."""
        return [STATES[state][1] for state in self._occurring]

    @property
    def columns(self) -> int:
        """How many columns the table of controls has."""
        return len(self._occurring) + 4

    @cached_property
    def _occurring(self) -> tuple[str, ...]:
        there = {row.state for one in self.covered for row in one.standings}
        return tuple(state for state in CONCLUDED if state in there)

    @cached_property
    def by_group(self) -> list[tuple[str, list[ControlLine]]]:
        """The model-level controls under the framework's own headings, over all the models."""
        standings: dict[str, list[Standing]] = {}
        for one in self.covered:
            for row in one.standings:
                standings.setdefault(row.control.id, []).append(row)
        lines = [
            ControlLine(one, standings.get(one.id, ()), self._occurring)
            for one in self.framework.of_level("model")
        ]
        found = [
            (group.title, [line for line in lines if line.control.group == group.id])
            for group in self.framework.groups
        ]
        return [(title, mine) for title, mine in found if mine]

    @property
    def groups_of_one(self) -> list[tuple[str, list[Standing]]]:
        """The same for the one model."""
        return self._grouped(self.only.standings if self.only else ())

    @property
    def programme_groups(self) -> list[tuple[str, list[Standing]]]:
        """The organisation's own controls under the framework's headings."""
        return self._grouped(self.programme)

    @property
    def gaps(self) -> list[tuple[Gap, RegisteredModel | None]]:
        """What somebody has to close, what is due first."""
        found: list[tuple[Gap, RegisteredModel | None]] = [
            (row.gap, one.model) for one in self.covered for row in one.standings if row.gap
        ]
        found += [(row.gap, None) for row in self.programme if row.gap]
        return sorted(found, key=lambda pair: (pair[0].due_on, pair[0].pk))

    @property
    def concluded_on(self) -> int:
        """Conclusions that count, of models and of the organisation."""
        return sum(row.conclusion is not None and not row.outdated for row in self._standings)

    @property
    def outdated(self) -> int:
        """Conclusions that no longer count."""
        return sum(bool(row.outdated) for row in self._standings)

    @property
    def _standings(self) -> list[Standing]:
        return [*self.programme, *(row for one in self.covered for row in one.standings)]

    def _grouped(self, standings: Sequence[Standing]) -> list[tuple[str, list[Standing]]]:
        found = [
            (group.title, [row for row in standings if row.control.group == group.id])
            for group in self.framework.groups
        ]
        return [(title, mine) for title, mine in found if mine]


def gather_framework(report: Report, *, at: datetime, say: Say) -> FrameworkFile:
    """Read how a framework stands now. Raises Invalid when it is gone."""
    framework = frameworks().get(report.framework)
    if framework is None:
        raise Invalid(f"There is no framework {report.framework} any more.", "Choose another one.")
    models = RegisteredModel.objects.exclude(lifecycle=Lifecycle.RETIRED)
    if report.model is not None:
        models = RegisteredModel.objects.filter(pk=report.model.pk)
    chosen = list(models.select_related("owner").order_by("name", "pk"))
    rows: list[ModelCoverage] = []
    for start in range(0, len(chosen), BATCH):
        say(0.1 + 0.25 * start / len(chosen), f"Reading the evidence of {start:,} of {len(chosen):,} models")
        batch = chosen[start : start + BATCH]
        rows += coverage_of(batch, today=at.date(), known={framework.id: framework})
    applies = {row.model.pk: row.applicable[framework.id] for row in rows}
    covered = [
        Covered(
            row.model,
            row.record.version.version if row.record.version else "",
            applies[row.model.pk].why,
            applies[row.model.pk].decided,
            row.standings[framework.id],
        )
        for row in rows
        if applies[row.model.pk].applies
    ]
    programme = programme_coverage(today=at.date())
    return FrameworkFile(
        report=report,
        at=at,
        framework=framework,
        followed=programme.followed.get(framework.id),
        covered=sorted(covered, key=lambda one: one.badness),
        spared=[(row.model, applies[row.model.pk].why) for row in rows if not applies[row.model.pk].applies],
        programme=list(programme.standings.get(framework.id, ())),
        checkpoint=newest_checkpoint(),
    )


def facts_of(file: FrameworkFile) -> dict[str, Any]:
    """The same for machines; each conclusion as the log knows it."""
    framework = file.framework
    return {
        **facts.about(file.report, at=file.at),
        "name": framework.name,
        "framework_version": framework.version,
        "framework_digest": framework.digest,
        "state": framework.state,
        "confidence": framework.confidence,
        "dates": [{"what": row.what, "applies": row.applies, "sure": row.sure} for row in framework.dates],
        "followed": file.followed.stance if file.followed else None,
        "models": [
            {
                "model": one.model.slug,
                "version": one.version,
                "why": one.why,
                "controls": [_standing(row) for row in one.standings],
            }
            for one in file.covered
        ],
        "does_not_apply": [{"model": model.slug, "why": why} for model, why in file.spared],
        "programme": [_standing(row) for row in file.programme],
        "gaps": [_gap(gap, model) for gap, model in file.gaps],
        "checkpoint": file.checkpoint.note if file.checkpoint else None,
    }


def _standing(row: Standing) -> dict[str, Any]:
    return {
        "control": row.control.id,
        "evidence": {held.kind: held.state for held in row.held},
        "conclusion": _conclusion(row.conclusion) if row.conclusion else None,
        "outdated": list(row.outdated),
    }


def _conclusion(row: Conclusion) -> dict[str, Any]:
    return {
        "verdict": row.verdict,
        "rationale": row.rationale,
        "by": row.by.username,
        "at": row.at,
        "until": row.until.isoformat() if row.until else None,
    }


def _gap(gap: Gap, model: RegisteredModel | None) -> dict[str, Any]:
    return {
        "id": gap.pk,
        "control": gap.control,
        "model": model.slug if model else None,
        "lacks": gap.lacks,
        "owner": gap.owner.username,
        "due_on": gap.due_on.isoformat(),
    }
