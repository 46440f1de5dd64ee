"""Every word of the areas that are translated is marked, in the catalogue, and translated."""

import ast
import re
from pathlib import Path

import polib
import pytest

from bin import messages, wordings
from bin.leftovers import leftovers

ROOT = Path(__file__).resolve().parents[2]
AREAS_LEFT = 39
"""How many areas locale/not-yet.txt names. Whoever translates one takes it away there and counts down here."""


@pytest.mark.parametrize("path", messages.CATALOGUES, ids=lambda path: path.parts[-3])
def test_the_catalogue_says_all_and_is_what_the_site_reads(path: Path) -> None:
    assert messages.stale(path) == []


def test_there_is_a_second_language() -> None:
    assert [path.parts[-3] for path in messages.CATALOGUES] == ["de"]


@pytest.mark.parametrize("path", wordings.templates(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_template_holds_no_words_that_are_not_marked(path: Path) -> None:
    assert leftovers(path) == []


def test_the_list_of_what_is_not_translated_only_becomes_shorter() -> None:
    left = wordings.not_yet()
    assert len(left) <= AREAS_LEFT
    gone = [area for area in left if not list(ROOT.glob(f"{area}*"))]
    assert gone == [], "take them off the list"


def test_fields_of_forms_are_labelled_in_the_readers_language() -> None:
    """Django would make an English label of the name, and evaluate a plain gettext once for all readers."""
    found = [problem for path in wordings.modules() for problem in _unlabelled(path)]
    assert found == []


def _unlabelled(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    lazy = {
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
        if name.name == "gettext_lazy"
    }
    found = []
    for node in ast.walk(tree):
        if not (
            isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith("Form") for base in node.bases)
        ):
            continue
        for line in node.body:
            if not (isinstance(line, ast.Assign) and isinstance(line.value, ast.Call)):
                continue
            call = line.value
            if not ast.unparse(call.func).startswith("forms.") or "HiddenInput" in ast.unparse(call):
                continue
            given = {word.arg: word.value for word in call.keywords}
            wrong = "label" not in given or any(
                not (isinstance(given[name], ast.Call) and ast.unparse(given[name].func) in lazy)  # type: ignore[attr-defined]
                for name in ("label", "help_text")
                if name in given
            )
            if wrong:
                found.append(f"{path.name}:{line.lineno}")
    return found


@pytest.mark.parametrize(
    ("template", "left"),
    [
        ('<p>{% translate "Name" %}</p>', []),
        ("<p>Name</p>", ["Name"]),
        ('<a title="Open">{% icon "x" %}</a>', ['title="Open"']),
        ("<kbd>Enter</kbd> <code>pip</code> <b translate='no'>Acme Ltd</b>", []),
        ('{% include "partials/empty.html" with title="Nothing here" %}', ['"Nothing here"']),
        ('{% include "partials/empty.html" with title=_("Nothing here") shape="ok" %}', []),
        ('{{ name|default:"No name" }}', ['"No name"']),
        ("{% blocktranslate %}Some words{% endblocktranslate %}", []),
        ("{% if a %}and{% endif %}", ["and"]),
    ],
)
def test_what_counts_as_left_over(template: str, left: list[str], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(template)
    assert leftovers(page) == left


def test_a_refusal_cannot_hide_its_values_in_an_f_string(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('from accounts.refusals import Invalid\nInvalid(f"{name} is taken.")\n')
    with pytest.raises(wordings.Unreadable, match="by name"):
        list(wordings.in_module(module))


def test_words_are_found_in_code(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        "from accounts.refusals import Conflict\n"
        "class Kind(TextChoices):\n    A = 'a', 'First kind'\n"
        "class Taken(Conflict):\n    def __init__(self):\n        super().__init__('Taken.', 'Choose another.')\n"
        "raise Conflict('It is so.' if x else 'It is not.', field='name')\n"
        "ngettext('{n} thing', '{n} things', n)\n"
    )
    found = {(message.text, message.plural) for message in wordings.in_module(module)}
    assert found == {
        ("First kind", ""),
        ("Taken.", ""),
        ("Choose another.", ""),
        ("It is so.", ""),
        ("It is not.", ""),
        ("{n} thing", "{n} things"),
    }


@pytest.mark.parametrize(
    ("english", "german", "wrong"),
    [
        ("{name} is taken.", "{name} ist vergeben.", False),
        ("{name} is taken.", "{nam} ist vergeben.", True),
        ("{name} is taken.", "Vergeben.", True),
        ("It is taken.", "", True),
        (" and more", "und mehr", True),
    ],
)
def test_a_wrong_translation_is_found(english: str, german: str, wrong: bool) -> None:
    catalogue = polib.POFile()
    catalogue.append(polib.POEntry(msgid=english, msgstr=german))
    assert bool(messages.complaints(catalogue)) is wrong


@pytest.mark.parametrize(
    "sheet", sorted((ROOT / "static" / "css").glob("*.css")), ids=lambda sheet: sheet.name
)
def test_style_sheets_of_pages_know_no_left_and_right(sheet: Path) -> None:
    """So that a page can be read from right to left. Reports are on paper, in English."""
    if sheet.name == "report.css":
        return
    sides = r"(?:left|right)"
    sided = rf"(?:margin|padding|border)-{sides}\b(?!-radius)|[;{{ ]{sides}\s*:|text-align:\s*{sides}"
    assert re.findall(sided, sheet.read_text(encoding="utf-8")) == []
