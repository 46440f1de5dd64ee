"""Published numbers, by the name of their case."""

import json
from pathlib import Path
from typing import Any

CASES: dict[str, dict[str, Any]] = {
    case["id"]: case
    for case in json.loads((Path(__file__).parent / "oracles.json").read_text(encoding="utf-8"))["cases"]
}
