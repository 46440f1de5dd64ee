"""Where MLflow is: addresses that may be asked, and the environment with the credentials for each of them."""

import os
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit, urlunsplit

from django.conf import settings
from django.utils.crypto import salted_hmac

from accounts.refusals import Invalid
from registry.addresses import is_link_local
from registry.models import DEFAULT_SERVER, TrackingServer

LONGEST_URI = 300
OURS = re.compile(r"^(COUNTERSIGN_.*|DATABASE_URL|REDIS_URL|PG[A-Z]+|DJANGO_.*)$")
OF_THE_DEFAULT_STORE = re.compile(r"^MLFLOW_TRACKING_.*$")
OF_MLFLOW = (
    "COUNTERSIGN_MLFLOW_"  # before AWS_…: credentials for the files of MLflow, instead of the blob store's
)
CREDENTIALS = ("TOKEN", "USERNAME", "PASSWORD")


@dataclass(frozen=True)
class Store:
    """A tracking server or store: its name here and the address that MLflow's client takes."""

    name: str
    uri: str


def default_store() -> Store:
    """The one that MLFLOW_TRACKING_URI names."""
    return Store(DEFAULT_SERVER, settings.MLFLOW_TRACKING_URI)


def store_of(server: TrackingServer) -> Store:
    """The store behind a connected server."""
    return Store(server.name, server.address)


def store_named(name: str) -> Store:
    """The store of a connected server, by its name; "" is the default one. Raises Invalid."""
    if name in ("", DEFAULT_SERVER):
        return default_store()
    server = TrackingServer.objects.filter(name=name, removed_at=None).first()
    if server is None:
        raise Invalid(
            f"No tracking server {name[:40]} is connected.",
            "An administrator connects them under Tracking servers.",
            field="mlflow_server",
        )
    return store_of(server)


def store_names() -> list[str]:
    """Every store that a version can be registered from, the default one first."""
    connected = TrackingServer.objects.filter(removed_at=None).exclude(name=DEFAULT_SERVER)
    return [DEFAULT_SERVER, *connected.values_list("name", flat=True)]


def shown(uri: str) -> str:
    """The address without a user or password in it."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return uri.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else uri


def environment_for(store: Store) -> dict[str, str]:
    """What a child process gets: credentials for this store, none of ours, and an early end to silence."""
    kept = {name: value for name, value in os.environ.items() if not OURS.match(name)}
    if store.name != DEFAULT_SERVER:
        refuse_bad_server(store.uri)  # again: a name may lead elsewhere by now
        kept = {name: value for name, value in kept.items() if not OF_THE_DEFAULT_STORE.match(name)}
    cloud = {
        name.removeprefix(OF_MLFLOW): value
        for name, value in os.environ.items()
        if name.startswith(f"{OF_MLFLOW}AWS_")
    }
    return (
        kept
        | cloud
        | {
            f"MLFLOW_TRACKING_{part}": value
            for part in CREDENTIALS
            if (value := os.environ.get(variable(store.name, part)))
        }
        | {
            "MLFLOW_TRACKING_URI": store.uri,
            "MLFLOW_HTTP_REQUEST_TIMEOUT": str(max(5, int(settings.MLFLOW_SECONDS) // 4)),
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
            "MLFLOW_ALLOW_HTTP_REDIRECTS": "false",
            "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
            "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "COUNTERSIGN_FETCH_MAX_BYTES": str(settings.UPLOAD_MAX_BYTES),
            "COUNTERSIGN_OWN_BUCKET": _own_bucket(),
            "COUNTERSIGN_MLFLOW_ARTIFACT_ROOTS": ",".join(settings.MLFLOW_ARTIFACT_ROOTS),
        }
    )


def _own_bucket() -> str:
    """Our own store's bucket: no tracking server may say that a model's files are in it."""
    own = urlsplit(os.environ.get("COUNTERSIGN_STORAGE", "").strip())
    return own.netloc if own.scheme == "s3" else ""


def variable(name: str, part: str) -> str:
    """The environment variable that holds a credential for a server of that name."""
    return f"COUNTERSIGN_MLFLOW_{name.upper().replace('-', '_')}_{part}"


def credentials_found(name: str) -> list[str]:
    """Which variables with credentials for the server are set."""
    wanted = [variable(name, part) for part in CREDENTIALS]
    if name == DEFAULT_SERVER:
        wanted += [f"MLFLOW_TRACKING_{part}" for part in CREDENTIALS]
    return [one for one in wanted if os.environ.get(one)]


def hook_secret(server: TrackingServer) -> str:
    """What MLflow signs its messages with: derived from our secret key and the server, stored nowhere."""
    made = salted_hmac("registry.mlflow-webhook", f"{server.name}:{server.pk}", algorithm="sha256")
    return made.hexdigest()


def refuse_bad_server(uri: str) -> None:
    """Only web addresses of other machines' services, without a password. Raises Invalid.

    Files and databases can only be the default store, which whoever runs this installation names.
    """
    parts = _split(uri)
    if len(uri) > LONGEST_URI or parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise _bad(
            f"{shown(uri)[:80] or 'Nothing'} is not the address of a tracking server.",
            "Write it like https://mlflow.example.org. Stores in files can only be the default one.",
        )
    if "@" in parts.netloc:
        raise _bad(
            "The address holds a user name or password, and it would be shown to people.",
            "Leave them out, and put them into the environment as the page says.",
        )
    if parts.query or parts.fragment:
        raise _bad("The address goes on after a ? or #.", "End it with the host, the port or a path.")
    if is_link_local(parts.hostname):
        raise _bad(
            f"{parts.hostname} is a link-local address, where clouds keep their secrets.",
            "Name the server's own address.",
        )
    own = urlsplit(settings.COUNTERSIGN_URL)
    if parts.netloc == own.netloc:
        raise _bad("This is the address of Countersign itself.", "Name the address of MLflow.")


def _split(uri: str) -> SplitResult | None:
    try:
        parts = urlsplit(uri)
        return parts if parts.port != 0 else None
    except ValueError:
        return None


def _bad(reason: str, remedy: str) -> Invalid:
    return Invalid(reason, remedy, field="uri")
