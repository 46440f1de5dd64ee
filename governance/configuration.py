"""Reading settings from the environment; needs no Django, because settings.py itself stands on it."""

import contextlib
import os
import secrets
from pathlib import Path


def environment_switch(name: str, *, default: bool) -> bool:
    """True for 1, true, yes, on; anything else that is set is False."""
    value = os.environ.get(name)
    return default if value is None else value.strip().lower() in {"1", "true", "yes", "on"}


def environment_list(name: str, *, default: list[str]) -> list[str]:
    """The comma-separated values of a variable."""
    value = os.environ.get(name, "")
    return [part.strip() for part in value.split(",") if part.strip()] or default


def secret_key(var: Path) -> str:
    """Django's secret: from the environment, else made once and kept in var/ for the embedded installation."""
    if given := os.environ.get("COUNTERSIGN_SECRET_KEY"):
        return given
    kept = var / "secret_key"
    if not kept.exists():
        fresh = kept.with_suffix(f".{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(64))
        with contextlib.suppress(FileExistsError):  # the first of several starting processes wins
            os.link(fresh, kept)
        fresh.unlink()
    return kept.read_text()
