"""What has to be true before the services start: a database that fits the code and, the first time, the demo in it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from audit.actor import Actor
from audit.keyring import introduce
from audit.keys import SigningKeyMissing
from governance.configuration import environment_switch

Say = Callable[[str], None]


EMBEDDED_STATE = (
    "countersign.sqlite3*",
    "files",
    "keys",
    "mlflow",
    "broker/*/*",
    "jobs",
    "demo.json",
    "demo-*",
)


class NotPrepared(RuntimeError):
    """Why the services cannot start, and what to do about it."""


def prepare(say: Say) -> None:
    """Bring the database up to date and load the demo portfolio into a new one. Raises NotPrepared.

    COUNTERSIGN_DEMO=0 leaves the demo out.
    """
    call_command(
        "collectstatic", verbosity=0, interactive=False
    )  # with their compressed twins, before a server looks
    try:
        if _interrupted_demo().exists():
            _forget_interrupted_demo(say)
        _migrate(say)
        _introduce_keys(say)
        if environment_switch("COUNTERSIGN_DEMO", default=True) and not get_user_model().objects.exists():
            _load_demo(say)
    except OperationalError as error:
        raise NotPrepared(
            f"The database does not answer: {str(error).strip()}\n"
            f"Start it, or correct DATABASE_URL, then try again."
        ) from error
    finally:
        connection.close()


def accounts() -> dict[str, Any] | None:
    """The demo accounts and keys as `load_demo` wrote them, with today's address; None where there is no demo."""
    path = settings.VAR_DIR / "demo.json"
    with suppress(FileNotFoundError):
        kept: dict[str, Any] = json.loads(path.read_text())
        if kept.get("url") != settings.COUNTERSIGN_URL:
            kept["url"] = settings.COUNTERSIGN_URL
            _replace_secretly(path, json.dumps(kept, indent=1))
        return kept
    return None


def is_embedded() -> bool:
    """Whether the database is the SQLite file that Countersign made for itself in var/."""
    return Path(connection.settings_dict["NAME"]) == settings.VAR_DIR / "countersign.sqlite3"


def remove_embedded_state() -> list[str]:
    """Delete what an embedded installation holds, its secret for cookies excepted; answers what was deleted.

    The signing keys go with the log that they signed: one key that signed two histories would prove nothing.
    """
    removed = []
    for name in EMBEDDED_STATE:
        for path in sorted(settings.VAR_DIR.glob(name)):
            _remove(path)
            removed.append(path.name)
    return removed


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        for inside in path.iterdir():
            _remove(inside)
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


def _migrate(say: Say) -> None:
    executor = MigrationExecutor(connection)
    known = set(executor.loader.disk_migrations)
    for squashed in executor.loader.disk_migrations.values():
        known |= set(squashed.replaces)  # recorded beside what replaced them
    unknown = set(executor.loader.applied_migrations) - known
    if unknown:
        app, name = min(unknown)
        raise NotPrepared(
            f"The database was written by another version of Countersign: this one does not know its migration "
            f"{app}.{name}.\nRun the newer version, or restore the backup made before the upgrade "
            f"(docs/upgrade.md)."
        )
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        say("Bringing the database up to date …")
        call_command("migrate", verbosity=0, interactive=False)
        say("The database is up to date.")


def _introduce_keys(say: Say) -> None:
    """The first keys are made before anything is signed. Without them everything starts all the same, and says so."""
    try:
        introduce(actor=Actor.system("start"), at=timezone.now())
    except SigningKeyMissing as missing:
        say(f"A signing key is missing: the gate denies until it is there. {missing}")


def _load_demo(say: Say) -> None:
    say("Loading the demo portfolio; this happens once …")
    _interrupted_demo().touch()
    command = [sys.executable, "-u", str(settings.BASE_DIR / "manage.py"), "load_demo"]
    # Many models are fetched from MLflow one after the other, on a machine that may be busy with its first start.
    patient = {"COUNTERSIGN_MLFLOW_SECONDS": "300", **os.environ}
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=patient
    ) as loading:
        assert loading.stdout is not None
        try:
            for line in loading.stdout:
                say(f"  {line.rstrip()}")
        except BaseException:  # Ctrl-C too: nothing of it may go on
            loading.kill()
            raise
    if loading.returncode:
        raise NotPrepared("The demo portfolio could not be loaded; the lines above say why.")
    _interrupted_demo().unlink()


def _interrupted_demo() -> Path:
    """Exists from the beginning to the end of a load: half a portfolio must not pass for a whole one."""
    path: Path = settings.VAR_DIR / "demo-is-loading"
    return path


def _forget_interrupted_demo(say: Say) -> None:
    if not is_embedded():
        raise NotPrepared(
            "The demo was interrupted while it was loading, so that the database holds half of it.\n"
            f"Empty the database and delete {_interrupted_demo()}, or do both with: make demo-reset FORCE=1"
        )
    say("The demo was interrupted while it was loading. Starting it afresh …")
    connection.close()
    remove_embedded_state()


def _replace_secretly(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    fresh.replace(path)
