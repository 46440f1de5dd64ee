"""How a verdict and its requirements are shown: shapes, words, groups, and whose turn it is."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop, ngettext

from accounts.said import counted
from governance.templatetags.wording import short_date

RESULT_SHAPES = {
    "satisfied": "ok",
    "unsatisfied": "no",
    "waived": "waived",
    "not_applicable": "na",
    "error": "error",
}
RESULT_WORDS = {
    "satisfied": gettext_noop("Satisfied"),
    "unsatisfied": gettext_noop("Unsatisfied"),
    "waived": gettext_noop("Waived"),
    "not_applicable": gettext_noop("Not applicable"),
    "error": gettext_noop("Error"),
}
ACTIONS = {
    "signoff": gettext_noop("Open the review"),
    "evaluation": gettext_noop("Open evaluations"),
    "card_complete": gettext_noop("Open the card"),
    "tier_confirmed": gettext_noop("Open the tier"),
    "artifact_verified": gettext_noop("Open the artifact"),
    "conditions_met": gettext_noop("Open sign-offs"),
    "findings_closed": gettext_noop("Open findings"),
    "risks_treated": gettext_noop("Open the risks"),
    "ran_in": gettext_noop("Open deployments"),
    "monitoring_in_place": gettext_noop("Open schedules"),
}
ACTIONS_OF_MINE = {
    "signoff": gettext_noop("Review and sign"),
    "card_complete": gettext_noop("Complete the card"),
    "tier_confirmed": gettext_noop("Confirm the tier"),
}
MOST_NAMES = 3
BAR_ORDER = ("no", "stale", "error", "waived", "ok", "na")


def shape_of(result: object, stale: object = False) -> str:
    """The shape of a requirement's result. What is not known is drawn as an error, never as met."""
    shape = RESULT_SHAPES.get(str(result), "error")
    return "stale" if shape == "no" and stale else shape


def word_of(result: object, stale: object = False) -> str:
    """The result in words."""
    if str(result) == "unsatisfied" and stale:
        return gettext("Unsatisfied, stale")
    return gettext(RESULT_WORDS.get(str(result), "Error"))


def read(thing: object, name: str) -> Any:
    """A value of a dataclass, or of the mapping that a recorded decision keeps."""
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)


@dataclass(frozen=True)
class Row:
    """One requirement, ready to be shown to one reader."""

    id: str
    title: str
    reason: str
    remedy: str
    who: tuple[tuple[str, str], ...]
    others: int
    mine: bool
    url: str
    action: str
    shape: str
    word: str
    note: str

    @property
    def names(self) -> SafeString:
        """Who can act."""
        shown = [
            format_html(
                "<b>{}</b>{}", name, format_html(' <span class="cs-3">{}</span>', role) if role else ""
            )
            for name, role in self.who
        ]
        if self.others:
            shown.append(format_html("{}", gettext("{number} more").format(number=self.others)))
        return format_html_join(", ", "{}", ((words,) for words in shown))


def row_of(requirement: object, reader: str = "") -> Row:
    """Show a requirement to the reader of that full name."""
    kind, stale = str(read(requirement, "kind") or ""), bool(read(requirement, "stale"))
    result = read(requirement, "result")
    people = [str(name) for name in read(requirement, "who") or ()]
    mine = bool(reader) and any(person == reader or person.startswith(f"{reader} (") for person in people)
    return Row(
        id=str(read(requirement, "id") or ""),
        title=str(read(requirement, "title") or ""),
        reason=str(read(requirement, "reason") or ""),
        remedy=str(read(requirement, "remedy") or ""),
        who=tuple(_name_and_role(person) for person in people[:MOST_NAMES]),
        others=max(0, len(people) - MOST_NAMES),
        mine=mine,
        url=str(read(requirement, "url") or ""),
        action=gettext("Open the waiver") if result == "waived" else _action(kind, stale=stale, mine=mine),
        shape=shape_of(result, stale),
        word=word_of(result, stale),
        note=_note(str(result), stale, read(requirement, "detail") or {}),
    )


def _name_and_role(person: str) -> tuple[str, str]:
    name, _, role = person.removesuffix(")").partition(" (")
    return name, role


def _action(kind: str, *, stale: bool, mine: bool) -> str:
    if kind == "signoff" and stale and mine:
        return gettext("Review what changed")
    words = (ACTIONS_OF_MINE.get(kind) if mine else None) or ACTIONS.get(kind)
    return gettext(words) if words else gettext("Open")


def _note(result: str, stale: bool, detail: Mapping[str, Any]) -> str:
    if result == "error":
        return gettext("Could not be judged")
    if result == "unsatisfied" and stale:
        since = detail.get("since")
        if not hasattr(since, "year"):
            return gettext("Stale")
        return gettext("Stale since {day}").format(day=short_date(since))
    return ""


@dataclass(frozen=True)
class Groups:
    """The requirements of a verdict in the order in which a person needs them."""

    needs: tuple[object, ...]
    waived: tuple[object, ...]
    satisfied: tuple[object, ...]
    not_applicable: tuple[object, ...]
    bar: tuple[str, ...]
    sentence: str
    headline: str


def groups_of(requirements: Iterable[object]) -> Groups:
    """Group by result; whatever is neither satisfied, waived nor inapplicable needs someone."""
    by_shape: dict[str, list[object]] = {shape: [] for shape in BAR_ORDER}
    for requirement in requirements:
        by_shape[shape_of(read(requirement, "result"), read(requirement, "stale"))].append(requirement)
    needs = (*by_shape["stale"], *by_shape["no"], *by_shape["error"])
    asked = sum(map(len, by_shape.values())) - len(by_shape["na"])
    counts = Counter({shape: len(found) for shape, found in by_shape.items()})
    parts = [
        (counts["no"] + counts["stale"], counted("{number} unsatisfied", "{number} unsatisfied")),
        (counts["error"], counted("{number} error", "{number} errors")),
        (counts["waived"], counted("{number} waived", "{number} waived")),
        (counts["ok"], counted("{number} satisfied", "{number} satisfied")),
        (counts["na"], counted("{number} not applicable", "{number} not applicable")),
    ]
    return Groups(
        needs=needs,
        waived=tuple(by_shape["waived"]),
        satisfied=tuple(by_shape["ok"]),
        not_applicable=tuple(by_shape["na"]),
        bar=tuple(shape for shape in BAR_ORDER for _ in by_shape[shape]),
        sentence=", ".join(ngettext(*words, count).format(number=count) for count, words in parts if count),
        headline=_headline(len(needs), asked, counts["ok"], counts["waived"]),
    )


def _headline(needs: int, asked: int, met: int, waived: int) -> str:
    if needs:
        words = ngettext("{number} of {asked} holds it back", "{number} of {asked} hold it back", needs)
        return words.format(number=needs, asked=asked)
    words = gettext("{met} of {asked} met, {waived} waived") if waived else gettext("{met} of {asked} met")
    return words.format(met=met, asked=asked, waived=waived)


def lead(summary: str, heading: str) -> str:
    """The summary without the words that the heading already says."""
    text = summary.removeprefix(heading).lstrip(" .:,;")
    return text[:1].upper() + text[1:]
