"""Every page of the site on a large portfolio: at most 100 ms median on the server.

On PostgreSQL with 10,000 models of ten versions and a million events; `MODELS=1000 EVENTS=100000` makes fewer.
Needs DATABASE_URL.
"""

import sys

from bench.server import on_own_database


def main() -> int:
    """Measure in a process of its own, on a fresh database; it prints the table and judges it."""
    return on_own_database("bench.paged", only_postgresql=True)


if __name__ == "__main__":
    sys.exit(main())
