"""What dates, numbers, names and digests read like."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from governance.templatetags import wording

TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DIGEST = "sha256:7d1f3c9e52b86a0f4c1d9e7735a1b2c3d4e5f60718293a4b5c6d7e8fb04a52e8"


@pytest.mark.parametrize(
    ("when", "state", "words"),
    [
        (date(2026, 11, 18), "over", "3 days overdue"),
        (date(2026, 11, 20), "over", "1 day overdue"),
        (date(2026, 11, 21), "soon", "today"),
        (date(2026, 11, 22), "soon", "tomorrow"),
        (date(2026, 11, 28), "soon", "in 7 days"),
        (date(2026, 11, 29), "", "in 8 days"),
    ],
)
def test_a_date_says_how_far_it_is(when: date, state: str, words: str) -> None:
    assert wording.due_state(when, TODAY) == state
    assert wording.distance(when, TODAY) == words


def test_the_year_stands_only_beside_dates_of_other_years() -> None:
    assert wording.short_date(date(2026, 11, 24), TODAY) == "24 Nov"
    assert wording.short_date(date(2027, 11, 24), TODAY) == "24 Nov 2027"
    assert wording.short_date(None) == "–"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (10, "just now"),
        (125, "2 min ago"),
        (7300, "2 h ago"),
        (86_400, "1 day ago"),
        (-3 * 86_400, "in 3 days"),
    ],
)
def test_moments_read_as_their_distance(seconds: int, words: str) -> None:
    assert wording.ago(NOW - timedelta(seconds=seconds), NOW) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ((0.801, 0.823), "[0.801, 0.823]"),
        ({"low": -0.0412, "high": 0.1}, "[−0.041, 0.100]"),
        (SimpleNamespace(low=0.5, high=0.75), "[0.500, 0.750]"),
        (SimpleNamespace(low=None, high=0.75), ""),
        (None, ""),
    ],
)
def test_an_interval_needs_both_its_ends(value: Any, words: str) -> None:
    assert wording.interval(value) == words


def test_zero_is_a_number_and_nothing_is_a_dash() -> None:
    assert wording.number(0.0) == "0.000"
    assert wording.number(None) == "–"
    assert wording.percent(0.628) == "62.8%"
    assert wording.percent(None) == "–"


def test_long_digests_are_shortened_and_short_names_are_not() -> None:
    assert wording.short_digest(DIGEST) == "sha256:7d1f3c9e…b04a52e8"
    assert wording.short_digest("mlflow:12") == "mlflow:12"
    assert wording.short_digest(None) == "–"


@pytest.mark.parametrize(
    ("length", "words"),
    [(0.44, "0.4 s"), (48, "48 s"), (374, "6 min 14 s"), (7500, "2 h 5 min"), (3600, "1 h")],
)
def test_durations_keep_two_units(length: float, words: str) -> None:
    assert wording.duration(length) == words
    assert wording.duration(timedelta(seconds=length)) == words


def test_many_names_are_counted() -> None:
    assert wording.listed([]) == ""
    assert wording.listed(["Ada"]) == "Ada"
    assert wording.listed(["Ada", "Per"]) == "Ada or Per"
    assert wording.listed(["Ada", "Per", "Eva", "Bo", "Liv"]) == "Ada, Per, Eva and 2 more"
