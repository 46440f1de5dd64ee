"""Which model takes answers from which: no circles, and everything up and down the walk is found."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.refusals import Conflict, Invalid
from audit.models import Event
from registry.actions import record_deployment, retire_model, set_dependencies, suspend_model
from registry.dependencies import neighbourhood, routes, way_back
from registry.models import ModelDependency, RegisteredModel
from tests.builders import a_model, a_version
from tests.conftest import AT, actor_of_user

NODES = st.integers(0, 7)
GRAPHS = st.dictionaries(NODES, st.lists(NODES, max_size=4), max_size=8)


@given(GRAPHS, NODES, st.lists(NODES, min_size=1, max_size=3))
def test_a_circle_is_found_if_and_only_if_one_would_close(
    edges: dict[int, list[int]], model: int, wanted: list[int]
) -> None:
    def reaches(start: int) -> set[int]:
        seen, waiting = set[int](), [start]
        while waiting:
            here = waiting.pop()
            if here not in seen:
                seen.add(here)
                waiting += edges.get(here, [])
        return seen

    circle = way_back(edges, model, wanted)

    assert bool(circle) == any(model in reaches(first) for first in wanted)
    if circle:
        assert circle[0] == circle[-1] == model
        assert circle[1] in wanted
        steps = list(zip(circle[1:], circle[2:], strict=False))
        assert all(after in edges[before] for before, after in steps)


@given(GRAPHS, NODES)
def test_each_way_is_a_walk_along_the_edges(edges: dict[int, list[int]], start: int) -> None:
    for end, way in routes(edges, start).items():
        assert way[-1] == end != start
        here = start
        for after in way:
            assert after in edges[here]
            here = after


@pytest.fixture
def chain(cast: SimpleNamespace) -> list[RegisteredModel]:
    """Letters takes the answer of Income, and Income that of Score."""
    letters, income, score = (a_model(cast, slug) for slug in ("letters", "income", "score"))
    depend(cast, letters, income=" Its estimate orders the letters. ")
    depend(cast, income, score="")
    return [letters, income, score]


def depend(cast: SimpleNamespace, model: RegisteredModel, **depends_on: str) -> None:
    set_dependencies(model=model, depends_on=depends_on, actor=actor_of_user(cast.olga), at=AT)


def test_near_and_far_models_are_found_with_the_way_between(
    cast: SimpleNamespace, chain: list[RegisteredModel]
) -> None:
    letters, income, score = chain
    version = a_version(cast, letters)
    record_deployment(
        version=version, environment="production", decision_id="d", actor=actor_of_user(cast.dev), at=AT
    )

    near = neighbourhood(score, None)
    assert near.upstream == []
    assert [(row.name, list(row.via)) for row in near.downstream] == [
        ("Income", []),
        ("Letters", ["Income"]),
    ]
    assert [row.version for row in near.downstream[1].live] == [version]
    assert [row.name for row in neighbourhood(letters, None).upstream] == ["Income", "Score"]
    assert neighbourhood(letters, None).upstream[0].note == "Its estimate orders the letters."
    suspend_model(model=score, reason="A wrong feed", actor=actor_of_user(cast.ada), at=AT)
    assert [row.name for row in neighbourhood(letters, None).stopped_upstream] == ["Score"]


def test_the_walk_costs_three_questions_however_long_it_is(
    chain: list[RegisteredModel], django_assert_num_queries: object
) -> None:
    for model in chain:
        with django_assert_num_queries(3):  # type: ignore[operator]
            neighbourhood(model, None)


def test_a_circle_is_refused_with_its_path(cast: SimpleNamespace, chain: list[RegisteredModel]) -> None:
    letters, _, score = chain
    with pytest.raises(Invalid, match="Score → Letters → Income → Score") as refused:
        depend(cast, score, letters="")
    assert refused.value.field == "depends_on"
    with pytest.raises(Invalid, match="its own answers"):
        depend(cast, letters, letters="")
    assert not score.dependencies.exists()


def test_the_list_replaces_the_one_before_in_one_event(
    cast: SimpleNamespace, chain: list[RegisteredModel]
) -> None:
    letters = chain[0]
    depend(cast, letters, score="Directly")
    depend(cast, letters, score="Directly")

    assert list(letters.dependencies.values_list("depends_on__slug", "note")) == [("score", "Directly")]
    events = Event.objects.filter(verb="model.dependencies_changed", subject="model:letters").order_by("id")
    assert [event.detail for event in events] == [
        {"was": {}, "is": {"income": "Its estimate orders the letters."}},
        {"was": {"income": "Its estimate orders the letters."}, "is": {"score": "Directly"}},
    ]


def test_unknown_and_retired_models_are_refused_and_kept_ones_stay(
    cast: SimpleNamespace, chain: list[RegisteredModel]
) -> None:
    letters, income, score = chain
    retire_model(model=score, reason="Replaced", actor=actor_of_user(cast.olga), at=AT)

    with pytest.raises(Invalid, match="no model nowhere"):
        depend(cast, letters, nowhere="")
    with pytest.raises(Invalid, match="Score is retired"):
        depend(cast, letters, score="")
    depend(cast, income, score="Kept until its successor is there")
    with pytest.raises(Conflict, match="retired for good"):
        depend(cast, score)
    assert ModelDependency.objects.count() == 2
