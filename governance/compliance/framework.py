"""What a control framework says, as values: groups of controls, and the kinds of evidence that each asks for."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

from policy.evidence import canonical_digest

Level = Literal["model", "organisation", "team"]
LEVELS: tuple[Level, ...] = ("model", "organisation")
"""Levels of a framework or checklist. The practices of a maturity model are all of a team."""
Kind = Literal["framework", "checklist", "maturity"]
KINDS: tuple[Kind, ...] = ("framework", "checklist", "maturity")
ROLES = {"provider": "Provider", "deployer": "Deployer", "both": "Provider and deployer"}
STATES = {
    "in_force": "In force",
    "in_force_phased": "In force, by stages",
    "in_force_under_rescission": "In force, to be rescinded",
    "enacted_not_yet_effective": "Enacted, not yet effective",
    "final_not_yet_effective": "Final, not yet effective",
    "draft": "Draft",
    "superseded": "Superseded",
    "withdrawn": "Withdrawn",
    "internal": "Own rules",
    "not_stated": "Status not stated",
}
OVER = ("superseded", "withdrawn")
"""States in which a framework is kept for those who still map to it, and asked of no model by a rule."""


@dataclass(frozen=True)
class Control:
    """One thing that a framework asks for. `ref` is where the framework says so; `role` whose duty it is, if told."""

    id: str
    ref: str
    group: str
    level: Level
    title: str
    evidence: tuple[str, ...] = ()
    role: str = ""

    @cached_property
    def digest(self) -> str:
        """What a conclusion about it is bound to: another wording, level or kind of evidence is another control."""
        return canonical_digest({**asdict(self), "evidence": sorted(self.evidence)})

    @property
    def role_label(self) -> str:
        """Whose duty it is, in words."""
        return ROLES.get(self.role, "")


@dataclass(frozen=True)
class Group:
    """Controls under one heading."""

    id: str
    title: str


@dataclass(frozen=True)
class Applies:
    """From when a part of the framework holds, and how sure that is. `was`: the date before it was moved."""

    what: str
    applies: str
    sure: str = ""
    was: str = ""


@dataclass(frozen=True)
class Framework:
    """A framework as its file says it. `facts` are what is known of its status beside the state: name → text."""

    id: str
    name: str
    issuer: str
    version: str
    date: str
    state: str
    confidence: str
    note: str
    facts: Mapping[str, str]
    dates: tuple[Applies, ...]
    source: tuple[str, ...]
    licence: str
    checked: str
    groups: tuple[Group, ...]
    controls: tuple[Control, ...]
    more: Mapping[str, Any]
    kind: Kind = "framework"

    @cached_property
    def digest(self) -> str:
        """Of everything that it says."""
        return canonical_digest(self.document())

    @cached_property
    def by_id(self) -> Mapping[str, Control]:
        """The controls by their id."""
        return {control.id: control for control in self.controls}

    @property
    def state_label(self) -> str:
        """Its status in words."""
        return STATES.get(self.state, self.state)

    @property
    def is_over(self) -> bool:
        """Whether it was superseded or withdrawn."""
        return self.state in OVER

    def of_level(self, level: Level) -> tuple[Control, ...]:
        """The controls that one model's record can meet, or those of the organisation."""
        return tuple(control for control in self.controls if control.level == level)

    def document(self) -> dict[str, Any]:
        """All of it as plain values, for keeping. The kind is told where it is none of the ordinary."""
        told: dict[str, Any] = asdict(self)
        if self.kind == "framework":
            del told["kind"]
        return told


def from_document(told: Mapping[str, Any]) -> Framework:
    """The framework that document() made."""
    return Framework(
        **{
            **told,
            "dates": tuple(Applies(**row) for row in told["dates"]),
            "source": tuple(told["source"]),
            "groups": tuple(Group(**row) for row in told["groups"]),
            "controls": tuple(
                Control(**{**row, "evidence": tuple(row["evidence"])}) for row in told["controls"]
            ),
        }
    )
