"""The process that builds: `python -m evaluations.environments` installs wheels into a folder, by uv.

Its input is JSON: the requirements, the folder, uv's cache, the most megabytes. It prints lines of JSON: progress, and
at its end what was installed, or which requirement failed and why.
"""

import compileall
import json
import os
import re
import resource
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from uv import find_uv_bin

from evaluations.environments.reasons import Reason, addressed, reason_of, without_credentials

MEGABYTE = 1 << 20
LOOK_SECONDS = 0.5
MOST_OUTPUT = 1 << 18
TESTS = re.compile(r"/tests?/")
SHARES = {"Resolved": 0.2, "Downloading": 0.3, "Prepared": 0.7, "Installed": 0.8}


def main() -> int:
    """Answer the exit code: 0 where it said how it ended."""
    given = json.loads(sys.stdin.read())
    found = addressed(given["requirements"]) or install(given)
    if isinstance(found, Reason):
        tell(done={"failure": found.said, "requirement": found.requirement, "passing": found.passing})
        return 0
    target = Path(given["target"])
    tell(progress=0.85, step="Compiling")
    compileall.compile_dir(target, quiet=2, rx=TESTS)
    packages = {found.name: found.version for found in distributions(path=[str(target)])}
    tell(done={"failure": "", "installed": packages, "size": size_of(target)})
    return 0


def tell(**what: Any) -> None:
    """One line to the parent."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def install(given: Mapping[str, Any]) -> Reason | None:
    """Resolve and install; None where it worked."""
    target, cache, most = Path(given["target"]), Path(given["cache"]), int(given["most_mb"]) * MEGABYTE
    listed = target.with_name("requirements.txt")
    listed.write_text("".join(f"{line}\n" for line in given["requirements"]), encoding="utf-8")
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    before, share, output = size_of(cache), 0.05, ""
    tell(progress=share, step="Resolving the requirements")
    for line in _lines(_command(target, listed), {"UV_CACHE_DIR": str(cache), "HOME": str(target.parent)}):
        if line == DONE:
            return None
        if line == TOO_LARGE:
            return _too_large(given["most_mb"])
        if line:
            output = (output + line + "\n")[-MOST_OUTPUT:]
            share = max(share, SHARES.get(line.split()[0], 0.0))
            tell(progress=share, step=without_credentials(line))
        elif max(size_of(target), size_of(cache) - before) > most:
            return _too_large(given["most_mb"])
    return reason_of(output, given["requirements"], where=given["where"])


def _too_large(most_mb: int) -> Reason:
    return Reason(
        f"The environment needs more than {most_mb:,} MB, the most that one may have "
        "(COUNTERSIGN_ENVIRONMENT_MB). State fewer or smaller packages, or raise the limit."
    )


DONE, TOO_LARGE = "\x00done", "\x00too large"


def _command(target: Path, listed: Path) -> list[str]:
    return [
        find_uv_bin(),
        *("pip", "install", "--no-progress", "--color", "never"),
        *("--only-binary", ":all:"),  # source code is never run
        *("--python", sys.executable, "--target", str(target), "--requirements", str(listed)),
    ]


def _lines(command: list[str], besides: Mapping[str, str]) -> Any:
    """What the program writes, line by line, "" now and then while it is silent, and DONE where it succeeded."""
    with subprocess.Popen(
        command,
        env={**os.environ, **besides},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as program:
        assert program.stdout is not None
        rest, last, looked = b"", "", time.monotonic()
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(program.stdout, selectors.EVENT_READ)
                while True:
                    if selector.select(LOOK_SECONDS):
                        chunk = os.read(program.stdout.fileno(), 1 << 16)
                        if not chunk:
                            break
                        *lines, rest = (rest + chunk).split(b"\n")
                        for text in (line.decode(errors="replace").rstrip() for line in lines):
                            if text:
                                last = f"{last}\n{text}"[-MOST_OUTPUT:]
                                yield text
                    if time.monotonic() - looked > LOOK_SECONDS:
                        looked = time.monotonic()
                        yield ""
            if rest:
                yield rest.decode(errors="replace")
            ended = program.wait()
            if ended == 0:
                yield DONE
            elif ended == -signal.SIGXFSZ or "File too large" in last:  # a single file is over the limit
                yield TOO_LARGE
        finally:
            program.kill()


def size_of(folder: Path) -> int:
    """Bytes of the files below a folder; what disappears meanwhile counts as nothing."""
    size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                size += os.lstat(os.path.join(place, name)).st_size
            except FileNotFoundError:
                continue
    return size


if __name__ == "__main__":
    sys.exit(main())
