"""Whether a proven token fits a rule: values in, reason out. Asks no database."""

from collections.abc import Mapping
from typing import Any

from governance.pipelines.kinds import System, text_of
from governance.pipelines.models import TrustRule

LONGEST_SHOWN = 120


def why_no_pipeline(system: System, claims: Mapping[str, Any]) -> str:
    """Why no rule at all may let this token ask; "" when one may."""
    event = _claim(claims, system.event)
    if event not in system.events:
        started = f"by {event[:LONGEST_SHOWN]}" if event else "by something that the token does not name"
        return f"This pipeline was started {started}; only {', '.join(sorted(system.events))} may ask."
    refs = (_claim(claims, "ref"), _claim(claims, "ref_path"))
    if any(ref.startswith(system.review_refs) for ref in refs):
        return "This pipeline runs on a change that nobody has merged yet."
    return ""


def same_repository(rule: TrustRule, claims: Mapping[str, Any]) -> bool:
    """Whether the token is of the very repository and owner that the rule names, by number."""
    wanted = {rule.system.owner_id: rule.owner_id, rule.system.repository_id: rule.repository_id}
    return all(value and _claim(claims, name) == value for name, value in wanted.items())


def why_not(rule: TrustRule, claims: Mapping[str, Any], *, speaker: str = "the token") -> str:
    """Why the rule does not take this token of its repository; "" when it does. `speaker`: what made the claims."""
    for name, value in rule.conditions:
        given = _claim(claims, name)
        if given != value:
            return f"The rule {rule.name} asks for {name} {value}, {speaker} says {given[:LONGEST_SHOWN] or 'nothing'}."
    return ""


def _claim(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return "" if value is None else text_of(value)
