"""Which wall stands on this machine: a child behind each really tries to get out, and must fail."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from evaluations.sandbox.isolation import (
    BUBBLEWRAP,
    CODE,
    LANDLOCK,
    NONE,
    OFF,
    OWN_MODEL,
    Isolation,
    command,
    environment,
    visible,
)
from evaluations.sandbox.job import CannotEvaluate, Limits

LEVELS = (BUBBLEWRAP, LANDLOCK)
AUTOMATIC, SWITCHED_OFF = "auto", "off"
SETTINGS = (AUTOMATIC, *(level.name for level in LEVELS), SWITCHED_OFF)
PROBE_SECONDS = 20
PROBE_LIMITS = Limits(memory_mb=2048, cpu_seconds=10, wall_seconds=PROBE_SECONDS)
REMEDIES = {
    BUBBLEWRAP: "Install it (Debian: apt-get install bubblewrap) and let unprivileged users make namespaces "
    "(sysctl user.max_user_namespaces; in a container also its seccomp profile).",
    LANDLOCK: "Use Linux 5.13 or later with Landlock among its security modules (lsm=…,landlock at boot), on x86_64 "
    "or aarch64; in a container, its seccomp profile must allow the landlock calls.",
}


@dataclass(frozen=True, slots=True)
class Tried:
    """A wall, whether it stands here, and if not why and what would help."""

    isolation: Isolation
    works: bool
    why: str
    remedy: str


@cache
def ladder() -> tuple[Tried, ...]:
    """Every wall, best first, tried once in this process."""
    return tuple(_tried(level) for level in LEVELS)


def probe() -> Isolation:
    """The best wall that stands here, or NONE."""
    return next((tried.isolation for tried in ladder() if tried.works), NONE)


def chosen(setting: str, *, own: bool) -> Isolation:
    """What a run gets under a setting; `own`: the artifact was made by the product itself. Raises CannotEvaluate."""
    if setting == SWITCHED_OFF:
        return OFF
    wanted = [tried for tried in ladder() if setting in (AUTOMATIC, tried.isolation.name)]
    for tried in wanted:
        if tried.works:
            return tried.isolation
    if own:
        return OWN_MODEL
    said = " ".join(f"{tried.isolation.name}: {tried.why}" for tried in wanted)
    raise CannotEvaluate(
        "No sandbox works on this machine, and a model is code that somebody else wrote, so it was not run. "
        f"{said} The system page says what to install. Only the demo's own models run without a sandbox."
    )


def _tried(level: Isolation) -> Tried:
    if level.is_bubblewrap and shutil.which("bwrap") is None:
        return Tried(level, False, "bubblewrap is not installed.", REMEDIES[level])
    with tempfile.TemporaryDirectory(prefix="sandbox-probe-") as place:
        why = _broken_out(level, Path(place).resolve())
    return Tried(level, not why, why, REMEDIES[level] if why else "")


def _broken_out(level: Isolation, place: Path) -> str:
    """Why the wall cannot be relied on; "" when nothing got through it."""
    folder = place / "job"
    folder.mkdir()
    secret = place / "secret"
    secret.write_text("secret")
    state = os.environ.get("COUNTERSIGN_VAR", str(CODE.parent / "var"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        given = {
            "landlock": level.is_landlock,
            "readable": visible(()),
            "secret": str(secret),
            "state": state,
            "port": server.getsockname()[1],
            "pid": os.getpid(),
        }
        (folder / "probe.json").write_text(json.dumps(given))
        try:
            tried = subprocess.run(
                command(level, "breakout", folder, ()),
                cwd=folder,
                env=environment(str(folder)),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PROBE_SECONDS,
                start_new_session=True,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"{level.name} does not answer here."
        except OSError as error:
            return f"{level.name} cannot be started here ({error.strerror})."
    if tried.returncode != 0:
        said = tried.stderr.decode(errors="replace").strip().splitlines()
        return f"{level.name} does not work here ({said[-1][:200] if said else f'exit status {tried.returncode}'})."
    got_out = json.loads((folder / "answer.json").read_text())["got_out"]
    return f"{level.name} let through: {', '.join(got_out)}." if got_out else ""
