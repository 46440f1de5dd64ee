"""Say what differs between two packs, tier by tier, and whether more or less is asked."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, Literal

from policy.pack import ENVIRONMENTS, TIERS, Pack
from policy.plan import PlannedEvaluation
from policy.requirement import Check, Requirement
from policy.requirement_words import break_glass_in_words, in_words, waivers_in_words
from policy.risk_scales import RISK_LEVELS
from policy.words import KINDS, component, listed, span

Kind = Literal["added", "removed", "changed"]
Direction = Literal["tightened", "loosened", "either", "same"]
"""`either`: it cannot be said which. `same`: only words differ."""

FOREVER = timedelta.max


@dataclass(frozen=True)
class Change:
    """One requirement that is asked differently. `gone` and `new` are the sentences that only one side says."""

    id: str
    title: str
    kind: Kind
    direction: Direction
    gone: tuple[str, ...] = ()
    new: tuple[str, ...] = ()


@dataclass(frozen=True)
class Changed:
    """What is asked differently of one tier in one environment."""

    environment: str
    tier: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Alike:
    """One change with every tier of an environment that it holds for."""

    change: Change
    tiers: tuple[str, ...]


@dataclass(frozen=True)
class Setting:
    """Something that holds for the whole pack."""

    name: str
    direction: Direction
    before: str
    after: str


@dataclass(frozen=True)
class PackDiff:
    """Everything that differs. Comments and layout are no difference; name and version alone are none, either."""

    places: tuple[Changed, ...]
    settings: tuple[Setting, ...]
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.places or self.settings)

    @property
    def by_environment(self) -> tuple[tuple[str, tuple[Alike, ...]], ...]:
        """Each environment with its changes, those that are the same for several tiers once."""
        found: dict[str, dict[Change, list[str]]] = {}
        for place in self.places:
            for change in place.changes:
                found.setdefault(place.environment, {}).setdefault(change, []).append(place.tier)
        return tuple(
            (environment, tuple(Alike(change, tuple(tiers)) for change, tiers in changes.items()))
            for environment, changes in found.items()
        )

    @property
    def counts(self) -> dict[str, int]:
        """How many changes, over all tiers and environments, go which way."""
        found = dict.fromkeys(("tightened", "loosened", "either", "same"), 0)
        for place in self.places:
            for change in place.changes:
                found[change.direction] += 1
        return found


def diff(before: Pack, after: Pack) -> PackDiff:
    """Return what judging by `after` asks differently from judging by `before`."""
    places = []
    for environment in ENVIRONMENTS:
        for tier in TIERS:
            changes = _changes(
                before.environments.get(environment, {}).get(tier, ()),
                after.environments.get(environment, {}).get(tier, ()),
            )
            if changes:
                places.append(Changed(environment, tier, changes))
    return PackDiff(tuple(places), tuple(_settings(before, after)), _notes(before, after))


def _changes(before: Iterable[Requirement], after: Iterable[Requirement]) -> tuple[Change, ...]:
    old, new = {item.id: item for item in before}, {item.id: item for item in after}
    found = [_change(old[name], item) for name, item in new.items() if name in old and old[name] != item]
    found += [
        Change(item.id, item.title, "added", "tightened", new=tuple(in_words(item)))
        for name, item in new.items()
        if name not in old
    ]
    found += [
        Change(item.id, item.title, "removed", "loosened", gone=tuple(in_words(item)))
        for name, item in old.items()
        if name not in new
    ]
    return tuple(found)


def _change(before: Requirement, after: Requirement) -> Change:
    said, says = in_words(before), in_words(after)
    gone = [text for text in said if text not in says]
    new = [text for text in says if text not in said]
    if before.title != after.title:
        gone, new = [f"Called “{before.title}”.", *gone], [f"Called “{after.title}”.", *new]
    return Change(after.id, after.title, "changed", direction_of(before, after), tuple(gone), tuple(new))


def direction_of(before: Requirement, after: Requirement) -> Direction:
    """Whether a changed requirement is harder to meet than before, easier, or cannot be compared."""
    found: set[Direction] = set()
    for field in fields(Requirement):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old != new:
            found.add(RULES.get(field.name, _unknown)(old, new))
    return _together(found)


def _together(found: set[Direction]) -> Direction:
    """Tightened and loosened at once is neither."""
    told = found - {"same"}
    if not told:
        return "same"
    return told.pop() if len(told) == 1 else "either"


def _less_is_tighter(old: Any, new: Any) -> Direction:
    return "tightened" if new < old else "loosened"


def _more_is_tighter(old: Any, new: Any) -> Direction:
    return "tightened" if new > old else "loosened"


def _shorter_is_tighter(old: timedelta | None, new: timedelta | None) -> Direction:
    """None means that it holds for ever."""
    return _less_is_tighter(FOREVER if old is None else old, FOREVER if new is None else new)


def _fewer_are_tighter(old: Iterable[str], new: Iterable[str]) -> Direction:
    had, has = {*old}, {*new}
    if had == has:
        return "same"
    if has < had:
        return "tightened"
    return "loosened" if had < has else "either"


def _more_kinds_are_tighter(old: tuple[str, ...], new: tuple[str, ...]) -> Direction:
    """Naming no kind of model means all of them."""
    return _fewer_are_tighter(new or tuple(KINDS), old or tuple(KINDS))


def _checks(old: tuple[Check, ...], new: tuple[Check, ...]) -> Direction:
    had, has = _by_place(old), _by_place(new)
    if len(had) != len(old) or len(has) != len(
        new
    ):  # the same figure asked twice: no telling which became which
        return "either"
    found: set[Direction] = set()
    found |= {"tightened" for place in has if place not in had}
    found |= {"loosened" for place in had if place not in has}
    for place in had.keys() & has.keys():
        found |= {_limit(had[place].at_least, has[place].at_least, 1)}
        found |= {_limit(had[place].at_most, has[place].at_most, -1)}
    return _together(found)


def _by_place(checks: tuple[Check, ...]) -> dict[tuple[str, str, tuple[str, ...]], Check]:
    return {(item.metric, item.bound, tuple(sorted(item.applies_to))): item for item in checks}


def _limit(old: float | None, new: float | None, sign: int) -> Direction:
    """A limit that rises by `sign` is harder to keep; None is no limit."""
    if old == new:
        return "same"
    if old is None or new is None:
        return "tightened" if old is None else "loosened"
    return "tightened" if (new - old) * sign > 0 else "loosened"


def _unknown(old: Any, new: Any) -> Direction:
    return "either"


RULES: Mapping[str, Callable[[Any, Any], Direction]] = {
    "title": lambda old, new: "same",
    "max_age": _shorter_is_tighter,
    "valid_for": _shorter_is_tighter,
    "count": _more_is_tighter,
    "survives": _fewer_are_tighter,
    "applies_to": _more_kinds_are_tighter,
    "independence": _more_is_tighter,
    "accept_reported": _less_is_tighter,
    "when_sensitive": _less_is_tighter,
    "checks": _checks,
    "severities": lambda old, new: _fewer_are_tighter(new, old),
    "within_due": _less_is_tighter,
    "residual_at_most": lambda old, new: _less_is_tighter(RISK_LEVELS.index(old), RISK_LEVELS.index(new)),
    "at_least": _more_is_tighter,
    "soak": _more_is_tighter,
    "evaluations": lambda old, new: _fewer_are_tighter(new, old),
    "every": _less_is_tighter,
}
"""Field of a requirement → which way a change of it goes. What is not named here cannot be said."""


def _settings(before: Pack, after: Pack) -> Iterable[Setting]:
    if before.title != after.title:
        yield Setting("Title", "same", before.title, after.title)
    if before.decision_valid_for != after.decision_valid_for:
        way = _shorter_is_tighter(before.decision_valid_for, after.decision_valid_for)
        yield Setting("An answer holds", way, span(before.decision_valid_for), span(after.decision_valid_for))
    if {*before.formats} != {*after.formats}:
        way = _fewer_are_tighter(before.formats, after.formats)
        yield Setting("Formats that may be loaded", way, listed(before.formats), listed(after.formats))
    old, new = ([_planned(item) for item in pack.plan] for pack in (before, after))
    for text in [text for text in old if text not in new]:
        yield Setting("Measured beside", "same", text, "")
    for text in [text for text in new if text not in old]:
        yield Setting("Measured beside", "same", "", text)
    for tier in TIERS:
        old_months, new_months = before.revalidate.get(tier), after.revalidate.get(tier)
        if old_months != new_months:
            way = _limit(_negative(old_months), _negative(new_months), 1)
            yield Setting(f"Reviewed anew, {tier}", way, _every(old_months), _every(new_months))
    if before.waivers != after.waivers:
        yield _terms("Waivers", before.waivers, after.waivers, waivers_in_words)
    if before.break_glass != after.break_glass:
        yield _terms("Break-glass", before.break_glass, after.break_glass, break_glass_in_words)


def _negative(months: int | None) -> int | None:
    """Fewer months are tighter."""
    return None if months is None else -months


def _every(months: int | None) -> str:
    return f"every {months} months" if months else "never"


def _terms(name: str, old: Any, new: Any, words: Callable[[Any], list[str]]) -> Setting:
    """Without terms there is no exception; whether other terms let more or less happen is for people to say."""
    way: Direction = "either" if old and new else "loosened" if new else "tightened"
    return Setting(name, way, " ".join(words(old)), " ".join(words(new)))


def _planned(item: PlannedEvaluation) -> str:
    """One entry of the plan in words."""
    kind, role = component(f"evaluation.{item.evaluation}"), item.dataset_role
    parts = [f"{kind} on {role} data".replace("_", " ")]
    if item.max_age:
        parts.append(f"every {span(item.max_age)}")
    if item.tiers:
        parts.append(f"for {listed(item.tiers)}")
    if item.applies_to:
        parts.append(f"of {listed(KINDS[name] for name in item.applies_to)}")
    if item.settings:
        parts.append("with " + listed(f"{name} {value}" for name, value in item.settings.items()))
    return ", ".join(parts)


def _notes(before: Pack, after: Pack) -> tuple[str, ...]:
    """What follows for signatures that were given already."""
    new = after.judged_evaluations - before.judged_evaluations
    gone = before.judged_evaluations - after.judged_evaluations
    notes = []
    for kinds, why in ((new, "becomes"), (gone, "is no longer")):
        if kinds:
            names = listed(component(f"evaluation.{kind}").replace("_", " ") for kind in sorted(kinds))
            notes.append(
                f"The result of {names} {why} part of the evidence that is signed: where there is one, "
                "signatures given before go stale."
            )
    return tuple(notes)
