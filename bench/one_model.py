"""`python -m bench.one_model`: one model, and the key of a pipeline that registers versions of it."""

import json
import sys
from types import SimpleNamespace

import django

django.setup()

from accounts.actions import create_key  # noqa: E402
from accounts.models import RoleGrant, Scope, User  # noqa: E402
from tests import builders  # noqa: E402
from tests.conftest import AT, PASSWORD, PEOPLE, actor_of_user  # noqa: E402


def make() -> dict[str, str]:
    """Its slug and the key."""
    cast = SimpleNamespace()
    for username, (first, last, role) in PEOPLE.items():
        user = User.objects.create_user(username, password=PASSWORD, first_name=first, last_name=last)
        RoleGrant.objects.create(user=user, role=role, granted_at=AT)
        setattr(cast, username, user)
    model = builders.a_model(cast)
    _, fresh = create_key(
        name="bench",
        scopes=[Scope.REGISTRY_WRITE],
        owner=cast.dev,
        expires_at=None,
        actor=actor_of_user(cast.adam),
        at=AT,
    )
    return {"key": fresh.text, "model": model.slug}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(make()))
