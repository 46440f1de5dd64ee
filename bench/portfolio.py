"""`python -m bench.portfolio`: a portfolio like the demo's, made by actions, with figures instead of measurements."""

import json
import sys
from types import SimpleNamespace

import django

django.setup()

from accounts.actions import create_key  # noqa: E402
from accounts.models import RoleGrant, User  # noqa: E402
from registry.models import ModelVersion  # noqa: E402
from tests import builders  # noqa: E402
from tests.conftest import AT, PASSWORD, PEOPLE, actor_of_user  # noqa: E402

MODELS = 12


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
        name="bench", scopes=["gate"], owner=cast.dev, expires_at=None, actor=actor_of_user(cast.adam), at=AT
    )
    return {"key": fresh.text, "prefix": key.prefix, "model": versions[0].model.slug, "password": PASSWORD}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(make()))
