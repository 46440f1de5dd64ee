"""What the rows of a data set must hold: declared in YAML, or inferred from the version before.

    on_failure: refuse        # or warn: register anyway, and show what failed
    other_columns: allow      # columns that are not named below: allow, warn or refuse
    columns:
      age: {type: integer, nullable: false, min: 18, max: 120}
      sex: {type: text, allowed: [f, m]}
      account: {type: text, regex: "AC-[0-9]{12}", unique: true, on_failure: warn}

A column that is named must be there unless it is `optional: true`. A failing check refuses the registration unless
the column, or else the schema, says `warn`. What is inferred always warns: a machine guessed it.
"""

from collections.abc import Collection, Mapping
from typing import Any

from accounts.refusals import Invalid
from policy.lines import Item, PackError, parse

SOURCE = "schema"
TYPES = ("integer", "number", "boolean", "text", "other")
NUMERIC = ("integer", "number")
REFUSE, WARN, ALLOW = "refuse", "warn", "allow"
ASKS = ("type", "nullable", "unique", "min", "max", "allowed", "regex", "optional", "on_failure")
MOST_ASKED = 2_000
MOST_ALLOWED = 1_000
MOST_INFERRED = 20
LONGEST_REGEX = 500
LARGEST_WHOLE = 1 << 53
Schema = dict[str, Any]


def read_schema(text: str) -> Schema:
    """The schema of a YAML text (JSON is YAML too). Raises Invalid naming the line."""
    try:
        root = parse(text, source=SOURCE, what="the schema")
        fields = root.fields(["columns"], ["on_failure", "other_columns"])
        columns = fields["columns"].entries()
        if not columns:
            raise fields["columns"].refuse("No column is named.", "Name at least one.")
        if len(columns) > MOST_ASKED:
            raise fields["columns"].refuse(
                f"{len(columns):,} columns are named.", f"Name at most {MOST_ASKED:,}."
            )
        _refuse_odd_letters(text, root)
        return {
            "origin": "declared",
            "on_failure": _choice(fields, "on_failure", (REFUSE, WARN), REFUSE),
            "other_columns": _choice(fields, "other_columns", (ALLOW, WARN, REFUSE), ALLOW),
            "columns": [_column(name, item) for name, item in columns.items()],
        }
    except PackError as error:
        raise Invalid(
            f"Line {error.line} of the schema: {error.problem}", error.remedy, field="schema"
        ) from error
    except RecursionError as error:
        raise Invalid("The schema nests too deeply.", "Three levels are enough.", field="schema") from error


def _refuse_odd_letters(text: str, root: Item) -> None:
    """Escapes can write characters that no database holds."""
    if "\\0" in text or "\\x0" in text or "\\u" in text.lower():
        raise root.refuse("It writes characters as escapes.", "Write them as they are.")


def infer_schema(origin: str, profile: Mapping[str, Any], confidential: Collection[str]) -> Schema:
    """What the rows of an earlier version held, as a schema that only warns.

    Of confidential columns it says no value: only their type, and whether cells were missing.
    """
    columns = []
    for column in profile.get("columns", []):
        asked: Schema = {"name": column["name"], "type": column["type"]}
        if column["type"] == "other":
            del asked["type"]
        if not column["missing"]:
            asked["nullable"] = False
        if column["name"] not in confidential:
            asked |= _seen(column)
        columns.append(asked)
    return {
        "origin": f"inferred from {origin}",
        "on_failure": WARN,
        "other_columns": WARN,
        "columns": columns,
    }


def refuses(schema: Mapping[str, Any], column: Mapping[str, Any]) -> bool:
    """Whether a failing check of the column refuses the registration."""
    return bool(column.get("on_failure", schema["on_failure"]) == REFUSE)


def _seen(column: Mapping[str, Any]) -> Schema:
    """The range that the numbers had, or the texts, when all of them are known and few."""
    if numbers := column.get("numbers"):
        return {"min": numbers["min"], "max": numbers["max"]}
    top = column.get("top", [])
    if column["type"] == "text" and 0 < column["distinct"] <= len(top):
        return {"allowed": sorted(entry["value"] for entry in top)}
    return {}


def _choice(fields: Mapping[str, Item], name: str, known: Collection[str], default: str) -> str:
    return fields[name].choice(known) if name in fields else default


def _column(name: str, item: Item) -> Schema:
    fields = item.fields([], ASKS)
    asked: Schema = {"name": name}
    if "type" in fields:
        asked["type"] = fields["type"].choice(TYPES)
    kind = asked.get("type", "")
    for wish, wanted in (("nullable", False), ("unique", True), ("optional", True)):
        if wish in fields and fields[wish].flag() is wanted:
            asked[wish] = wanted
    for bound in ("min", "max"):
        if bound in fields:
            _need_type(fields[bound], kind, NUMERIC)
            asked[bound] = _plain(fields[bound].number())
    if "min" in asked and "max" in asked and asked["min"] > asked["max"]:
        raise fields["max"].refuse("The greatest value is under the least.", "Exchange them.")
    if "allowed" in fields:
        _need_type(fields["allowed"], kind, ("integer", "number", "text"))
        asked["allowed"] = _allowed(fields["allowed"], kind)
    if "regex" in fields:
        _need_type(fields["regex"], kind, ("text",))
        asked["regex"] = fields["regex"].text()
        if len(asked["regex"]) > LONGEST_REGEX:
            raise fields["regex"].refuse(
                "The pattern is too long.", f"Use at most {LONGEST_REGEX} characters."
            )
    if "on_failure" in fields:
        asked["on_failure"] = fields["on_failure"].choice((REFUSE, WARN))
    return asked


def _need_type(item: Item, kind: str, kinds: Collection[str]) -> None:
    if kind not in kinds:
        words = " or ".join(kinds)
        raise item.refuse(f'"{item.what}" needs the type {words}.', f"Write type: {next(iter(kinds))} too.")


def _allowed(item: Item, kind: str) -> list[Any]:
    entries = item.items()
    if len(entries) > MOST_ALLOWED:
        raise item.refuse(f"{len(entries):,} values are allowed.", f"List at most {MOST_ALLOWED:,}.")
    if kind == "text":
        return [entry.text() for entry in entries]
    return [_whole(entry) if kind == "integer" else _plain(entry.number()) for entry in entries]


def _whole(item: Item) -> int:
    number = _plain(item.number())
    if isinstance(number, int):
        return number
    raise item.refuse(f"{number:g} is not a whole number.", "The type says integer.")


def _plain(number: float) -> int | float:
    return int(number) if number.is_integer() and abs(number) <= LARGEST_WHOLE else number
