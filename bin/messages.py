"""`python bin/messages.py [--check | --merge]`: the words of the pages and their translations (docs/translating.md).

Without a flag, brings every catalogue up to date with the code: messages that are new are added without a translation,
messages that nothing says any more are dropped, and the .mo that the site reads is written anew.
`--check` changes nothing and fails on what is missing. `--merge` settles a conflict that git left in a catalogue.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bin.wordings import BRACES, PERCENTS, Message, messages_of_site  # noqa: E402

LOCALES = ROOT / "locale"
CATALOGUES = sorted(LOCALES.glob("*/LC_MESSAGES/django.po"))
WIDTH = 110
RULES = {"de": "nplurals=2; plural=(n != 1);"}


def brought_up(old: polib.POFile, messages: Iterable[Message], language: str) -> polib.POFile:
    """The catalogue with exactly these messages, in the order of the places that say them."""
    known = {(entry.msgctxt, entry.msgid): entry for entry in old}
    new = polib.POFile(wrapwidth=WIDTH)
    new.metadata = {
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": RULES[language],
    }
    for message in messages:
        before = known.get((message.context or None, message.text))
        entry = polib.POEntry(msgid=message.text, msgctxt=message.context or None, comment=message.note)
        entry.occurrences = [(place, "") for place in message.places]
        if message.plural:
            forms = before.msgstr_plural if before else {}
            entry.msgid_plural = message.plural
            entry.msgstr_plural = {place: forms.get(place, "") for place in (0, 1)}
        elif before:
            entry.msgstr = before.msgstr
        if BRACES.search(message.text):
            entry.flags = ["python-brace-format"]
        elif PERCENTS.search(message.text + (message.plural or "")):
            entry.flags = ["python-format"]
        new.append(entry)
    return new


def complaints(catalogue: polib.POFile) -> list[str]:
    """What is wrong with the translations: none, unsure, or with other values in them than the English."""
    found = []
    for entry in catalogue:
        if not entry.translated():
            found.append(f"not translated: {entry.msgid}")
            continue
        forms = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
        for form in forms:
            if not _values(form) <= _values(entry.msgid + (entry.msgid_plural or "")):
                found.append(f"names other values: {entry.msgid} → {form}")
        wanted = _values(entry.msgid_plural or entry.msgid)
        if _values(forms[-1]) != wanted:
            found.append(f"leaves values out: {entry.msgid} → {forms[-1]}")
        if any(entry.msgid[place].isspace() != form[place].isspace() for form in forms for place in (0, -1)):
            found.append(f"begins or ends with another space: {entry.msgid}")
    return found


def _values(text: str) -> set[str]:
    return {*BRACES.findall(text), *PERCENTS.findall(text)}


def stale(path: Path) -> list[str]:
    """What the committed catalogue at this path lacks, or has that nothing says, or tells otherwise than its .mo."""
    old = polib.pofile(str(path), wrapwidth=WIDTH)
    new = brought_up(old, messages_of_site(), path.parent.parent.name)
    found = complaints(new)
    if str(old) != str(new):
        found.append(f"{path.name} is not what the code says now; run bin/messages.py")
    compiled = path.with_suffix(".mo")
    if not compiled.is_file() or compiled.read_bytes() != new.to_binary():
        found.append(f"{compiled.name} is not made from {path.name}; run bin/messages.py")
    return found


def bring_up(path: Path) -> list[str]:
    """Write the catalogue and its .mo; what is left for the translator."""
    new = brought_up(polib.pofile(str(path)), messages_of_site(), path.parent.parent.name)
    path.write_text(f"{new}", encoding="utf-8")
    path.with_suffix(".mo").write_bytes(new.to_binary())
    return complaints(new)


def merge(path: Path) -> None:
    """Put the two sides of a conflict together: the entries of both, ours where they differ, which it tells of."""
    ours, theirs = (_side(number, path) for number in (2, 3))
    known = {(entry.msgctxt, entry.msgid): entry for entry in ours}
    for entry in theirs:
        mine = known.get((entry.msgctxt, entry.msgid))
        if mine is None or not mine.translated():
            if mine is not None:
                ours.remove(mine)
            ours.append(entry)
        elif entry.translated() and (mine.msgstr, mine.msgstr_plural) != (entry.msgstr, entry.msgstr_plural):
            print(f"{path.name}: kept ours of {entry.msgid!r}: {mine.msgstr!r}, not {entry.msgstr!r}")
    path.write_text(f"{ours}", encoding="utf-8")


def _side(number: int, path: Path) -> polib.POFile:
    name = path.relative_to(ROOT).as_posix()
    text = subprocess.run(
        ["git", "show", f":{number}:{name}"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return polib.pofile(text)


def main() -> int:
    """As the docstring of the module says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say what is wrong")
    parser.add_argument("--merge", action="store_true", help="settle what git could not")
    given = parser.parse_args()
    found = []
    for path in CATALOGUES:
        if given.merge:
            merge(path)
        found += stale(path) if given.check else bring_up(path)
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
