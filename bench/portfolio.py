"""`python -m bench.portfolio [MODELS [EVENTS]]`: a portfolio like the demo's, made by actions, with figures instead of
measurements.

MODELS more are put straight into the database, ten versions each, and listed in the inventory; so are EVENTS of the
audit trail.
"""

import json
import sys
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.actions import create_key  # noqa: E402
from accounts.models import RoleGrant, User  # noqa: E402
from audit.identity import uuid7  # noqa: E402
from audit.models import Event  # noqa: E402
from audit.verbs import Verb  # noqa: E402
from governance.portfolio.upkeep import catch_up  # noqa: E402
from registry.models import ModelKind, ModelVersion, RegisteredModel, VersionSource  # noqa: E402
from riskreview.models import TierAssessment  # noqa: E402
from riskreview.tiering.use import use_of  # noqa: E402
from tests import builders  # noqa: E402
from tests.conftest import AT, PASSWORD, PEOPLE, actor_of_user  # noqa: E402

MODELS, VERSIONS, CHUNK = 12, 10, 50_000
VERBS = (
    Verb.GATE_DENIED,
    Verb.GATE_ALLOWED,
    Verb.CARD_REVISED,
    Verb.EVALUATION_SUCCEEDED,
    Verb.REVIEW_SIGNED,
)
USES: tuple[list[str], ...] = (["credit"], [], ["employment", "profiling"], [])
PLACES: tuple[list[str], ...] = (["EU"], ["EU", "US-NY"], ["US"], [])
SUBJECTS = ("credit", "fraud", "churn", "pricing", "claims", "triage", "demand", "collections")


def make() -> dict[str, str]:
    """Twelve models that are ready, the first of them signed; what the benchmark needs to know about them."""
    cast = SimpleNamespace()
    for username, (first, last, role) in PEOPLE.items():
        user = User.objects.create_user(username, password=PASSWORD, first_name=first, last_name=last)
        RoleGrant.objects.create(user=user, role=role, granted_at=AT)
        setattr(cast, username, user)
    builders.active_policy(cast)
    versions: list[ModelVersion] = [builders.ready_to_sign(cast, slug=f"model-{n}") for n in range(MODELS)]
    review = versions[0].reviews.get()
    builders.a_signature(review, cast.viktor, "validator")
    builders.a_signature(review, cast.ada, "risk_officer")
    key, fresh = create_key(
        name="bench",
        scopes=["gate", "registry:read"],
        owner=cast.dev,
        expires_at=None,
        actor=actor_of_user(cast.adam),
        at=AT,
    )
    return {"key": fresh.text, "prefix": key.prefix, "model": versions[0].model.slug, "password": PASSWORD}


def again(row: Any, **changes: Any) -> Any:
    """A new row like this one, under an identity of its own."""
    values = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not (field.primary_key or field.name in changes or field.unique and field.has_default())
    }
    return type(row)(**(values | changes))


def fill(models: int) -> None:
    """So many models with a tier and their versions, and the inventory's rows for them."""
    owners = list(User.objects.order_by("pk"))
    made = RegisteredModel.objects.bulk_create(
        RegisteredModel(
            slug=f"use-{number}",
            name=f"{SUBJECTS[number % len(SUBJECTS)].capitalize()} model {number}",
            purpose=f"Number {number} of a large portfolio, about {SUBJECTS[number % len(SUBJECTS)]}.",
            business_line=f"Line {number % 20}",
            kind=ModelKind.values[number % 3],
            jurisdictions=PLACES[number % len(PLACES)],
            regulated_uses=USES[number % len(USES)],
            owner=owners[number % len(owners)],
            created_at=AT,
        )
        for number in range(models)
    )
    ModelVersion.objects.bulk_create(
        (
            ModelVersion(
                model=model,
                version=str(number + 1),
                source=VersionSource.UPLOAD,
                artifact_digest=f"sha256:{model.pk:032x}{number:032x}",
                size=1,
                file_count=1,
                registered_by=model.owner,
                registered_at=AT,
            )
            for model in made
            for number in range(VERSIONS)
        ),
        batch_size=5_000,
    )
    tier = TierAssessment.objects.filter(confirmed_by__isnull=False).order_by("pk")[0]
    TierAssessment.objects.bulk_create(again(tier, model=model, use=use_of(model)) for model in made)
    while catch_up(at=timezone.now()):
        pass


def fill_trail(events: int) -> None:
    """So many events about the models that `fill` made, as old as a busy year."""
    for start in range(0, events, CHUNK):
        numbers = range(start, min(start + CHUNK, events))
        Event.objects.bulk_create(
            [
                Event(
                    id=uuid7(),
                    verb=VERBS[number % len(VERBS)],
                    subject=f"model:use-{number % 10_000}/version:{number % VERSIONS + 1}",
                    actor=f"user:person-{number % 500}",
                    actor_name=f"Person {number % 500}",
                    authenticated_by="password",
                    at=AT + timedelta(seconds=30 * number),
                    detail={"environment": "production"},
                    payload="{}",
                )
                for number in numbers
            ],
            batch_size=5_000,
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    told = make()
    if len(sys.argv) > 1:
        fill(int(sys.argv[1]))
    if len(sys.argv) > 2:
        fill_trail(int(sys.argv[2]))
    sys.stdout.write(json.dumps(told))
