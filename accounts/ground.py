"""The common ground of all decisions: who holds which role, and the policy. It moves only between two decisions.

A version's own evidence is guarded by its row. What belongs to no version is guarded by an advisory lock of
PostgreSQL: decisions share it, a change has it alone. SQLite has one writer at a time and needs nothing.
"""

from typing import Any

from django.db import connection
from django.db.models import Func, TextField, Value

# Any number will do, so long as nothing else in this database takes the same advisory lock.
COMMON_GROUND = 0x6772_6F75_6E64


def standing_ground() -> dict[str, Any]:
    """For `annotate`: whoever reads the row holds the ground still until the transaction ends."""
    if connection.vendor != "postgresql":
        return {}
    lock = Func(Value(COMMON_GROUND), function="pg_advisory_xact_lock_shared", output_field=TextField())
    return {"standing_ground": lock}


def move_ground() -> None:
    """Wait until no decision is under way, and let none begin before this transaction ends."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [COMMON_GROUND])
