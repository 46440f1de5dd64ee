"""`python -m tests.faults.ready`: a version that production allows, another to measure, and keys; told as JSON."""

import json
import sys
from types import SimpleNamespace

import django

django.setup()

from accounts.actions import create_key, create_user, grant_role  # noqa: E402
from accounts.models import Scope  # noqa: E402
from audit.actor import Actor  # noqa: E402
from audit.keyring import introduce  # noqa: E402
from tests import builders  # noqa: E402
from tests.conftest import AT, PASSWORD, PEOPLE, actor_of_user  # noqa: E402

DRILL = Actor.system("drill")
DATASETS = 4  # one run at a time measures a version on each


def make() -> dict[str, str]:
    """What whoever breaks things needs to know."""
    cast = SimpleNamespace()
    introduce(actor=DRILL, at=AT)
    for username, (first, last, role) in PEOPLE.items():
        user = create_user(
            username=username,
            first_name=first,
            last_name=last,
            email=f"{username}@example.org",
            password=PASSWORD,
            actor=DRILL,
            at=AT,
        )
        grant_role(user=user, role=role, granter=None, actor=DRILL, at=AT)
        setattr(cast, username, user)
    builders.active_policy(cast)
    version = builders.ready_to_sign(cast)
    for person, needed in ((cast.viktor, "validator"), (cast.ada, "risk_officer")):
        builders.a_signature(version.reviews.get(), person, needed)
    measured = builders.a_version(cast, builders.a_model(cast, "to-measure"))
    for number in range(DATASETS):
        builders.a_dataset(cast, f"drill-{number}")
    _, fresh = create_key(
        name="drill",
        scopes=Scope.values,
        owner=cast.dev,
        expires_at=None,
        actor=actor_of_user(cast.adam),
        at=AT,
    )
    return {"key": fresh.text, "model": version.model.slug, "measured": measured.model.slug}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(make()))
