"""What a version was tested by, the worst results first, and what was not measured and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evaluations.kinds import FOR_PEOPLE
from evaluations.models import EvaluationKind, EvaluationRun, JobStatus
from evaluations.tiles import shown_of
from governance.reports.content import ORDER, Content, Evaluated
from policy.metrics import METRICS, NOT_FOR, label_of
from policy.words import KINDS, UNMEASURED
from riskreview.policies.packs import pack_of

WORST_GROUPS = 5


@dataclass(frozen=True)
class Figure:
    """One measured figure. `missed`: the policy asks for more."""

    label: str
    measured: Mapping[str, Any]
    convention: str
    missed: bool


@dataclass(frozen=True)
class Group:
    """A group of rows that does badly by one figure."""

    name: str
    rows: int
    measured: Mapping[str, Any]


@dataclass(frozen=True)
class Tested:
    """A run with what came of it: figures that miss what is asked first, its own checks that failed first."""

    item: Evaluated
    missed: tuple[str, ...]

    @property
    def run(self) -> EvaluationRun:
        """The run."""
        return self.item.run

    @property
    def figures(self) -> list[Figure]:
        """Every figure that could be computed; what is missed, then what tells most."""
        told = [name for name, measured in self._overall.items() if measured.get("value") is not None]
        telling = shown_of(self.run.kind)
        place = {name: number for number, name in enumerate([*self.missed, *telling])}
        conventions = self._result.get("conventions", {})
        return [
            Figure(label_of(name), self._overall[name], conventions.get(name, ""), name in self.missed)
            for name in sorted(told, key=lambda name: place.get(name, len(place)))
        ]

    @property
    def uncomputed(self) -> list[str]:
        """Figures that the run asked for and could not compute."""
        return [label_of(name) for name, row in self._overall.items() if row.get("value") is None]

    @property
    def failed(self) -> list[Mapping[str, Any]]:
        """The run's own checks that failed."""
        return [row for row in self._checks if row.get("passed") is False]

    @property
    def passed(self) -> int:
        """How many of its own checks passed."""
        return sum(row.get("passed") is True for row in self._checks)

    @property
    def unjudged(self) -> list[Mapping[str, Any]]:
        """The run's own checks that could not be judged."""
        return [row for row in self._checks if row.get("passed") is None]

    @property
    def notes(self) -> list[str]:
        """What the run says of its own limits."""
        return [str(note) for note in self._result.get("notes", ())]

    @property
    def ranked_by(self) -> str:
        """The figure by which groups are compared: one that is missed, else the most telling one."""
        known = {name for row in self._groups for name in row["metrics"]}
        told = [name for name in (*self.missed, *shown_of(self.run.kind)) if name in known]
        return next((name for name in told if name in METRICS and METRICS[name].better != "neither"), "")

    @property
    def ranked_label(self) -> str:
        """What people call that figure."""
        return label_of(self.ranked_by)

    @property
    def worst_groups(self) -> list[Group]:
        """The groups that do worst by it, the worst first."""
        name = self.ranked_by
        rows = [row for row in self._groups if (row["metrics"].get(name) or {}).get("value") is not None]
        rows.sort(key=lambda row: _badness(name, row["metrics"][name]["value"]), reverse=True)
        return [
            Group(
                ", ".join(f"{column} {value}" for column, value in row["by"].items()),
                row["n"],
                row["metrics"][name],
            )
            for row in rows[:WORST_GROUPS]
        ]

    @property
    def _result(self) -> Mapping[str, Any]:
        return self.run.result or {}

    @property
    def _overall(self) -> Mapping[str, Mapping[str, Any]]:
        return dict(self._result.get("overall", {}))

    @property
    def _checks(self) -> list[Mapping[str, Any]]:
        return list(self._result.get("checks", ()))

    @property
    def _groups(self) -> list[Mapping[str, Any]]:
        return list(self._result.get("groups", ()))


@dataclass(frozen=True)
class Untested:
    """A kind of evaluation without a result, and why."""

    kind: str
    why: str

    @property
    def label(self) -> str:
        """The kind in words."""
        return str(EvaluationKind(self.kind).label)


def tested(content: Content) -> list[Tested]:
    """The newest run of each kind: those that miss what the policy asks first, then those whose own checks failed."""
    missed: dict[int, list[str]] = {}
    for result in content.judged.verdict.requirements:
        for check in result.detail.get("checks", ()) if result.kind == "evaluation" else ():
            if not check["met"] and check["metric"] not in missed.setdefault(check["run"], []):
                missed[check["run"]].append(check["metric"])
    found = [Tested(item, tuple(missed.get(item.run.pk, ()))) for item in content.evaluations]
    return sorted(found, key=lambda one: (-len(one.missed), -len(one.failed), ORDER.index(one.run.kind)))


def untested(content: Content) -> list[Untested]:
    """Each kind of evaluation that has no result, with the policy's word on it, else what is known."""
    there = {item.run.kind for item in content.evaluations}
    lacking = [kind for kind in ORDER if kind not in {*there, *FOR_PEOPLE, EvaluationKind.CUSTOM}]
    asked, planned, failed = _asked(content), _planned(content), _failures(content)
    return [Untested(kind, _why(content, kind, asked, planned, failed)) for kind in lacking]


def _why(
    content: Content, kind: str, asked: Mapping[str, str], planned: set[str], failed: Mapping[str, str]
) -> str:
    use = content.version.model.kind
    if kind in asked:
        return asked[kind]
    if kind in failed:
        return failed[kind]
    if use in NOT_FOR.get(kind, ()) or use not in KINDS:
        return f"Nothing measures it for such a model: it is for {(KINDS | UNMEASURED).get(use, use)}."
    if kind in planned:
        return "The policy plans it for this tier, and nobody has run it."
    return "The policy does not ask for it at this tier, and nobody has run it."


def _asked(content: Content) -> dict[str, str]:
    """Kind → what the policy says of it, of those that it asks for here."""
    policy, verdict = content.judged.policy, content.judged.verdict
    if policy is None:
        return {}
    listed = pack_of(policy).environments.get(content.environment, {}).get(verdict.tier or "", ())
    reasons = {result.id: result.reason for result in verdict.requirements}
    return {item.evaluation: reasons[item.id] for item in listed if item.evaluation and item.id in reasons}


def _planned(content: Content) -> set[str]:
    policy, verdict = content.judged.policy, content.judged.verdict
    if policy is None:
        return set()
    rows = pack_of(policy).planned(verdict.tier or "", content.version.model.kind)
    return {row.evaluation for row in rows}


def _failures(content: Content) -> dict[str, str]:
    """Kind → how its newest run failed."""
    rows = EvaluationRun.objects.filter(version=content.version, status=JobStatus.FAILED)
    found: dict[str, str] = {}
    for run in rows.filter(finished_at__lte=content.at).only("kind", "failure").order_by("-pk"):
        found.setdefault(run.kind, f"Run {run.pk} failed: {run.failure.rstrip('.')}.")
    return found


def _badness(name: str, value: float) -> float:
    """How bad a value is, by which way the figure is better."""
    better = METRICS[name].better
    if better == "lower":
        return value
    if better in ("zero", "one"):
        return abs(value - (better == "one"))
    return -value
