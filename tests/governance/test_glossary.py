"""The glossary holds every word that pages explain, and finds it by what people or policies call it."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client

from accounts.models import User
from policy.metrics import METRICS
from policy.terms import glossary, term_of

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


def test_every_metric_stands_in_it_with_its_source(cast: SimpleNamespace, client_of: ClientOf) -> None:
    page = client_of(cast.viktor).get("/glossary/").content.decode()
    missing = [name for name in METRICS if f'id="word-{name}"' not in page]
    assert missing == []
    assert all(term.meaning and term.source for terms in glossary().values() for term in terms.values())
    assert "Hanley and McNeil 1982" in page


@pytest.mark.parametrize(
    ("asked", "name"), [("gini", "gini"), ("four-fifths", "selection_rate_ratio"), ("1950 brier", "brier")]
)
def test_it_is_searched_by_word_and_by_source(
    asked: str, name: str, cast: SimpleNamespace, client_of: ClientOf
) -> None:
    page = client_of(cast.viktor).get("/glossary/", {"q": asked}).content.decode()
    assert f'id="word-{name}"' in page
    assert 'id="word-tier_confirmed"' not in page


def test_a_word_that_nobody_explained_is_said_to_be_missing(
    cast: SimpleNamespace, client_of: ClientOf
) -> None:
    page = client_of(cast.viktor).get("/glossary/", {"q": "zzzz"}).content.decode()
    assert "No word matches" in page


def test_the_palette_goes_to_the_word(cast: SimpleNamespace, client_of: ClientOf) -> None:
    page = client_of(cast.viktor).get("/search/", {"q": "gini"}).content.decode()
    term = term_of("gini")
    assert term is not None
    assert "/glossary/#word-gini" in page and term.label in page
