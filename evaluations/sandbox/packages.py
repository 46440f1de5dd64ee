"""The folders of installed packages, added after the walls stand: a .pth file among them may run code."""

import site
import sys
from pathlib import Path


def add(places: tuple[str, ...] = ()) -> None:
    """Put these folders, or those of this Python's own environment, onto the path."""
    for place in places or own():
        site.addsitedir(place)


def own() -> tuple[str, ...]:
    """The packages of the environment that this program belongs to, found without `site`."""
    program = Path(sys.executable)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    in_environment = (program.parent.parent / "pyvenv.cfg").is_file()
    prefix = program.parent.parent if in_environment else Path(sys.base_prefix)
    found = [prefix / kind / version / "site-packages" for kind in ("lib", "lib64")]
    found += [] if in_environment else [prefix / "lib" / "python3" / "dist-packages"]
    return tuple(dict.fromkeys(str(place.resolve()) for place in found if place.is_dir()))
