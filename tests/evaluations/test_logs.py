"""The log of a run: what its maker needs to see, and nothing that a page or a machine must not show."""

import pytest

from evaluations.logs import CUT, LONGEST, RunLog, clean
from tests.conftest import AT


def log(before: str = "", attempt: int = 1) -> RunLog:
    return RunLog(before, attempt, AT)


def test_steps_have_their_time_and_stand_once() -> None:
    told = log()
    for step in ("Reading", "Reading", "Predicting"):
        told.step(step, AT)
    clock = AT.strftime("%H:%M:%S")
    assert told.text == f"{clock}  Reading\n{clock}  Predicting\n"


def test_output_comes_in_pieces_and_is_read_in_lines() -> None:
    told = log()
    told.said("Ünfit ".encode()[:1])
    told.said("Ünfit ".encode()[1:] + b"feature\nsec")
    assert told.text == "  Ünfit feature\n  sec\n"
    told.said(b"ond\n")
    assert told.text == "  Ünfit feature\n  second\n"


CLEANED = [
    ('File "/srv/countersign/var/jobs/run-1/model.py", line 3', 'File "model.py", line 3'),
    ("cannot open /etc/passwd: denied", "cannot open passwd: denied"),
    ("see https://example.org/docs/a for more", "see https://example.org/docs/a for more"),
    ("ratio 1/2 and a / b", "ratio 1/2 and a / b"),
    ("\x1b[31mred\x1b[0m and \x1b]0;title\x07gone", "red and gone"),
    ("10%\r50%\r100%", "100%"),
    ("zero\x00byte \u202eesrever", "zerobyte esrever"),
    ("ends with return\r", "ends with return"),
]


@pytest.mark.parametrize(("said", "kept"), CLEANED)
def test_a_line_is_cleaned(said: str, kept: str) -> None:
    assert clean(said) == kept


def test_a_flood_keeps_its_end() -> None:
    told = log()
    for number in range(30_000):
        told.said(b"line %d\n" % number)
    assert len(told.text) <= LONGEST
    assert told.text.startswith(CUT + "  line ")
    assert told.text.endswith("  line 29999\n")


def test_one_endless_line_is_no_way_around_the_limit() -> None:
    told = log()
    for _ in range(50):
        told.said(b"x" * LONGEST)
    assert len(told.text) <= LONGEST


def test_what_an_earlier_attempt_said_stays_above() -> None:
    told = log("08:00:00  Predicting\n", attempt=2)
    told.step("Reading", AT)
    first, second, third = told.text.splitlines()
    assert first == "08:00:00  Predicting"
    assert second.endswith("Attempt 2: the one before did not end.")
    assert third.endswith("Reading")
