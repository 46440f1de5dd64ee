"""How each control stands: what evidence there is, what is missing, and what a person concluded."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from governance.compliance.evidence_kinds import kind_label
from governance.compliance.framework import Control, Framework
from governance.compliance.holdings import Held
from governance.compliance.models import Conclusion, Gap, Verdict
from policy.words import listed

STATES = {
    "not_satisfied": ("no", "Not satisfied"),
    "partly": ("half", "Partly satisfied"),
    "outdated": ("stale", "Conclusion outdated"),
    "missing": ("draft", "Evidence missing"),
    "ready": ("todo", "To conclude"),
    "satisfied": ("ok", "Satisfied"),
    "not_applicable": ("na", "Not applicable"),
}
"""State → shape and word, what needs somebody first. Only people's conclusions read "satisfied"."""
OPEN = ("not_satisfied", "partly", "outdated", "missing", "ready")
SETTLED = (Verdict.SATISFIED, Verdict.NOT_APPLICABLE)
"""Conclusions after which nobody needs to act."""
RESTS_ON_USE = ("inventory", "risk.tier")
"""That a control does not apply rests on the use and its tier, not on the evidence that it would ask for."""


@dataclass(frozen=True)
class Standing:
    """One control for one model or for the organisation. `outdated`: why the conclusion no longer counts."""

    control: Control
    held: tuple[Held, ...]
    conclusion: Conclusion | None
    outdated: tuple[str, ...]
    gap: Gap | None

    @property
    def state(self) -> str:
        """A key of STATES."""
        if self.conclusion is not None:
            return "outdated" if self.outdated else self.conclusion.verdict
        return "ready" if self.held and not self.lacks else "missing"

    @property
    def shape(self) -> str:
        """The shape of its state."""
        return STATES[self.state][0]

    @property
    def word(self) -> str:
        """Its state in words."""
        return STATES[self.state][1]

    @property
    def lacks(self) -> tuple[Held, ...]:
        """Kinds that are asked for and not there, or stale."""
        return tuple(held for held in self.held if held.state != "present")

    @property
    def present(self) -> int:
        """How many of the kinds asked for are there."""
        return len(self.held) - len(self.lacks)


def stand(
    framework: Framework,
    controls: Iterable[Control],
    held: Mapping[str, Held],
    conclusions: Mapping[str, Conclusion],
    gaps: Mapping[str, Gap],
    *,
    today: date,
) -> list[Standing]:
    """How these controls of a framework stand. Conclusions and gaps by control, of one model or the organisation."""
    return [
        Standing(
            control=control,
            held=tuple(held[kind] for kind in control.evidence if kind in held),
            conclusion=given,
            outdated=why_outdated(given, control, held, today=today) if given else (),
            gap=gaps.get(control.id),
        )
        for control in controls
        for given in [conclusions.get(control.id)]
    ]


def why_outdated(
    given: Conclusion, control: Control, held: Mapping[str, Held], *, today: date
) -> tuple[str, ...]:
    """Why a conclusion no longer counts; empty while it does."""
    reasons = []
    if given.control_digest != control.digest:
        reasons.append(f"The framework says it differently since {given.framework_version}.")
    now = bound_evidence(control, given.verdict, held)
    if moved := [kind for kind in now if given.evidence.get(kind) != now[kind]]:
        reasons.append(f"Evidence changed since: {listed(kind_label(kind) for kind in moved)}.")
    if given.until is not None and given.until < today:
        reasons.append(f"It was given until {given.until.isoformat()}.")
    return tuple(reasons)


def bound_evidence(control: Control, verdict: str, held: Mapping[str, Held]) -> dict[str, str]:
    """Kind → digest of what a conclusion of this verdict rests on."""
    kinds = RESTS_ON_USE if verdict == Verdict.NOT_APPLICABLE else control.evidence
    return {kind: held[kind].digest for kind in kinds if kind in held}


@dataclass(frozen=True)
class Summary:
    """Counts of the states of some controls."""

    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """How many controls."""
        return sum(self.counts.values())

    @property
    def settled(self) -> int:
        """How many need nobody: satisfied, or not applicable, by somebody's conclusion."""
        return self.counts.get("satisfied", 0) + self.counts.get("not_applicable", 0)

    @property
    def worst(self) -> str:
        """The state that needs somebody most; satisfied only if every control is settled."""
        return next((state for state in STATES if self.counts.get(state)), "missing")

    @property
    def shape(self) -> str:
        """The shape of the whole."""
        return STATES[self.worst][0]

    @property
    def parts(self) -> list[tuple[str, str, str, int]]:
        """State, shape, word and count, of states that occur."""
        return [(state, *STATES[state], count) for state in STATES if (count := self.counts.get(state, 0))]


def summed(standings: Sequence[Standing]) -> Summary:
    """The counts of some standings."""
    return Summary(Counter(standing.state for standing in standings))
