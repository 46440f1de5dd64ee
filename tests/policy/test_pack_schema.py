"""The published schema refuses the shapes that the loader refuses, and nothing that the loader takes."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from policy import pack, pack_requirements, plan
from policy.pack import DEFAULT, PackError, load_pack
from policy.pack_schema import SHAPES, pack_schema
from tests.policy.test_pack_refusals import CHANGES, SMALL

VALIDATOR = Draft202012Validator(pack_schema())
PACKS = sorted(DEFAULT.parent.glob("*.yaml"))
ONLY_THE_LOADER = (
    "stands twice",
    "asked for twice",
    "is never used",
    "There is no requirement",
    "No check is meant for",
    "so this check is never used",
    "needs a lower and a higher number",
    "planned twice",
)
"""What one part of a pack says about another."""
NOT_OF_THE_PARSED = {"merge key", "object tag", "duplicate key", "duplicate nested key", "limit nan"}
"""What a parser has resolved or refused before a schema sees it, and a number that JSON does not have."""


def refused_by_loader(text: str) -> str:
    try:
        load_pack(text, source="x.yaml")
    except PackError as error:
        return error.problem
    return ""


def refused_by_schema(content: object) -> bool:
    return not VALIDATOR.is_valid(content)


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
def test_every_pack_of_ours_validates(path: Any) -> None:
    assert len(PACKS) >= 3
    VALIDATOR.validate(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize(
    ("before", "after"),
    [case[1:3] for case in CHANGES if case[0] not in NOT_OF_THE_PARSED],
    ids=[case[0] for case in CHANGES if case[0] not in NOT_OF_THE_PARSED],
)
def test_a_shape_that_the_loader_refuses_is_refused_by_the_schema(before: str, after: str) -> None:
    text = SMALL.replace(before, after, 1)
    problem = refused_by_loader(text)
    by_relation = any(words in problem for words in ONLY_THE_LOADER)
    assert problem and (by_relation or refused_by_schema(yaml.safe_load(text))), problem


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value within, outermost first."""
    inner = (
        content.items()
        if isinstance(content, dict)
        else enumerate(content)
        if isinstance(content, list)
        else ()
    )
    return [
        *([path] if path else []),
        *(place for key, value in inner for place in places(value, (*path, key))),
    ]


def at(content: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        content = content[key]
    return content


def put(value: Any) -> Callable[[Any, Any], None]:
    def change(parent: Any, key: Any) -> None:
        parent[key] = copy.deepcopy(value)

    return change


def remove(parent: Any, key: Any) -> None:
    del parent[key]


def add_key(parent: Any, key: Any) -> None:
    if isinstance(parent, dict):
        parent["surprise"] = "yes, please"


PLAN = "plan:\n- {evaluation: privacy, dataset_role: test, max_age: 9d, settings: {a: 1}, tiers: [low]}\n"
CONTENT = yaml.safe_load(
    SMALL.replace("decision_valid_for: 15m", "decision_valid_for: 15m\nformats: [onnx]").replace(
        "environments:\n",
        f"{PLAN}environments:\n",
    )
)
VALUES: tuple[Any, ...] = (
    "words",
    "",
    " ",
    7,
    -1,
    0.5,
    True,
    [],
    ["words"],
    [7],
    {},
    {"words": 1},
    "90d",
    float("inf"),
    10**12,
)
MUTATIONS = st.tuples(
    st.sampled_from(places(CONTENT)), st.sampled_from([remove, add_key, *(put(value) for value in VALUES)])
)


@settings(max_examples=150, deadline=None)
@given(MUTATIONS)
def test_schema_and_loader_agree_about_whatever_is_done_to_a_pack(
    mutation: tuple[tuple[Any, ...], Callable[[Any, Any], None]],
) -> None:
    path, change = mutation
    content = copy.deepcopy(CONTENT)
    change(at(content, path[:-1]), path[-1])
    problem = refused_by_loader(yaml.safe_dump(content, sort_keys=False))
    if any(words in problem for words in ONLY_THE_LOADER):
        return
    assert refused_by_schema(content) == bool(problem), (path, problem)


def test_every_key_that_the_loader_knows_has_a_shape() -> None:
    described = pack_schema()["properties"]
    assert {*described} == {key for keys in pack.FIELDS for key in keys}
    assert all({*shape} - {"description"} for shape in described.values())
    tables = [
        *pack_requirements.FIELDS.values(),
        pack_requirements.COMMON,
        pack_requirements.CHECK_FIELDS,
        plan.FIELDS,
    ]
    known = {key for table in tables for keys in table for key in keys}
    assert known - {*SHAPES} == {"id", "kind", "checks", "metric"}  # whose shape depends on the kind
