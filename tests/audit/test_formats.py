"""Events as lines for other systems, read back by readers that share nothing with the writers."""

import json
import re
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from audit.actions import columns_of
from audit.canonical import canonical
from audit.formats import SEVERITY, cef_line, json_line
from audit.identity import uuid7
from audit.models import Event, LogEntry
from audit.verbs import Outcome, Verb

AT = datetime(2026, 11, 21, 9, 30, 0, 250_000, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
ODD = st.text(st.sampled_from("ab|=\\ \n\r\u2028\x85é🜁"), max_size=40)
KEY = re.compile(r"(?:^|(?<= ))([A-Za-z0-9]+)=")


def an_event(verb: Verb, **given: object) -> Event:
    event = Event(id=uuid7(), verb=verb.value, at=AT, **given)
    event.payload = canonical(columns_of(event))
    LogEntry(seq=7, event=event, leaf_hash="")  # which the event then knows
    return event


def read_cef(line: str) -> tuple[list[str], dict[str, str]]:
    """As the format's description says: seven parts by bare pipes, then keys before bare equals signs."""
    parts = _split(line)
    header, extension = parts[:7], parts[7]
    keys = [found for found in KEY.finditer(extension) if not _escaped(extension, found.end() - 1)]
    values = {}
    for number, found in enumerate(keys):
        end = keys[number + 1].start() - 1 if number + 1 < len(keys) else len(extension)
        values[found[1]] = _plain(extension[found.end() : end])
    return [_plain(part) for part in header], values


def _split(line: str) -> list[str]:
    parts, start = list[str](), 0
    for place, letter in enumerate(line):
        if letter == "|" and len(parts) < 7 and not _escaped(line, place):
            parts.append(line[start:place])
            start = place + 1
    return [*parts, line[start:]]


def _escaped(text: str, place: int) -> bool:
    return (len(text[:place]) - len(text[:place].rstrip("\\"))) % 2 == 1


def _plain(text: str) -> str:
    letters = {"n": "\n", "r": "\r"}
    return re.sub(r"\\(.)", lambda found: letters.get(found[1], found[1]), text)


def seen(text: str) -> str:
    """What CEF can say of a text: other ends of lines than CR and LF are spaces."""
    return re.sub("[\v\f\x1c\x1d\x1e\x85\u2028\u2029]", " ", text)


@settings(max_examples=60, deadline=None)
@given(verb=st.sampled_from(list(Verb)), subject=ODD | TEXT, name=ODD | TEXT, reason=ODD | TEXT)
def test_what_cef_says_is_read_back(verb: Verb, subject: str, name: str, reason: str) -> None:
    event = an_event(verb, subject=subject, actor="user:ada", actor_name=name, detail={"reason": reason})
    line = cef_line("1|2\\3", "https://countersign.example")(event)
    assert len(line.splitlines()) == 1
    header, values = read_cef(line)
    assert header == ["CEF:0", "Countersign", "Countersign", "1|2\\3", verb.value, verb.label, header[6]]
    assert 0 <= int(header[6]) <= 10
    assert values["cs1"] == seen(subject) and values["suser"] == seen(name)
    assert values["cs4"] == seen(canonical({"reason": reason}))
    assert values["rt"] == str(int(AT.timestamp() * 1000)) and values["externalId"] == str(event.id)
    assert values["act"] == verb.value and values["request"].endswith(f"/audit/events/{event.id}/")


@settings(max_examples=40, deadline=None)
@given(subject=ODD | TEXT, reason=ODD | TEXT)
def test_a_line_of_json_is_one_line_that_holds_the_whole_payload(subject: str, reason: str) -> None:
    event = an_event(Verb.GATE_DENIED, subject=subject, actor="user:ada", detail={"reason": reason})
    line = json_line(event)
    assert "\n" not in line and "\r" not in line
    told = json.loads(line)
    assert told.pop("seq") == 7
    assert canonical(told) == event.payload


def test_every_outcome_has_a_severity() -> None:
    assert set(SEVERITY) == set(Outcome)
