#!/usr/bin/env python3
"""Ask Countersign, from a pipeline, whether a model version may run in an environment; register new versions.

    countersign.py gate --model credit-default --version 3 --environment production [--digest sha256:...]
                        [--wait 30m] [--json]
    countersign.py push --model credit-default --version 4 FOLDER [--trained-on loans@2] [--json]

The address and the API key come from COUNTERSIGN_URL and COUNTERSIGN_TOKEN. Without a key, gate proves itself with an
identity token: the one in COUNTERSIGN_OIDC_TOKEN (GitLab), which serves one question, or one that it fetches for each
question where GitHub Actions lets the job (permissions: id-token: write). It is made for the audience
COUNTERSIGN_OIDC_AUDIENCE, which is the address unless told.

Exit codes of gate: 0 allow, 1 deny, 2 wrong usage, 3 no answer could be had. Only 0 means that the version may run.
An allow by a waiver or by break-glass is 0 as well, and says so in a block of exclamation marks; --json holds "basis".
Exit codes of push: 0 registered, 2 wrong usage, 3 not registered. The same command again goes on where it broke off.

One file, standard library only, Python 3.8 or newer.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import io
import json
import os
import random
import re
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

ALLOW, DENY, USAGE, NO_ANSWER = 0, 1, 2, 3
ATTEMPT_SECONDS = 30.0
ATTEMPTS = 5
POLL_SECONDS = 15.0
LONGEST_PAUSE = 60.0
LARGEST_ANSWER = 8 * 1024 * 1024
PIECE = 64 * 1024 * 1024
CHUNK = 128 * 1024
REGISTER_SECONDS = 900.0
TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
UNMET = ("unsatisfied", "error")
BREAK_GLASS = "break_glass"
SECONDS = {"s": 1, "m": 60, "h": 3600}


class WrongUsage(Exception):
    """The command line or the environment is wrong; the message says what to write instead."""


class NoAnswer(Exception):
    """No valid answer was had. `pause` is the seconds to wait before asking again, None if that is idle."""

    def __init__(self, message: str, pause: float | None = None) -> None:
        super().__init__(message)
        self.pause = pause


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it would turn the question into another one, and carry the key to another host."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> NoReturn:
        raise NoAnswer(f"The server redirects to {clean(newurl)}. Set COUNTERSIGN_URL to the final address.")


class Gate:
    """The gate of one Countersign. `credential` gives what proves who asks, anew for each attempt."""

    def __init__(self, url: str, credential: Callable[[float], str]) -> None:
        self.url = url.rstrip("/") + "/api/v1/gate/decisions"
        self.credential = credential
        self.opener = opener()

    def ask(self, question: dict[str, Any], deadline: float) -> dict[str, Any]:
        """The gate's answer, asked for again after passing failures. Raises NoAnswer.

        All attempts carry one Idempotency-Key, so that they are one decision on the server's record.
        """
        key = str(uuid.uuid4())
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = self._attempt(question, key, deadline, retried=attempt > 1)
            except NoAnswer as failure:
                if failure.pause is None or attempt == ATTEMPTS:
                    raise
                pause = pause_after(failure, attempt)
                if time.monotonic() + pause >= deadline:
                    raise
                say(f"{failure} Asking again in {pause:.0f} s.")
                time.sleep(pause)
            else:
                refuse_unless_about(answer, question)
                return answer

    def _attempt(self, question: dict[str, Any], key: str, deadline: float, retried: bool) -> dict[str, Any]:
        limit = min(time.monotonic() + ATTEMPT_SECONDS, deadline)
        request = urllib.request.Request(
            self.url,
            data=json.dumps(question).encode(),
            method="POST",
            headers={
                "Authorization": f"Bearer {self.credential(limit)}",
                "Content-Type": "application/json",
                "Accept": "application/json, application/problem+json",
                "Idempotency-Key": key,
                "User-Agent": "countersign-client/1",
            },
        )
        return fetch(self.opener, request, limit, retried)


class GitHubIdentity:
    """Identity tokens that GitHub Actions makes for this job, each used for one question.

    https://docs.github.com/en/actions/reference/security/oidc
    """

    def __init__(self, url: str, secret: str, audience: str) -> None:
        self.url = f"{url}{'&' if '?' in url else '?'}{urllib.parse.urlencode({'audience': audience})}"
        self.secret = secret
        self.opener = opener()

    def __call__(self, limit: float) -> str:
        """A fresh token. Raises NoAnswer."""
        headers = {"Authorization": f"Bearer {self.secret}", "Accept": "application/json"}
        request = urllib.request.Request(self.url, headers=headers)
        try:
            answer = fetch(self.opener, request, limit, retried=False)
        except NoAnswer as failure:
            message = f"GitHub gave no identity token. {failure}".replace(self.url, "its address")
            raise NoAnswer(message, failure.pause) from None
        token = answer.get("value")
        if not isinstance(token, str) or not plain(token):
            raise NoAnswer("GitHub's answer holds no identity token.")
        return token


class Registry:
    """The registry of one Countersign, as far as `push` needs it."""

    def __init__(self, url: str, token: str) -> None:
        self.api = url.rstrip("/") + "/api/v1"
        self.headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json, application/problem+json",
            "User-Agent": "countersign-client/1",
        }
        self.opener = opener()

    def announce(self, model: str, files: list[LocalFile]) -> dict[str, Any]:
        """The upload for these files, new or begun before, with what is missing of it."""
        lines = [{"path": file.path, "size": file.size, "sha256": file.sha256} for file in files]
        return self._ask("POST", f"/models/{model}/uploads", {"files": lines})

    def send(self, upload: str, file: LocalFile, have: int) -> None:
        """Send the rest of a file, a piece at a time. After a failure the server says where to go on."""
        attempt = 0
        address = f"/uploads/{upload}/files/{urllib.parse.quote(file.path, safe='/')}"
        while have < file.size:
            length = min(PIECE, file.size - have)
            headers = {
                "Content-Type": "application/octet-stream",
                "Content-Length": str(length),
                "Upload-Offset": str(have),
            }
            try:
                have = self._once("PATCH", address, file.piece(have, length), headers)["have_bytes"]
                attempt = 0
            except NoAnswer as failure:
                attempt += 1
                wait_after(failure, attempt)
                missing = self._ask("GET", f"/uploads/{upload}")["missing"]
                have = next((one["have_bytes"] for one in missing if one["path"] == file.path), file.size)

    def register(self, model: str, given: dict[str, Any]) -> dict[str, Any]:
        """The version, registered. Asked once: a second time it would be refused, because it exists."""
        return self._once(
            "POST", f"/models/{model}/versions", json.dumps(given).encode(), seconds=REGISTER_SECONDS
        )

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._once(method, path, json.dumps(body).encode() if body else None)
            except NoAnswer as failure:
                wait_after(failure, attempt)

    def _once(
        self,
        method: str,
        path: str,
        body: bytes | Iterator[bytes] | None,
        headers: dict[str, str] | None = None,
        seconds: float = ATTEMPT_SECONDS,
    ) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", **self.headers, **(headers or {})}
        request = urllib.request.Request(self.api + path, data=body, method=method, headers=headers)
        limit = time.monotonic() + seconds
        return fetch(self.opener, request, limit, retried=method == "PATCH", good=(200, 201))


class LocalFile:
    """One file to push: where it lies, its path inside the model's folder, its size and SHA-256."""

    def __init__(self, place: str, path: str) -> None:
        self.place, self.path, self.size = place, path, 0
        digest = hashlib.sha256()
        with open(place, "rb") as source:
            for chunk in iter(lambda: source.read(CHUNK), b""):
                digest.update(chunk)
                self.size += len(chunk)
        self.sha256 = digest.hexdigest()

    def piece(self, start: int, length: int) -> Iterator[bytes]:
        """So many bytes from there on, a little at a time."""
        with open(self.place, "rb") as source:
            source.seek(start)
            while length:
                chunk = source.read(min(CHUNK, length))
                if not chunk:
                    raise WrongUsage(f"{self.place} became shorter while it was sent.")
                length -= len(chunk)
                yield chunk


