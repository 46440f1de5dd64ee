"""`python -m bench [name …]`: the benchmarks, each a table with its limits. Exit code 1 when a limit is missed.

Every figure is a ratio against a floor measured in the same run, or an absolute promise of the product.
"""

import importlib
import sys

NAMES = (
    "gate",
    "simulate",
    "inventory",
    "pages",
    "artifacts",
    "datasets",
    "scores",
    "fairness",
    "plan",
    "explain",
    "sandbox",
    "workers",
    "scale",
    "verify",
    "log",
    "report",
)


def main(asked: list[str]) -> int:
    """Run those that were asked for, or all."""
    unknown = sorted(set(asked) - set(NAMES))
    if unknown:
        print(f"There is no benchmark {unknown[0]}; there are {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    missed = 0
    for name in asked or NAMES:
        print(f"\n== {name}")
        missed |= importlib.import_module(f"bench.{name}").main()
    return missed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
