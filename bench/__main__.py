"""`python -m bench [name … | all]`: the benchmarks, each a table with its limits. Exit code 1 when a limit is missed.

Every figure is a ratio against a floor measured in the same run, or an absolute promise of the product. What they print
is kept in bench/results.md. Without a name those run that tell how the product stands as a whole: about ten minutes.
"""

import importlib
import sys

from bench.results import kept

FIGURES = ("decisions", "growth", "workers", "processes")
NAMES = (
    *FIGURES,
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
    "scale",
    "verify",
    "log",
    "report",
    "load",
)


def main(asked: list[str]) -> int:
    """Run those that were asked for."""
    asked = list(NAMES) if asked == ["all"] else asked or list(FIGURES)
    unknown = sorted(set(asked) - set(NAMES))
    if unknown:
        print(f"There is no benchmark {unknown[0]}; there are {', '.join(NAMES)}, or all.", file=sys.stderr)
        return 2
    missed = 0
    for name in asked:
        print(f"\n== {name}", flush=True)
        missed |= kept(name, importlib.import_module(f"bench.{name}").main)
    return missed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