def opener() -> urllib.request.OpenerDirector:
    """Opens addresses, with certificates checked and no redirect followed."""
    https = urllib.request.HTTPSHandler(context=ssl.create_default_context())
    return urllib.request.build_opener(https, NoRedirects)


def fetch(
    opener: urllib.request.OpenerDirector,
    request: urllib.request.Request,
    limit: float,
    retried: bool,
    good: tuple[int, ...] = (200,),
) -> dict[str, Any]:
    """One attempt at an answer of the API. Raises NoAnswer."""
    url = request.full_url
    try:
        with opener.open(request, timeout=max(0.1, limit - time.monotonic())) as response:
            if response.status not in good:
                raise NoAnswer(f"The server answered {response.status}, which is no answer to that.")
            return parse(read(response, limit))
    except urllib.error.HTTPError as error:
        raise refused(error, limit, retried) from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLError):
            raise NoAnswer(f"No trusted connection to {url}: {error.reason}") from None
        raise NoAnswer(f"No connection to {url}: {error.reason}.", 0) from None
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(f"The connection to {url} broke off: {error!r}.", 0) from None


def pause_after(failure: NoAnswer, attempt: int) -> float:
    """Seconds until the next attempt: longer each time, never the same for all."""
    return max(failure.pause or 0.0, 0.5 * 2.0 ** (attempt - 1)) * random.SystemRandom().uniform(0.75, 1.25)


