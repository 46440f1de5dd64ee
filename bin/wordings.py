"""What the site says to people: every message that is marked for translation, found in code and templates.

Reads Python by its syntax tree and templates by Django's own reader of them; nothing of the site is run.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
CODE = ("accounts", "audit", "evaluations", "governance", "registry", "riskreview")
UNCOVERED = ROOT / "locale" / "not-yet.txt"
NEVER = (
    "governance/demo/",
    "governance/operation/",
    "governance/siem/",
    "governance/states.py",
    "templates/states.html",
)
"""What no reader of a page sees, or developers only: it stays English."""
PROGRAMS = {"management", "api", "api.py", "serializers.py"}
"""Folders and files that speak to programs and operators, in English."""
BRACES = re.compile(r"\{[a-z_]+\}")
PERCENTS = re.compile(r"%\([a-z_]+\)s")
SINGLE = {"gettext": 0, "gettext_lazy": 0, "gettext_noop": 0, "_": 0, "Said": 0, "Inside": 0}
PLURAL = {"ngettext": 0, "ngettext_lazy": 0, "counted": 0}
IN_CONTEXT = {"pgettext": 1, "pgettext_lazy": 1, "in_context": 1}
REFUSALS = {"Refusal", "NotAllowed", "Invalid", "Conflict", "Unavailable"}
CHOICES = {"TextChoices", "IntegerChoices"}
MARKED = re.compile(r"\b(?:n?gettext|pgettext|npgettext|_)\(")


class Unreadable(Exception):
    """Something is marked that cannot be translated, such as an f-string; the text says where."""


@dataclass
class Message:
    """One message and the files that say it."""

    text: str
    plural: str = ""
    context: str = ""
    note: str = ""
    places: list[str] = field(default_factory=list)


def not_yet() -> list[str]:
    """Beginnings of the paths that nobody has translated so far."""
    lines = UNCOVERED.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def refusals_of_site() -> frozenset[str]:
    """The names of all classes that refuse something."""
    found, before = set(REFUSALS), 0
    classes = [
        (node.name, {_last(base) for base in node.bases})
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    while len(found) > before:
        before = len(found)
        found |= {name for name, bases in classes if bases & found}
    return frozenset(found)


def is_covered(path: Path) -> bool:
    """Whether this file is to speak every language."""
    name = path.relative_to(ROOT).as_posix()
    return not (name.startswith((*NEVER, *not_yet())) or PROGRAMS & set(path.parts))


def templates() -> list[Path]:
    """The templates that are translated."""
    return [path for path in sorted((ROOT / "templates").rglob("*.html")) if is_covered(path)]


def modules() -> list[Path]:
    """The Python modules that are translated."""
    found = [path for part in CODE for path in sorted((ROOT / part).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts and is_covered(path)]


def messages_of_site() -> list[Message]:
    """All of them, each once, in the order of the files and of the places in them."""
    found: dict[tuple[str, str], Message] = {}
    refusals = refusals_of_site()
    for path in [*templates(), *modules()]:
        name = path.relative_to(ROOT).as_posix()
        said = in_template(path) if path.suffix == ".html" else in_module(path, refusals)
        for message in said:
            if not message.text:
                continue
            kept = found.setdefault((message.context, message.text), message)
            kept.plural = kept.plural or message.plural
            if name not in kept.places:
                kept.places.append(name)
    return list(found.values())


def in_template(path: Path) -> Iterator[Message]:
    """`{% translate %}`, `{% blocktranslate %}` and `_("…")` of a template."""
    spelled = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    for match in MARKED.finditer(spelled):
        call = _call_at(spelled, match.start())
        if call is None:
            raise Unreadable(f"{path}: {spelled[match.start() : match.start() + 60]!r}")
        yield from _of_call(call, path, frozenset())


def _call_at(text: str, start: int) -> ast.Call | None:
    end = text.find(")", start)
    while end != -1:
        try:
            made = ast.parse(text[start : end + 1], mode="eval").body
        except SyntaxError:
            end = text.find(")", end + 1)
            continue
        return made if isinstance(made, ast.Call) else None
    return None


def in_module(path: Path, refusals: frozenset[str] = frozenset(REFUSALS)) -> Iterator[Message]:
    """Calls of gettext and its like, of refusals and Said, and the labels of choices."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    brought = {name.name for node in nodes if isinstance(node, ast.ImportFrom) for name in node.names}
    made = {
        node.name
        for node in nodes
        if isinstance(node, ast.ClassDef) and refusals & set(map(_last, node.bases))
    }
    known = refusals & (brought | made)
    for node in nodes:
        if isinstance(node, ast.Call):
            yield from _of_call(node, path, known)
        elif isinstance(node, ast.ClassDef) and CHOICES & {_last(base) for base in node.bases}:
            yield from _labels(node)
        elif isinstance(node, ast.ClassDef) and node.name in made:
            yield from _of_its_own(node, path)


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _of_call(call: ast.Call, path: Path, refusals: frozenset[str]) -> Iterator[Message]:
    name = _last(call.func)
    if name in refusals:
        for given in call.args[:2]:
            yield from _optional(given, path)
    elif name == "require_role":
        yield from (Message(_text(word.value, path)) for word in call.keywords if word.arg == "to")
    elif name in SINGLE:
        yield Message(_text(call.args[0], path))
    elif name in PLURAL:
        yield Message(_text(call.args[0], path), _text(call.args[1], path))
    elif name in IN_CONTEXT:
        yield Message(_text(call.args[1], path), context=_text(call.args[0], path))


def _of_its_own(node: ast.ClassDef, path: Path) -> Iterator[Message]:
    """What the class of a refusal tells its parent: `super().__init__("…", "…")`."""
    for call in ast.walk(node):
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr == "__init__"
        ):
            for given in call.args[:2]:
                yield from _optional(given, path)


def _optional(given: ast.expr, path: Path) -> Iterator[Message]:
    """A refusal's sentence; what was put together elsewhere is marked there."""
    for node in [given.body, given.orelse] if isinstance(given, ast.IfExp) else [given]:
        if isinstance(node, ast.JoinedStr):
            raise Unreadable(f"{path}:{node.lineno}: give a refusal its values by name, not as an f-string")
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
            yield Message(node.value)


def _text(given: ast.expr, path: Path) -> str:
    if isinstance(given, ast.JoinedStr | ast.BinOp):
        raise Unreadable(f"{path}:{given.lineno}: only plain text can be translated")
    return str(given.value) if isinstance(given, ast.Constant) else ""  # or words that are marked elsewhere


def _labels(node: ast.ClassDef) -> Iterator[Message]:
    for line in node.body:
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Tuple):
            last = line.value.elts[-1]
            if isinstance(last, ast.Constant) and isinstance(last.value, str):
                yield Message(last.value)
