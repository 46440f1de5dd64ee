"""What `make run` tells the person who waits: progress with times, the address, the demo accounts."""

import http.client
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings

PATIENCE_SECONDS = 45.0
ASK_EVERY_SECONDS = 0.2


class Progress:
    """Lines with the seconds since the start."""

    def __init__(self, write: Callable[[str], object], *, since: float) -> None:
        self._write = write
        self._since = since

    def say(self, line: str) -> None:
        """A step of ours."""
        self._write(f"[{time.time() - self._since:6.1f} s] {line}")

    def relay(self, line: str) -> None:
        """A line of a process that we run."""
        self._write(line)


class Readiness:
    """Asks /readyz until it says yes, then calls `welcome` once; says so when that takes long."""

    def __init__(self, progress: Progress, *, welcome: Callable[[], None]) -> None:
        self._progress = progress
        self._welcome = welcome
        self._began = self._asked = time.monotonic()
        self._ready = self._complained = False

    def look(self) -> None:
        """To be called often; asks at most five times a second, and never again once ready."""
        now = time.monotonic()
        if self._ready or now - self._asked < ASK_EVERY_SECONDS:
            return
        self._asked = now
        missing = ask(settings.PORT)
        if missing is None:
            self._ready = True
            self._welcome()
        elif now - self._began > PATIENCE_SECONDS and not self._complained:
            self._complained = True
            self._progress.say(f"Still not ready: {missing}. Waiting on …")


def ask(port: int) -> str | None:
    """None when /readyz says yes, else what it lacks."""
    headers = {"Host": _host(), "X-Forwarded-Proto": "https"}
    web = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        web.request("GET", "/readyz", headers=headers)
        answer = web.getresponse()
        body = answer.read()
    except OSError:
        return "the web server does not answer yet"
    except http.client.HTTPException as error:
        return f"something else than Countersign answers at port {port} ({error.__class__.__name__})"
    finally:
        web.close()
    return None if answer.status == 200 else _lacking(answer.status, body)


def welcome_lines(accounts: Mapping[str, Sequence[Mapping[str, Any]]] | None) -> list[str]:
    """The address, and who may log in."""
    lines = ["", f"Countersign is ready:  {settings.COUNTERSIGN_URL}", ""]
    if accounts is None:
        return [*lines, "Log in with your account. (Ctrl-C stops everything.)", ""]
    lines.append(f"Demo accounts, made for this installation (kept in {settings.VAR_DIR / 'demo.json'}):")
    for user in accounts["users"]:
        roles = ", ".join(user["roles"]).replace("_", " ")
        lines.append(f"  {user['username']:<8} {user['password']:<18} {roles}")
    lines += ["", "Keys for pipelines (COUNTERSIGN_TOKEN):"]
    lines += [f"  {key['name']:<20} {key['key']}" for key in accounts["api_keys"]]
    return [*lines, "", "Ctrl-C stops everything; the next start goes on with the same data.", ""]


def _host() -> str:
    """A host name that this installation answers to."""
    first = settings.ALLOWED_HOSTS[0].removeprefix(".")
    return "127.0.0.1" if first == "*" else first


def _lacking(status: int, body: bytes) -> str:
    try:
        checks = json.loads(body)["checks"]
    except (ValueError, KeyError, TypeError):
        return f"/readyz answers {status}"
    return ", ".join(f"{name} {word}" for name, word in checks.items() if word != "ok")
