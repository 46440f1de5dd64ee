"""Bringing in an inventory: many models at once, tried first, then kept all together or not at all.

A trial is the real thing, rolled back: what it finds is what keeping would find.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from rest_framework.exceptions import ValidationError

from accounts.models import User
from accounts.refusals import Conflict, Invalid, NotAllowed, Refusal
from audit.actions import record
from audit.actor import Actor
from audit.models import Event
from audit.verbs import Verb
from registry.given import change_given, create_given
from registry.models import RegisteredModel
from registry.shapes.models import ModelGiven
from registry.sight import visible_to
from registry.spreadsheets import FORMULA

MOST_ROWS = 1_000
LISTS = ("jurisdictions", "regulated_uses", "developers", "depends_on", "tags")
CUSTOM = "custom."
IGNORED = frozenset(
    ("version", "tier", "tier_confirmed", "status", "stage", "development", "staging", "production")
) | {"note", "runs_in", "owner_name", "digest", "registered_at"}
"""Columns of our own export that are judged, not entered."""

MayChange = Callable[[RegisteredModel], bool]


@dataclass(frozen=True)
class Outcome:
    """What became of one row: created, changed, unchanged or problem, and in which field."""

    number: int
    slug: str
    outcome: str
    said: str = ""
    field: str = ""


@dataclass(frozen=True)
class Brought:
    """All rows with what became of each; `applied` only when everything was kept."""

    applied: bool
    outcomes: tuple[Outcome, ...]

    @property
    def counts(self) -> Counter[str]:
        """How many of each outcome."""
        return Counter(row.outcome for row in self.outcomes)


def bring_in(
    rows: Sequence[Mapping[str, Any]],
    *,
    owner: User,
    may_change: MayChange,
    may_change_team: MayChange,
    trial: bool,
    actor: Actor,
    at: datetime,
) -> Brought:
    """Create the models that are new and change those that are there. A row without an owner is `owner`'s.

    Raises Invalid when there are no rows, or too many.
    """
    if not rows:
        raise Invalid("There are no models in it.", "Give at least one.", field="models")
    if len(rows) > MOST_ROWS:
        raise Invalid(
            f"{len(rows):,} models are more than the {MOST_ROWS:,} that fit into one go.",
            "Send them in parts.",
            field="models",
        )
    seen: set[str] = set()
    outcomes = []
    with transaction.atomic():
        for number, row in enumerate(rows, start=1):
            outcomes.append(_one(number, row, seen, owner, may_change, may_change_team, actor, at))
        kept = not trial and all(item.outcome != "problem" for item in outcomes)
        brought = Brought(kept, tuple(outcomes))
        if kept:
            detail = {"rows": len(outcomes), **brought.counts}
            record(Verb.INVENTORY_IMPORTED, subject="inventory", actor=actor, at=at, detail=detail)
        else:
            transaction.set_rollback(True)
    return brought


def _one(
    number: int,
    row: Mapping[str, Any],
    seen: set[str],
    owner: User,
    may_change: MayChange,
    may_change_team: MayChange,
    actor: Actor,
    at: datetime,
) -> Outcome:
    slug = str(row.get("slug", ""))
    if slug in seen:
        return Outcome(number, slug, "problem", f"{slug} stands in an earlier row already.", "slug")
    seen.add(slug)
    try:
        with transaction.atomic():
            return _keep(number, slug, row, owner, may_change, may_change_team, actor, at)
    except ValidationError as error:
        field, said = _first(error.detail)
        return Outcome(number, slug, "problem", said, field)
    except (Invalid, Conflict, NotAllowed) as refused:
        return Outcome(number, slug, "problem", _sentence(refused), getattr(refused, "field", ""))


def _keep(
    number: int,
    slug: str,
    row: Mapping[str, Any],
    owner: User,
    may_change: MayChange,
    may_change_team: MayChange,
    actor: Actor,
    at: datetime,
) -> Outcome:
    model = visible_to(owner).filter(slug=slug).first()
    given = ModelGiven(data=dict(row), partial=model is not None)
    given.is_valid(raise_exception=True)
    values = dict(given.validated_data)
    if model is None:
        create_given(values, owner=owner, actor=actor, at=at)
        return Outcome(number, slug, "created")
    if not may_change(model):
        raise NotAllowed(f"{model.name} is another's.", "Its owner, its developers or an officer change it.")
    if {"owner", "developers"} & values.keys() and not may_change_team(model):
        _refuse_another_team(model, values)
    values.pop("slug")
    last = _last_event()
    change_given(model, values, changer=owner, actor=actor, at=at)
    return Outcome(number, slug, "changed" if _last_event() != last else "unchanged")


def _refuse_another_team(model: RegisteredModel, values: Mapping[str, Any]) -> None:
    """A row that names the team as it stands changes nothing."""
    developers = set(model.developers.values_list("username", flat=True))
    same_team = set(values.get("developers", developers)) == developers
    if values.get("owner", model.owner.username) != model.owner.username or not same_team:
        raise NotAllowed(
            f"Only {model.owner.name} changes the team of {model.name}.",
            "Leave owner and developers as they are.",
        )


def _last_event() -> Any:
    return Event.objects.order_by("-pk").values_list("pk", flat=True).first()


def _sentence(refused: Refusal) -> str:
    return f"{refused} {refused.remedy}".strip()


def _first(detail: Any, field: str = "") -> tuple[str, str]:
    """The first complaint of a serializer and where it belongs."""
    if isinstance(detail, Mapping):
        name, inner = next(iter(detail.items()))
        return _first(inner, field or str(name))
    if isinstance(detail, Sequence) and not isinstance(detail, str):
        return _first(detail[0], field)
    return field, str(detail)


def rows_of_csv(text: str) -> list[dict[str, Any]]:
    """The rows of a file, as a call would give them. Raises Invalid naming the line or the column."""
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), _dialect(text), strict=True))
    except csv.Error as error:
        raise Invalid(
            f"The file cannot be read as CSV: {error}.", "Check its quotation marks.", field="file"
        ) from error
    filled = [(number, cells) for number, cells in enumerate(lines, start=1) if any(map(str.strip, cells))]
    if not filled:
        raise Invalid("The file is empty.", "The first line names the columns.", field="file")
    header = [name.strip().lower().replace(" ", "_") for name in filled[0][1]]
    header = ["slug" if name == "model" else name for name in header]
    _refuse_bad_header(header)
    return [_row(number, header, cells) for number, cells in filled[1:]]


def _dialect(text: str) -> type[csv.excel]:
    """Commas, or the semicolons of Excel in much of Europe."""

    class Dialect(csv.excel):
        delimiter = ";" if text.split("\n", 1)[0].count(";") > text.split("\n", 1)[0].count(",") else ","

    return Dialect


def _refuse_bad_header(header: Sequence[str]) -> None:
    known = set(ModelGiven().fields) | IGNORED
    for name in header:
        if name not in known and not name.startswith(CUSTOM):
            enterable = ", ".join(ModelGiven().fields)
            raise Invalid(
                f"There is no column {name or '(without a name)'} in an inventory.",
                f"The columns are {enterable}, and {CUSTOM}KEY for your own fields.",
                field="file",
            )
    twice = next((name for name, times in Counter(header).items() if times > 1), None)
    if twice is not None:
        raise Invalid(f"Two columns are called {twice}.", "Give each column once.", field="file")
    if "name" not in header and "slug" not in header:
        raise Invalid("No column says which model it is.", "Name one of them slug or name.", field="file")


def _row(number: int, header: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    if len(cells) != len(header):
        raise Invalid(
            f"Line {number} has {len(cells)} values; the first line names {len(header)} columns.",
            "Correct or remove it.",
            field="file",
        )
    row = dict(_values(zip(header, map(_plain, cells), strict=True)))
    if not row.get("slug"):
        row["slug"] = slugify(str(row.get("name", "")))[:64].strip("-")
    return row


def _values(cells: Iterator[tuple[str, str]]) -> Iterator[tuple[str, Any]]:
    """Empty cells say nothing, so they change nothing."""
    custom: dict[str, Any] = {}
    for name, cell in cells:
        if not cell or name in IGNORED:
            continue
        if name.startswith(CUSTOM):
            custom[name.removeprefix(CUSTOM)] = cell
        else:
            yield name, cell.replace(";", " ").replace(",", " ").split() if name in LISTS else cell
    if custom:
        yield "custom", custom


def _plain(cell: str) -> str:
    """The cell without the apostrophe that an export puts before what looks like a formula."""
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and cell[1:2] in FORMULA else cell
