"""Starting children, and those that hold a model in an environment of its own beside the one that measures."""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, replace
from io import FileIO
from pathlib import Path

from evaluations.sandbox.isolation import Isolation, command, environment, visible
from evaluations.sandbox.job import ERROR_FILE, JOB_FILE, WALLS_FILE, Job, Limits
from evaluations.sandbox.walls.confine import Confinement
from evaluations.sandbox.watching import Ended, Heard, clear, overrun

FAREWELL_SECONDS = 1.0
"""So long may a predictor take to end after nobody asks it any more."""
TICK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Child:
    """A started child, and the file that it writes its output to."""

    process: "subprocess.Popen[bytes]"
    said: FileIO

    def kill(self) -> None:
        """The child's whole session; bubblewrap's own ends with it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Predictor:
    """A child that holds a model, its own folder, and what it writes."""

    child: Child
    folder: Path
    heard: Heard
    limits: Limits
    began: float

    def look(self) -> str:
        """Pass on what it wrote; what it does beyond its limits, as a sentence, "" when nothing."""
        self.heard.listen()
        return overrun(self.child.process.pid, self.folder, self.limits)

    def end(self) -> Ended:
        """How it ended: by itself, now that nobody asks, or killed."""
        until = time.monotonic() + FAREWELL_SECONDS
        pid, code, usage = os.wait4(self.child.process.pid, os.WNOHANG)
        while not pid:
            if time.monotonic() > until:
                self.child.kill()
            time.sleep(TICK_SECONDS)
            pid, code, usage = os.wait4(self.child.process.pid, os.WNOHANG)
        self.heard.listen()
        seconds = round(time.monotonic() - self.began, 2)
        return ended(self.child, code, usage.ru_maxrss, usage.ru_utime + usage.ru_stime, seconds, "")


def start(
    module: str, isolation: Isolation, folder: Path, readable: list[str], pass_fds: tuple[int, ...] = ()
) -> Child:
    """Start a child that runs a module of this package on `folder`."""
    walls = Confinement(
        landlock=isolation.is_landlock,
        seccomp=isolation.is_wall,
        readable=visible(readable),
        parent=0 if isolation.is_bubblewrap else os.getpid(),
    )
    (folder / WALLS_FILE).write_text(json.dumps(asdict(walls)), encoding="utf-8")
    said = (folder / ERROR_FILE).open("w+b", buffering=0)
    process = subprocess.Popen(
        command(isolation, module, folder, readable),
        cwd=folder,
        env=environment(str(folder)),
        stdin=subprocess.DEVNULL,
        stdout=said,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        pass_fds=pass_fds,
    )
    return Child(process, said)


def ended(child: Child, code: int, peak: int, used: float, seconds: float, reason: str) -> Ended:
    """What the system says of a child's end. `code` and `peak` as of wait4."""
    child.process.returncode = os.waitstatus_to_exitcode(code)  # so that Popen knows that it was waited for
    status = child.process.returncode
    killed = -status if status < 0 else status - 128 if 128 < status <= 128 + signal.SIGRTMAX else None
    return Ended(killed, status, reason, peak // 1024, seconds, used)


def start_predictors(
    job: Job,
    isolation: Isolation,
    near: Path,
    limits: Limits,
    on_output: Callable[[bytes], None],
    until: ExitStack,
    passed: ExitStack,
) -> tuple[Job, list[Predictor], tuple[int, ...]]:
    """One for each model with an environment of its own, in a folder in `near`. The job that knows how to ask them,
    and the handles that its child needs.

    `until` closes at the run's end what stays open till then, `passed` our copies of the handles once all have started.
    """
    predictors: list[Predictor] = []
    handles: tuple[int, ...] = ()
    given = (
        (True, job.packages_path, job.model_path, job.manifest),
        (False, job.against_packages_path, job.against_path, job.against_manifest),
    )
    for model_of_run, packages, model, manifest in given:
        if packages is None or model is None:
            continue
        (questions, asking), (answering, answers) = os.pipe(), os.pipe()
        for handle in (questions, asking, answering, answers):
            passed.callback(os.close, handle)
        folder = Path(
            until.enter_context(tempfile.TemporaryDirectory(prefix="predictor-", dir=near))
        ).resolve()
        described = {
            "model": model,
            "manifest": manifest,
            "packages": packages,
            "channel": (questions, answers),
            "limits": asdict(limits),
        }
        (folder / JOB_FILE).write_text(json.dumps(described, default=dict), encoding="utf-8")
        readable = [str(Path(path).resolve()) for path in (model, packages)]
        child = start("predictor", isolation, folder, readable, (questions, answers))
        until.enter_context(child.said)
        until.callback(clear, folder)
        until.callback(child.kill)
        predictors.append(Predictor(child, folder, Heard(child.said, on_output), limits, time.monotonic()))
        handles += (answering, asking)
        channel = (answering, asking)
        job = replace(job, channel=channel) if model_of_run else replace(job, against_channel=channel)
    return job, predictors, handles
