"""What activating a pack would change, for 10,000 versions (under 20 s), and one verdict alone (median under 100 µs).

In a database of its own on the PostgreSQL server of DATABASE_URL, else on SQLite. `VERSIONS=500` makes fewer.
"""

import os
import sys

from bench.server import on_own_database


def main() -> int:
    """Measure in a process of its own, on a fresh database; it prints the table and judges it."""
    return on_own_database("bench.simulated", os.environ.get("VERSIONS", "10000"))


if __name__ == "__main__":
    sys.exit(main())
