"""What the demo's inventory says about each use: facts beyond the training's own, ties between models, one field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import ClassVar

import yaml
from pydantic import ConfigDict, TypeAdapter

from accounts.models import User
from governance.demo.cast import Cast
from governance.demo.portfolio import STRICT, Model
from registry.actions import FieldEntry, define_field, set_dependencies, tag_model
from registry.entries import ModelEntry
from registry.models import FieldKind, Origin, RegisteredModel

FILE = Path(__file__).with_name("uses.yaml")
CONTACT = "model-risk-contact"


@dataclass(frozen=True)
class Use:
    """The inventory's facts about one model."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    products: str = ""
    expected_use: str = ""
    actual_use: str = ""
    restrictions: str = ""
    team: str = ""
    origin: str = Origin.IN_HOUSE
    supplier: str = ""
    jurisdictions: Sequence[str] = ()
    regulated_uses: Sequence[str] = ()
    custom: Mapping[str, str] = field(default_factory=dict)
    depends_on: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] = ()


@cache
def uses() -> dict[str, Use]:
    """Slug → facts. Raises pydantic.ValidationError naming each wrong or unknown field."""
    return TypeAdapter(dict[str, Use]).validate_python(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def define_fields(cast: Cast, at: datetime) -> None:
    """The one field that this organisation asks for beyond the usual."""
    entry = FieldEntry(
        label="Model risk contact",
        help="Whom model risk management calls about it.",
        required_from="moderate",
    )
    define_field(key=CONTACT, kind=FieldKind.PERSON, entry=entry, actor=cast["adam"].actor, at=at)


def entry_in_demo(described: Model, *, owner: User, developers: Sequence[User]) -> ModelEntry:
    """The entry of a model as its owner would fill it in."""
    use = uses().get(described.slug, Use())
    return ModelEntry(
        name=described.name,
        purpose=described.purpose,
        decides=described.decides,
        business_line=described.business_line,
        kind=described.kind,
        owner=owner,
        developers=developers,
        products=use.products,
        expected_use=use.expected_use,
        actual_use=use.actual_use,
        restrictions=use.restrictions,
        team=use.team,
        origin=use.origin,
        supplier=use.supplier,
        jurisdictions=use.jurisdictions,
        regulated_uses=use.regulated_uses,
        custom=use.custom,
    )


def tie(models: Mapping[str, RegisteredModel], cast: Cast, at: datetime) -> None:
    """Dependencies and tags, once every model is there."""
    olga = cast["olga"].actor
    for slug, model in models.items():
        use = uses().get(slug, Use())
        set_dependencies(model=model, depends_on=use.depends_on, actor=olga, at=at)
        tag_model(model=model, add=use.tags, actor=olga, at=at)
