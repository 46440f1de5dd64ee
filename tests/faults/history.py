"""`python -m tests.faults.history KEYS.json`: some history for each line on standard input, and its checkpoint.

People are created and given roles, so that the record attests rows; the answer is one line of JSON.
"""

import json
import sys
from pathlib import Path

import django

django.setup()

from django.utils import timezone  # noqa: E402

from accounts.actions import create_user, grant_role  # noqa: E402
from accounts.models import Role  # noqa: E402
from audit.actor import Actor  # noqa: E402
from audit.checkpoints import make_checkpoint  # noqa: E402
from audit.keyring import introduce  # noqa: E402
from audit.keys import public_keys  # noqa: E402
from audit.sequencer import sequence_pending  # noqa: E402

SOMEBODY = Actor("user:drill", "Drill", "password")


def add(number: int) -> None:
    """Three people with a role each: six events, nine rows."""
    for name in ("ann", "ben", "cleo"):
        at = timezone.now()
        user = create_user(
            username=f"{name}{number}",
            first_name=name.capitalize(),
            last_name="Drill",
            email=f"{name}{number}@example.org",
            password="a long enough pass phrase",
            actor=SOMEBODY,
            at=at,
        )
        grant_role(user=user, role=Role.AUDITOR, granter=None, actor=SOMEBODY, at=at)


def signed() -> str:
    """The checkpoint of everything until now."""
    while sequence_pending():
        pass
    made = make_checkpoint(timezone.now())
    assert made is not None
    return made.note


if __name__ == "__main__":
    introduce(actor=SOMEBODY, at=timezone.now())
    for count, _ in enumerate(sys.stdin):
        add(count)
        note = signed()
        Path(sys.argv[1]).write_text(json.dumps(public_keys()))
        sys.stdout.write(json.dumps({"note": note}) + "\n")
        sys.stdout.flush()
