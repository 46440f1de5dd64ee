"""The audit log on PostgreSQL: what it costs writers, how fast it is sequenced, and how fast a proof is read from it.

Commits of 20 ms at 16 writers, with an event each against the same without; the two alternate and sequencing goes on
beside both. `EVENTS=100000` makes the log smaller, `SECONDS=2` the rounds shorter. Needs DATABASE_URL.
"""

import sys

from bench.server import on_own_database


def main() -> int:
    """Measure in a process of its own, on a fresh database; it prints the table and judges it."""
    return on_own_database("bench.logged", only_postgresql=True)


if __name__ == "__main__":
    sys.exit(main())
