"""Say what became of one requirement, and of all of them together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

Decision = Literal["allow", "deny"]
Basis = Literal["policy", "waiver", "break_glass"]
Result = Literal["satisfied", "unsatisfied", "waived", "not_applicable", "error"]


NO_DETAIL: Mapping[str, Any] = {}


class RequirementResult(NamedTuple):
    """One requirement, judged: the result, why, and what to do about it."""

    id: str
    kind: str
    title: str
    result: Result
    reason: str
    remedy: str | None = None
    who: tuple[str, ...] = ()
    url: str | None = None
    evidence: tuple[str, ...] = ()
    detail: Mapping[str, Any] = NO_DETAIL
    stale: bool = False


@dataclass(frozen=True)
class ExceptionUsed:
    """A waiver or a break-glass that a verdict rests on."""

    kind: Literal["waiver", "break_glass"]
    id: int
    url: str = ""


@dataclass(frozen=True)
class Verdict:
    """The answer for one version and environment, with every reason.

    `valid_until` is how long a pipeline may rely on it, `holds_until` when time alone may change it (None: never).
    `basis` is "waiver" or "break_glass" where an exception made it an allow; `exceptions` names those that did.
    `parts` are the digests of the evidence that it rests on, by name.
    """

    decision: Decision
    environment: str
    tier: str | None
    requirements: tuple[RequirementResult, ...]
    summary: str
    valid_until: datetime
    basis: Basis = "policy"
    holds_until: datetime | None = None
    exceptions: tuple["ExceptionUsed", ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict)
