"""The child that holds a model in its version's own environment: `python -m evaluations.sandbox.predictor FOLDER`.

It puts up its walls, adds that environment's packages and no others, and then answers questions until nobody asks.
"""

import json
import sys
from pathlib import Path

from evaluations.sandbox import packages
from evaluations.sandbox.job import JOB_FILE, WALLS_FILE, Limits
from evaluations.sandbox.walls.confine import Confinement, confine


def main(folder: Path) -> None:
    """Hold the model that predictor's job names."""
    given = json.loads((folder / JOB_FILE).read_text(encoding="utf-8"))
    walls = json.loads((folder / WALLS_FILE).read_text(encoding="utf-8"))
    confine(Confinement(**walls), folder, Limits(**given["limits"]))
    packages.add((given["packages"],))
    from evaluations.sandbox.serving import serve  # needs numpy, which is the environment's

    serve(tuple(given["channel"]), Path(given["model"]), given["manifest"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