def wait_after(failure: NoAnswer, attempt: int) -> None:
    """Wait before the next attempt, or raise the failure when there is to be none."""
    if failure.pause is None or attempt == ATTEMPTS:
        raise failure
    pause = pause_after(failure, attempt)
    say(f"{failure} Going on in {pause:.0f} s.")
    time.sleep(pause)


def read(response: Any, limit: float) -> bytes:
    """The body, within bounds of size and of time."""
    body = bytearray()
    while True:
        chunk = response.read1(65536)
        if not chunk:
            break
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise NoAnswer("The answer is too long to be one of the gate.")
        if time.monotonic() > limit:
            raise NoAnswer("The answer did not arrive in time.", 0)
    if len(body) < int(response.headers.get("Content-Length") or 0):  # read1 does not say so itself
        raise NoAnswer("The answer broke off.", 0)
    return bytes(body)


def parse(body: bytes) -> dict[str, Any]:
    """The JSON object in the body."""
    try:
        answer = json.loads(body)
    except ValueError:
        raise NoAnswer("The answer is not JSON. Is COUNTERSIGN_URL the address of Countersign?") from None
    if not isinstance(answer, dict):
        raise NoAnswer("The answer is not a decision of the gate.")
    return answer


def refused(error: urllib.error.HTTPError, limit: float, retried: bool) -> NoAnswer:
    """What an error status means. A 409 on a repeated question may be our first attempt, still in flight."""
    try:
        problem = parse(read(error, limit))
    except (NoAnswer, OSError, http.client.HTTPException):
        problem = {}
    said = " ".join(clean(problem[name]) for name in ("detail", "remedy") if problem.get(name))
    message = f"The server answered {error.code}: {said or clean(problem.get('title') or error.reason)}"
    if error.code in TRY_AGAIN or (error.code == 409 and retried):
        after = error.headers.get("Retry-After", "")
        return NoAnswer(message, min(float(after), LONGEST_PAUSE) if after.isdigit() else 0)
    return NoAnswer(message)


def refuse_unless_about(answer: dict[str, Any], question: dict[str, Any]) -> None:
    """Raise NoAnswer unless this is a true decision on exactly what was asked."""
    if answer.get("decision") not in ("allow", "deny"):
        raise NoAnswer("The answer holds no decision.")
    for name in ("model", "version", "environment"):
        if name in question and answer.get(name) != question[name]:
            raise NoAnswer(
                f"The answer is about {name} {clean(answer.get(name))}, asked was {question[name]}."
            )
    if answer.get("dry_run", False) is not False:
        raise NoAnswer("The answer is a dry run, which decides nothing.")
    if answer["decision"] == "deny":
        return
    digest = question.get("artifact_digest")
    if digest and answer.get("artifact_digest") != digest:
        raise NoAnswer(
            f"The answer is about the artifact {clean(answer.get('artifact_digest'))}, not {digest}."
        )
    requirements = answer.get("requirements")
    against_policy = answer.get("basis") == BREAK_GLASS
    if not isinstance(requirements, list) or not requirements or (unmet(answer) and not against_policy):
        raise NoAnswer("The answer says allow, but its requirements do not.")


