"""Reading settings from the environment: what settings.py itself stands on."""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from accounts.sso.configuration import BadProviders, Provider, read_providers
from governance.protection.app import BadApp, GitHubApp, app_of
from governance.reports.look import Look, LookRefused, look_of
from governance.siem.collectors import Collector, collector_of
from registry.addresses import BadAddress


def environment_switch(name: str, *, default: bool) -> bool:
    """True for 1, true, yes, on; anything else that is set is False."""
    value = os.environ.get(name)
    return default if value is None else value.strip().lower() in {"1", "true", "yes", "on"}


def environment_choice(name: str, choices: tuple[str, ...]) -> str:
    """One of these words, the first where nothing is said."""
    value = os.environ.get(name, "").strip().lower() or choices[0]
    if value not in choices:
        raise ImproperlyConfigured(f"{name} is {value!r}; write one of: {', '.join(choices)}.")
    return value


def environment_list(name: str, *, default: list[str]) -> list[str]:
    """The comma-separated values of a variable."""
    value = os.environ.get(name, "")
    return [part.strip() for part in value.split(",") if part.strip()] or default


def environment_number(name: str, *, default: int) -> int:
    """A whole number of at least 1."""
    value = os.environ.get(name, "").strip() or str(default)
    if not value.isdigit() or not int(value):
        raise ImproperlyConfigured(f"{name} is {value!r}; write a whole number of at least 1.")
    return int(value)


def environment_numbers(prefix: str) -> dict[str, int]:
    """The whole numbers of variables that begin so, by the rest of their name in small letters.

    COUNTERSIGN_SANDBOX_SECONDS_ROBUSTNESS=1800 with the prefix COUNTERSIGN_SANDBOX_SECONDS_ is {"robustness": 1800}.
    """
    found = {}
    for name, value in os.environ.items():
        if name.startswith(prefix) and value.strip():
            if not value.strip().isdigit() or not int(value):
                raise ImproperlyConfigured(f"{name} is {value!r}; write a whole number of at least 1.")
            found[name.removeprefix(prefix).lower()] = int(value)
    return found


def http_address(name: str) -> str:
    """The http(s) address that a variable holds; empty where it is not set."""
    value = os.environ.get(name, "").strip()
    if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
        raise ImproperlyConfigured(
            f"{name} is {value!r}; write an address that begins with https:// or http://."
        )
    return value


def blob_storage() -> dict[str, Any]:
    """Where artifacts and data sets lie, for STORAGES: a folder, or a bucket when COUNTERSIGN_STORAGE names one."""
    address = os.environ.get("COUNTERSIGN_STORAGE", "").strip()
    if not address:
        return {"BACKEND": "registry.stores.folder.FolderStore"}
    parts = urlsplit(address)
    if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment or "@" in parts.netloc:
        raise ImproperlyConfigured(
            f"COUNTERSIGN_STORAGE is {address!r}; write s3://BUCKET or s3://BUCKET/PREFIX, or leave it out for a "
            "local folder. Credentials stand in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    options = {
        "bucket_name": parts.netloc,
        "location": parts.path.strip("/"),
        "endpoint_url": os.environ.get("COUNTERSIGN_S3_ENDPOINT") or None,
        "region_name": os.environ.get("COUNTERSIGN_S3_REGION") or os.environ.get("AWS_DEFAULT_REGION"),
    }
    return {"BACKEND": "registry.stores.s3.ObjectStore", "OPTIONS": options}


def log_collector() -> Collector | None:
    """Where the log is forwarded to: COUNTERSIGN_SIEM_URL with what belongs to it; None where nothing is named."""
    try:
        return collector_of(
            os.environ.get("COUNTERSIGN_SIEM_URL", "").strip(),
            format="cef"
            if environment_choice("COUNTERSIGN_SIEM_FORMAT", ("json", "cef")) == "cef"
            else "json",
            private=environment_switch("COUNTERSIGN_SIEM_PRIVATE", default=False),
            authorization=secret("COUNTERSIGN_SIEM_AUTHORIZATION"),
            ca_file=os.environ.get("COUNTERSIGN_SIEM_CA", ""),
            from_now=environment_choice("COUNTERSIGN_SIEM_FROM", ("start", "now")) == "now",
        )
    except BadAddress as problem:
        raise ImproperlyConfigured(f"COUNTERSIGN_SIEM_URL cannot be used. {problem}") from None


def github_app() -> GitHubApp | None:
    """The GitHub App that asks the gate: its id, key file and webhook secret; None where nothing is named."""
    given = {
        "COUNTERSIGN_GITHUB_APP_ID": os.environ.get("COUNTERSIGN_GITHUB_APP_ID", "").strip(),
        "COUNTERSIGN_GITHUB_APP_KEY": os.environ.get("COUNTERSIGN_GITHUB_APP_KEY", "").strip(),
        "COUNTERSIGN_GITHUB_WEBHOOK_SECRET": secret("COUNTERSIGN_GITHUB_WEBHOOK_SECRET"),
    }
    if not any(given.values()):
        return None
    if missing := [name for name, value in given.items() if not value]:
        raise ImproperlyConfigured(
            f"A GitHub App needs {', '.join(given)}; {' and '.join(missing)} is not set."
        )
    try:
        return app_of(*given.values(), api=os.environ.get("COUNTERSIGN_GITHUB_API", "").strip())
    except BadApp as problem:
        raise ImproperlyConfigured(f"The GitHub App cannot be used. {problem}") from None


def identity_providers() -> tuple[Provider, ...]:
    """Where people log in elsewhere: the providers in the file that COUNTERSIGN_SSO_FILE names."""
    try:
        return read_providers(os.environ.get("COUNTERSIGN_SSO_FILE", "").strip())
    except BadProviders as problem:
        raise ImproperlyConfigured(f"COUNTERSIGN_SSO_FILE cannot be used. {problem}") from None


def report_look() -> Look:
    """How PDFs look: COUNTERSIGN_PAPER, COUNTERSIGN_ACCENT, and COUNTERSIGN_LOGO, the path of a PNG or SVG file."""
    words = {name: os.environ.get(f"COUNTERSIGN_{name.upper()}", "") for name in ("paper", "accent", "logo")}
    try:
        return look_of(**words)
    except LookRefused as refused:
        raise ImproperlyConfigured(f"COUNTERSIGN_PAPER, _ACCENT or _LOGO cannot be used. {refused}") from None


def secret(name: str) -> str:
    """The value of a variable, or the first line of the file that NAME_FILE names; empty where neither is set."""
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return os.environ.get(name, "")
    try:
        return Path(path).read_text(encoding="utf-8").partition("\n")[0]
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name}_FILE names {path}, which cannot be read: {error.strerror}."
        ) from None


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
