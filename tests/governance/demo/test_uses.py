"""What the demo's inventory says of its models: true to the product's own rules, without training anything."""

from types import SimpleNamespace

import pytest

from governance.demo.cast import create_cast
from governance.demo.portfolio import Model
from governance.demo.training.profiles import FOLDER, Profile, load_profile
from governance.demo.uses import CONTACT, define_fields, entry_in_demo, tie, uses
from registry.actions import create_model
from registry.dependencies import neighbourhood
from registry.models import RegisteredModel
from tests.conftest import AT, actor_of_user

SLUGS = sorted(path.stem for path in FOLDER.glob("*.yaml"))


def described(profile: Profile) -> Model:
    return Model(
        slug=profile.slug,
        name=profile.name,
        kind=profile.kind,
        purpose=profile.purpose,
        decides=profile.decides,
        business_line=profile.business_line,
        answers=profile.answers,
        flags=profile.flags,
        expected_tier=profile.expected_tier,
        notes=profile.notes,
        versions=(),
    )


def test_every_model_of_the_demo_has_its_facts() -> None:
    assert sorted(uses()) == SLUGS


@pytest.mark.django_db
def test_the_facts_are_taken_by_the_products_own_actions() -> None:
    cast = create_cast(actor=actor_of_user(SimpleNamespace(ref="system:test", name="Test")), at=AT)  # type: ignore[arg-type]
    olga, dev = cast["olga"], cast["dev"]
    define_fields(cast, AT)
    made: dict[str, RegisteredModel] = {}
    for slug in SLUGS:
        entry = entry_in_demo(described(load_profile(slug)), owner=olga.user, developers=[dev.user])
        made[slug] = create_model(slug=slug, entry=entry, actor=olga.actor, at=AT)
    tie(made, cast, AT)

    near = neighbourhood(made["consumer-credit"], None)
    assert [row.model.slug for row in near.downstream if row.model] == ["vendor-affordability"]
    assert made["consumer-credit"].custom == {CONTACT: "viktor"}
    assert made["vendor-affordability"].supplier == "Solvela Analytics"
    assert [tag.name for tag in made["consumer-credit"].tags.all()] == ["retail", "scorecard"]