def unmet(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The requirements that hold the version back."""
    return [item for item in listed(answer) if item.get("result") in UNMET]


def listed(answer: dict[str, Any]) -> list[dict[str, Any]]:
    requirements = answer.get("requirements")
    return [item for item in requirements if isinstance(item, dict)] if isinstance(requirements, list) else []


def wait_for_allow(gate: Gate, question: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The first allow within the time, or else the last deny. Raises NoAnswer if there was none."""
    deadline = time.monotonic() + seconds
    last: dict[str, Any] | None = None
    while True:
        try:
            last = gate.ask(question, max(deadline, time.monotonic() + ATTEMPT_SECONDS))
        except NoAnswer as failure:
            if failure.pause is None or (last is None and time.monotonic() >= deadline):
                raise
            say(str(failure))
        if last and last["decision"] == "allow":
            return last
        left = deadline - time.monotonic()
        if left <= 0:
            if last is None:
                raise NoAnswer(f"No answer within {seconds:.0f} s.")
            return last
        held = f"denied, {count(len(unmet(last)), 'requirement')} unmet" if last else "not answered"
        say(f"So far {held}. Asking again for {left:.0f} s more.")
        time.sleep(min(POLL_SECONDS, left))


def report(answer: dict[str, Any]) -> None:
    """Print the decision for the reader of a pipeline's log."""
    named = "{model} version {version} in {environment}".format(
        **{name: clean(answer.get(name)) for name in ("model", "version", "environment")}
    )
    tier = f", tier {clean(answer['tier'])}" if answer.get("tier") else ""
    print(f"{answer['decision'].upper()}: {named}{tier}")
    if answer.get("basis") not in (None, "", "policy"):
        report_exception(answer)
    missing = unmet(answer)
    if answer["decision"] == "allow":
        print(f"Valid until {clean(answer.get('valid_until'))}")
    if missing or answer["decision"] == "deny":
        print(
            f"{count(len(missing), 'requirement')} unmet:"
            if missing
            else "The policy has no rule that allows it."
        )
        for item in missing:
            report_requirement(item)
    waived = [item for item in listed(answer) if item.get("result") == "waived"]
    if waived:
        print(f"{count(len(waived), 'requirement')} waived:")
        for item in waived:
            report_requirement(item)
    if answer.get("url"):
        print(f"Decision: {clean(answer['url'])}")
    elif answer.get("id"):
        print(f"Decision: {clean(answer['id'])}")


def report_exception(answer: dict[str, Any]) -> None:
    """Print, so that nobody overlooks it, that the policy alone would not have allowed this."""
    basis = clean(answer["basis"])
    heading = {
        BREAK_GLASS: "BREAK-GLASS: this is allowed AGAINST the policy.",
        "waiver": "WAIVER: this is allowed although a requirement is not met.",
    }.get(basis, f"The basis of this answer is {basis}, not the policy alone.")
    line = "!" * 72
    print(f"{line}\n!! {heading}")
    if answer.get("summary"):
        print(f"!! {clean(answer['summary'])}")
    found = answer.get("exceptions")
    for used in found if isinstance(found, list) else []:
        if isinstance(used, dict) and used.get("url"):
            print(f"!! See {clean(used['url'])}")
    print(line)


MARKS = {"error": "could not be judged", "waived": "waived"}


def report_requirement(item: dict[str, Any]) -> None:
    """Print one unmet or waived requirement: what, why, what to do, who can, where."""
    mark = MARKS.get(str(item.get("result")), "not met")
    print(f"\n  - {clean(item.get('title') or item.get('id'))} ({clean(item.get('id'))}): {mark}")
    print(f"    Why: {clean(item.get('reason'))}")
    if item.get("remedy"):
        print(f"    To do: {clean(item['remedy'])}")
    who = item.get("who")
    if who:
        print(f"    Who can: {', '.join(clean(one) for one in who) if isinstance(who, list) else clean(who)}")
    if item.get("url"):
        print(f"    Where: {clean(item['url'])}")


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def clean(text: Any) -> str:
    """The text on one line, without control characters: a server must not steer a terminal or a CI runner."""
    return "".join(c if c.isprintable() else " " for c in str(text))


def say(message: str) -> None:
    print(f"countersign: {message}", file=sys.stderr, flush=True)


def context() -> dict[str, str]:
    """Commit and pipeline, as far as the CI system tells."""
    get = os.environ.get
    url = get("CI_PIPELINE_URL") or get("BUILD_URL")
    if not url and get("GITHUB_RUN_ID"):
        url = "{}/{}/actions/runs/{}".format(
            get("GITHUB_SERVER_URL", "https://github.com"), get("GITHUB_REPOSITORY", ""), get("GITHUB_RUN_ID")
        )
    commit = get("GITHUB_SHA") or get("CI_COMMIT_SHA") or get("GIT_COMMIT") or get("BUILD_SOURCEVERSION")
    found = {"commit": commit, "pipeline_url": url}
    return {name: value[:500] for name, value in found.items() if value}


def duration(text: str) -> float:
    """Seconds in "90s", "30m" or "2h"."""
    match = re.fullmatch(r"(\d{1,6})([smh])", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 90s, 30m or 2h")
    return float(match.group(1)) * SECONDS[match.group(2)]


def digest(text: str) -> str:
    if re.fullmatch(r"sha256:[0-9a-f]{64}", text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a digest such as sha256:<64 hexadecimal digits>")
    return text


def named(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("must not be empty")
    return text


def address(given: str | None) -> str:
    """The base address of Countersign, checked."""
    url = given or os.environ.get("COUNTERSIGN_URL", "")
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise WrongUsage(
            "Set COUNTERSIGN_URL to the address of Countersign, such as https://countersign.example."
        )
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        say(f"warning: {url} is not https, so the API key or token travels in the clear.")
    return url


def key(scope: str) -> str:
    """The API key, checked."""
    token = os.environ.get("COUNTERSIGN_TOKEN", "").strip()
    if not plain(token):
        raise WrongUsage(f"Set COUNTERSIGN_TOKEN to an API key with the scope {scope}.")
    return token


def plain(token: str) -> bool:
    """Whether it can stand in a header."""
    return bool(token) and token.isascii() and token.isprintable() and " " not in token


def credential(url: str, waits: bool) -> Callable[[float], str]:
    """What proves who asks: an API key, else an identity token of the CI system."""
    get = os.environ.get
    given, source = get("COUNTERSIGN_OIDC_TOKEN", "").strip(), get("ACTIONS_ID_TOKEN_REQUEST_URL", "")
    if get("COUNTERSIGN_TOKEN", "").strip() or not (given or source):
        fixed = key("gate")
        return lambda limit: fixed
    if given:
        if not plain(given):
            raise WrongUsage("COUNTERSIGN_OIDC_TOKEN holds no identity token.")
        if waits:
            raise WrongUsage(
                "COUNTERSIGN_OIDC_TOKEN serves one question, so --wait cannot ask again. Leave --wait out and let the "
                "CI system retry the job, which gets a token of its own."
            )
        return lambda limit: given
    secret = get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "")
    if urllib.parse.urlsplit(source).scheme not in ("http", "https") or not plain(secret):
        raise WrongUsage("ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are not GitHub's.")
    return GitHubIdentity(source, secret, get("COUNTERSIGN_OIDC_AUDIENCE") or url.rstrip("/"))


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="countersign.py", description=__doc__.split("\n")[0])
    commands = top.add_subparsers(dest="command", required=True)
    gate = commands.add_parser(
        "gate",
        help="may this version run in this environment?",
        epilog="Exit codes: 0 allow, 1 deny, 2 wrong usage, 3 no answer could be had.",
    )
    gate.add_argument("--model", required=True, type=named, help="the model's short name")
    gate.add_argument("--version", type=named, help="its version; may be left out when --digest is given")
    gate.add_argument("--environment", required=True, type=named, help="development, staging or production")
    gate.add_argument(
        "--digest", type=digest, help="the artifact's digest, which must be that of the version"
    )
    gate.add_argument(
        "--wait", type=duration, metavar="30m", help="keep asking for so long until it is allowed"
    )
    gate.add_argument("--json", action="store_true", help="print the answer as JSON, attestation included")
    push = commands.add_parser(
        "push",
        help="register a new version from a folder, or go on doing so",
        epilog="Exit codes: 0 registered, 2 wrong usage, 3 not registered.",
    )
    push.add_argument("--model", required=True, type=named, help="the model's short name")
    push.add_argument("--version", required=True, type=named, help="its new version")
    push.add_argument("--trained-on", metavar="NAME@VERSION", help="the data set that it was trained on")
    push.add_argument("--json", action="store_true", help="print the version as JSON")
    push.add_argument("folder", type=named, help="the folder of the model, or its one file")
    for command in (gate, push):
        command.add_argument("--url", help="the address of Countersign (default: COUNTERSIGN_URL)")
    return top


def ask(arguments: argparse.Namespace) -> int:
    """Ask the gate, print its answer, return the exit code."""
    if not arguments.version and not arguments.digest:
        raise WrongUsage("Give --version or --digest, so that one version is meant.")
    url = address(arguments.url)
    gate = Gate(url, credential(url, waits=arguments.wait is not None))
    question = {"model": arguments.model, "environment": arguments.environment, "context": context()}
    if arguments.version:
        question["version"] = arguments.version
    if arguments.digest:
        question["artifact_digest"] = arguments.digest
    if arguments.wait is None:
        answer = gate.ask(question, time.monotonic() + ATTEMPTS * (ATTEMPT_SECONDS + LONGEST_PAUSE))
    else:
        answer = wait_for_allow(gate, question, arguments.wait)
    if arguments.json:
        print(json.dumps(answer, indent=2))
    else:
        report(answer)
    sys.stdout.flush()
    return ALLOW if answer["decision"] == "allow" else DENY


def push(arguments: argparse.Namespace) -> int:
    """Hash, announce, send what is missing, register; return the exit code."""
    registry = Registry(address(arguments.url), key("registry:write"))
    model = urllib.parse.quote(arguments.model, safe="")
    files = local_files(arguments.folder)
    upload = registry.announce(model, files)
    by_path = {file.path: file for file in files}
    missing = [(by_path[one["path"]], int(one["have_bytes"])) for one in upload["missing"]]
    left = sum(file.size - have for file, have in missing)
    say(f"{count(len(files), 'file')}, {count(len(missing), 'file')} to send, {left / 1e6:,.1f} MB.")
    for file, have in missing:
        registry.send(upload["id"], file, have)
    given = {
        "version": arguments.version,
        "upload": upload["id"],
        "code_commit": context().get("commit", "")[:64],
    }
    if arguments.trained_on:
        given["trained_on"] = arguments.trained_on
    version = registry.register(model, given)
    if arguments.json:
        print(json.dumps(version, indent=2))
    else:
        print(f"Registered {clean(version.get('model'))} version {clean(version.get('version'))}")
        print(f"Digest: {clean(version.get('artifact_digest'))}")
    sys.stdout.flush()
    return ALLOW


def local_files(folder: str) -> list[LocalFile]:
    """Every file under the folder, hashed. Raises WrongUsage for links and for a folder without files."""
    if os.path.isfile(folder) and not os.path.islink(folder):
        return [LocalFile(folder, os.path.basename(folder))]
    found = []
    for parent, folders, names in os.walk(folder):
        for name in sorted(folders + names):
            place = os.path.join(parent, name)
            if os.path.islink(place) or not (os.path.isfile(place) or os.path.isdir(place)):
                raise WrongUsage(f"{place} is a link or a device; put the file itself there.")
            if os.path.isfile(place):
                found.append(LocalFile(place, os.path.relpath(place, folder).replace(os.sep, "/")))
    if not found:
        raise WrongUsage(f"There are no files in {folder}.")
    return found


def main() -> int:
    """Run the command line. Exit 0 only ever stands for an allow, or a version, that was read and printed."""
    arguments = parser().parse_args()
    command, otherwise = (
        (push, "Not registered.") if arguments.command == "push" else (ask, "No answer, so do not deploy.")
    )
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        return command(arguments)
    except WrongUsage as error:
        say(str(error))
        return USAGE
    except NoAnswer as error:
        say(f"{otherwise} {error}")
        return NO_ANSWER
    except KeyboardInterrupt:
        say(f"Interrupted. {otherwise}")
        return NO_ANSWER


if __name__ == "__main__":
    sys.exit(main())
