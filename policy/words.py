"""The words that reasons and remedies are made of."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from policy.evidence import Person

ROLES = {
    "owner": "owner",
    "developer": "developer",
    "validator": "validator",
    "risk_officer": "risk officer",
    "compliance_officer": "compliance officer",
    "ethics_committee": "ethics committee member",
    "business_approver": "business approver",
    "auditor": "auditor",
    "administrator": "administrator",
}
KINDS = {
    "binary_classification": "binary classification",
    "multiclass_classification": "multiclass classification",
    "multilabel_classification": "multilabel classification",
    "regression": "regression",
    "ranking": "ranking",
    "forecasting": "forecasting",
}
"""Kinds of model that are measured: a pack has a check for each, or leaves it out by name."""

UNMEASURED = {
    "clustering": "clustering",
    "generative": "generating text or media",
    "rule_set": "applying rules",
    "not_a_model": "something that is not a model",
}
"""Kinds that the inventory knows and nothing measures yet: where a pack asks for an evaluation, they are denied."""

DATASET_ROLES = ("training", "validation", "test", "production_sample")

SEVERITIES = ("high", "medium", "low")
"""Of findings, the worst first."""

COMPONENTS = {"artifact": "artifact", "card": "card", "tier": "tier", "risks": "risks"}


def a_role(role: str) -> str:
    """Return "a validator", "an ethics committee member"."""
    word = ROLES.get(role, role)
    return f"{'an' if word[0] in 'aeio' else 'a'} {word}"


def named(people: Iterable[Person], role: str) -> tuple[str, ...]:
    """Return "Viktor Sahl (validator)" for each person, without repeats."""
    label = ROLES.get(role, role)
    return tuple(dict.fromkeys(f"{person.name} ({label})" for person in people))


def listed(parts: Iterable[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    *head, last = parts
    return f"{', '.join(head)} and {last}" if head else last


def counted(count: int, singular: str, plural: str = "") -> str:
    """Return "1 file", "2 files"."""
    return f"{count} {singular if count == 1 else plural or singular + 's'}"


def clause(text: str, longest: int = 240) -> str:
    """Return what somebody wrote as one sentence on one line, cut where it goes on for too long."""
    line = " ".join(text.split())
    if len(line) > longest:
        return f"{line[:longest].rsplit(' ', 1)[0].rstrip('.,;: ')} …."
    return f"{line.rstrip('. ')}."


def component(name: str) -> str:
    """Return the word for a part of the evidence: "evaluation.fairness" is "fairness"."""
    return COMPONENTS.get(name, name.removeprefix("evaluation."))


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""The same in every locale, and without strftime, which is a fifth of a verdict."""


def day(moment: date, now: datetime) -> str:
    """Return "14 Nov", with the year when it is not this one."""
    text = f"{moment.day} {MONTHS[moment.month - 1]}"
    return text if moment.year == now.year else f"{text} {moment.year}"


def span(length: timedelta) -> str:
    """Return "365 days", "24 hours", "15 minutes": the largest unit that fits exactly."""
    seconds = int(length.total_seconds())
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds % size == 0:
            return counted(seconds // size, unit)
    return counted(seconds, "second")


def number(value: float) -> str:
    """Return "0.771", and counts without decimals."""
    return f"{value:.0f}" if abs(value) >= 2 and value == int(value) else f"{value:.3f}"


def compared(value: float, asked: float) -> tuple[str, str]:
    """Return both numbers with as many decimals as it takes to tell them apart."""
    if value == asked or number(value) != number(asked):
        return number(value), number(asked)
    for decimals in range(4, 16):
        pair = f"{value:.{decimals}f}", f"{asked:.{decimals}f}"
        if pair[0] != pair[1]:
            return pair
    return repr(value), repr(asked)


SAFE_FORMATS = ("onnx", "skops", "safetensors", "xgboost", "lightgbm")
"""Formats of artifacts that hold numbers and known types only."""

FORMATS = (*SAFE_FORMATS, "pickle", "pyfunc")
"""Every format that can be loaded; the last two run what their author wrote."""
