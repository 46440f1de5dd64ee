"""The CI client as a pipeline runs it: a process, an exit code, printed text, a server at the other end."""

import ast
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

CLIENT = Path(__file__).resolve().parents[2] / "clients" / "countersign.py"
TOKEN = "cs_test_0123456789abcdef"
DIGEST = "sha256:" + "ab" * 32
ASKED = ["--model", "credit-default", "--version", "3", "--environment", "production"]

SIGNED: dict[str, Any] = {
    "id": "signoff.validator",
    "kind": "signoff",
    "title": "Signed by a validator",
    "result": "satisfied",
    "reason": "Viktor Sahl approved on 13 Nov.",
    "remedy": None,
    "who": [],
    "url": "https://countersign.example/reviews/7",
}
UNSIGNED: dict[str, Any] = {
    "id": "signoff.risk_officer",
    "kind": "signoff",
    "title": "Signed by a risk officer",
    "result": "unsatisfied",
    "reason": "Nobody signed yet.",
    "remedy": "Ask a risk officer to review.",
    "who": ["Ada Okafor", "Risk officer"],
    "url": "https://countersign.example/reviews/7#sign",
}
UNJUDGED: dict[str, Any] = {
    "id": "monitoring_in_place",
    "kind": "monitoring_in_place",
    "title": "Monitoring in place",
    "result": "error",
    "reason": "The alert rule could not be read.",
    "remedy": None,
    "who": [],
    "url": None,
}


def answer(decision: str, *requirements: dict[str, Any], **changed: object) -> dict[str, Any]:
    return {
        "id": "0195",
        "decision": decision,
        "basis": "policy",
        "model": "credit-default",
        "version": "3",
        "artifact_digest": DIGEST,
        "environment": "production",
        "tier": "high",
        "dry_run": False,
        "requirements": list(requirements),
        "valid_until": "2026-11-21T13:00:00Z",
        "url": "https://countersign.example/gate/decisions/0195",
        "attestation": {"payloadType": "application/vnd.in-toto+json", "payload": "", "signatures": []},
    } | changed


ALLOW = answer("allow", SIGNED)
DENY = answer("deny", SIGNED, UNSIGNED, UNJUDGED)


@dataclass
class Reply:
    """What the server answers; `cut` hangs up in the middle of it."""

    body: object = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass
class Countersign:
    """A server that gives its replies in turn, the last one for ever, and keeps what it was asked."""

    replies: list[Reply]
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def next_reply(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


Serve = Callable[..., Countersign]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[ThreadingHTTPServer] = []

    def serve(*replies: Reply) -> Countersign:
        countersign = Countersign(list(replies))

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                countersign.headers.append(dict(self.headers))
                countersign.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                reply = countersign.next_reply()
                body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body) + (10 if reply.cut else 0)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
        countersign.url = f"http://127.0.0.1:{server.server_port}"
        return countersign

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def run(url: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ}
    given = {"COUNTERSIGN_URL": url, "COUNTERSIGN_TOKEN": TOKEN, "NO_PROXY": "127.0.0.1"}
    return subprocess.run(
        [sys.executable, "-I", str(CLIENT), *arguments],
        env=clean | given | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def gate(countersign: Countersign, *more: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run(countersign.url, "gate", *ASKED, *more, **environment)


def test_an_allow_exits_0_and_says_for_how_long(serve: Serve) -> None:
    done = gate(serve(Reply(ALLOW)))

    assert done.returncode == 0
    assert "ALLOW: credit-default version 3 in production, tier high" in done.stdout
    assert "Valid until 2026-11-21T13:00:00Z" in done.stdout
    assert done.stderr == ""


WAIVED: dict[str, Any] = {
    **UNSIGNED,
    "id": "evaluation.explainability",
    "title": "Outputs explained",
    "result": "waived",
    "reason": "Waived until 30 Nov by Ada Okafor (risk officer): the vendor keeps the model.",
}
EXCEPTION = {"kind": "waiver", "id": 4, "url": "https://countersign.example/waivers/4/"}


def test_an_allow_with_a_waiver_says_so_loudly(serve: Serve) -> None:
    allowed = answer(
        "allow", SIGNED, WAIVED, basis="waiver", summary="Allow with 1 waiver.", exceptions=[EXCEPTION]
    )
    done = gate(serve(Reply(allowed)))
    assert done.returncode == 0
    assert "!! WAIVER: this is allowed although a requirement is not met." in done.stdout
    assert "!! See https://countersign.example/waivers/4/" in done.stdout
    assert "Outputs explained (evaluation.explainability): waived" in done.stdout


def test_break_glass_is_an_allow_against_the_policy_and_lists_what_is_unmet(serve: Serve) -> None:
    done = gate(serve(Reply(answer("allow", SIGNED, UNSIGNED, basis="break_glass", summary="Until 20:00."))))
    assert done.returncode == 0
    assert "!! BREAK-GLASS: this is allowed AGAINST the policy." in done.stdout
    assert "1 requirement unmet:" in done.stdout


def test_a_deny_exits_1_and_says_what_why_who_and_where(serve: Serve) -> None:
    done = gate(serve(Reply(DENY)))

    assert done.returncode == 1
    assert "DENY: credit-default version 3 in production, tier high\n2 requirements unmet:" in done.stdout
    assert "- Signed by a risk officer (signoff.risk_officer): not met" in done.stdout
    assert "Why: Nobody signed yet." in done.stdout
    assert "To do: Ask a risk officer to review." in done.stdout
    assert "Who can: Ada Okafor, Risk officer" in done.stdout
    assert "Where: https://countersign.example/reviews/7#sign" in done.stdout
    assert "- Monitoring in place (monitoring_in_place): could not be judged" in done.stdout
    assert "Decision: https://countersign.example/gate/decisions/0195" in done.stdout
    assert "signoff.validator" not in done.stdout


def test_a_deny_without_requirements_is_a_deny(serve: Serve) -> None:
    done = gate(serve(Reply(answer("deny"))))

    assert done.returncode == 1
    assert "The policy has no rule that allows it." in done.stdout


def test_json_prints_the_whole_answer_and_nothing_else(serve: Serve) -> None:
    allowed, denied = gate(serve(Reply(ALLOW)), "--json"), gate(serve(Reply(DENY)), "--json")

    assert (allowed.returncode, json.loads(allowed.stdout)) == (0, ALLOW)
    assert (denied.returncode, json.loads(denied.stdout)) == (1, DENY)


def test_the_question_names_the_version_the_digest_and_the_pipeline(serve: Serve) -> None:
    countersign = serve(Reply(ALLOW))
    gate(countersign, "--digest", DIGEST, GITHUB_SHA="c0ffee", GITHUB_RUN_ID="9", GITHUB_REPOSITORY="bank/pd")

    assert countersign.asked == [
        {
            "model": "credit-default",
            "version": "3",
            "environment": "production",
            "artifact_digest": DIGEST,
            "context": {"commit": "c0ffee", "pipeline_url": "https://github.com/bank/pd/actions/runs/9"},
        }
    ]
    assert countersign.headers[0]["Authorization"] == f"Bearer {TOKEN}"


def test_a_digest_alone_names_the_version(serve: Serve) -> None:
    countersign = serve(Reply(ALLOW))
    done = run(
        countersign.url,
        "gate",
        "--model",
        "credit-default",
        "--digest",
        DIGEST,
        "--environment",
        "production",
    )

    assert done.returncode == 0
    assert "version" not in countersign.asked[0]


NOT_AN_ANSWER = {
    "another model": answer("allow", SIGNED, model="other"),
    "another version": answer("allow", SIGNED, version="4"),
    "a version that is a number": answer("allow", SIGNED, version=3),
    "another environment": answer("allow", SIGNED, environment="staging"),
    "a dry run": answer("allow", SIGNED, dry_run=True),
    "a decision in other words": answer("ALLOW", SIGNED),
    "true for a decision": answer("allow", SIGNED) | {"decision": True},
    "no decision": {"model": "credit-default", "version": "3", "environment": "production"},
    "an allow without requirements": answer("allow"),
    "an allow with an unmet requirement": answer("allow", SIGNED, UNSIGNED),
    "a list": [ALLOW],
    "a web page": b"<html>allow</html>",
    "nothing": b"",
}


@pytest.mark.parametrize("body", NOT_AN_ANSWER.values(), ids=NOT_AN_ANSWER)
def test_what_is_no_answer_to_the_question_is_never_an_allow(serve: Serve, body: object) -> None:
    done = gate(serve(Reply(body)))

    assert done.returncode == 3
    assert done.stdout == ""
    assert "No answer, so do not deploy." in done.stderr


def test_an_allow_for_another_artifact_is_no_answer(serve: Serve) -> None:
    done = gate(serve(Reply(ALLOW)), "--digest", "sha256:" + "cd" * 32)

    assert done.returncode == 3
    assert "The answer is about the artifact sha256:abab" in done.stderr


@pytest.mark.parametrize("status", [201, 204, 400, 401, 403, 404, 409, 422])
def test_no_status_but_200_is_ever_an_allow(serve: Serve, status: int) -> None:
    countersign = serve(Reply(ALLOW if status != 204 else b"", status))

    assert gate(countersign).returncode == 3
    assert len(countersign.asked) == 1


def test_a_problem_document_is_told_in_its_own_words(serve: Serve) -> None:
    problem = {"title": "Not Found", "status": 404, "detail": "There is no model credit-default."}
    done = gate(serve(Reply(problem, 404)))

    assert done.returncode == 3
    assert "The server answered 404: There is no model credit-default." in done.stderr


def test_passing_failures_are_asked_again_with_the_same_idempotency_key(serve: Serve) -> None:
    in_flight = Reply({"detail": "The same question is being answered."}, 409)
    countersign = serve(Reply(status=503), in_flight, Reply(ALLOW))

    assert gate(countersign).returncode == 0
    assert len(countersign.asked) == 3
    assert len({headers["Idempotency-Key"] for headers in countersign.headers}) == 1


def test_a_connection_that_breaks_off_is_asked_again(serve: Serve) -> None:
    countersign = serve(Reply(ALLOW, cut=True), Reply(DENY))

    assert gate(countersign).returncode == 1
    assert len(countersign.asked) == 2


def test_a_server_that_keeps_failing_is_no_answer(serve: Serve) -> None:
    countersign = serve(Reply(status=503))
    done = gate(countersign)

    assert done.returncode == 3
    assert len(countersign.asked) == 5
    assert "The server answered 503" in done.stderr


def test_retry_after_is_honoured(serve: Serve) -> None:
    countersign = serve(Reply(status=429, headers={"Retry-After": "2"}), Reply(ALLOW))
    started = time.monotonic()

    assert gate(countersign).returncode == 0
    assert time.monotonic() - started > 1.4


def test_nobody_at_home_is_no_answer(serve: Serve) -> None:
    done = run("http://127.0.0.1:9", "gate", *ASKED)

    assert done.returncode == 3
    assert "No connection to http://127.0.0.1:9" in done.stderr


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed_and_the_key_stays_here(serve: Serve, status: int) -> None:
    elsewhere = serve(Reply(ALLOW))
    done = gate(serve(Reply(status=status, headers={"Location": f"{elsewhere.url}/api/v1/gate/decisions"})))

    assert done.returncode == 3
    assert elsewhere.asked == []
    assert "redirects to" in done.stderr or f"answered {status}" in done.stderr


def test_an_untrusted_certificate_is_no_answer(serve: Serve) -> None:
    plain = serve(Reply(ALLOW))
    done = run(plain.url.replace("http://", "https://"), "gate", *ASKED)

    assert done.returncode == 3
    assert plain.asked == []


def test_waiting_ends_with_the_first_allow(serve: Serve) -> None:
    countersign = serve(Reply(DENY), Reply(ALLOW))
    done = gate(countersign, "--wait", "1s")

    assert done.returncode == 0
    assert "So far denied, 2 requirements unmet." in done.stderr
    assert len({headers["Idempotency-Key"] for headers in countersign.headers}) == 2


def test_waiting_in_vain_ends_with_the_last_deny(serve: Serve) -> None:
    done = gate(serve(Reply(DENY)), "--wait", "1s")

    assert done.returncode == 1
    assert "Signed by a risk officer" in done.stdout


def test_errors_after_a_deny_leave_it_a_deny(serve: Serve) -> None:
    done = gate(serve(Reply(DENY), Reply(status=503)), "--wait", "1s")

    assert done.returncode == 1
    assert "DENY" in done.stdout


def test_waiting_does_not_outlast_a_refusal(serve: Serve) -> None:
    countersign = serve(Reply({"detail": "This key was revoked."}, 401))
    done = gate(countersign, "--wait", "30m")

    assert done.returncode == 3
    assert len(countersign.asked) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["gate"],
        ["gate", "--model", "m", "--environment", "production"],
        ["gate", *ASKED, "--digest", "abc"],
        ["gate", *ASKED, "--wait", "soon"],
        ["gate", *ASKED, "--insecure"],
        ["gate", "--model", "", "--version", "3", "--environment", "production"],
    ],
    ids=lambda arguments: " ".join(arguments) or "nothing",
)
def test_wrong_usage_exits_2_and_asks_nothing(serve: Serve, arguments: list[str]) -> None:
    countersign = serve(Reply(ALLOW))

    assert run(countersign.url, *arguments).returncode == 2
    assert countersign.asked == []


@pytest.mark.parametrize(
    ("url", "token", "said"),
    [
        ("", TOKEN, "Set COUNTERSIGN_URL"),
        ("file:///etc/passwd", TOKEN, "Set COUNTERSIGN_URL"),
        ("https://user:word@countersign.example", TOKEN, "Set COUNTERSIGN_URL"),
        ("http://127.0.0.1:9", "", "Set COUNTERSIGN_TOKEN"),
        ("http://127.0.0.1:9", "two words", "Set COUNTERSIGN_TOKEN"),
    ],
)
def test_an_environment_that_is_not_set_up_exits_2(url: str, token: str, said: str) -> None:
    done = run(url, "gate", *ASKED, COUNTERSIGN_TOKEN=token)

    assert done.returncode == 2
    assert said in done.stderr


def test_what_the_server_says_cannot_steer_the_terminal_or_the_runner(serve: Serve) -> None:
    hostile = UNSIGNED | {"title": "\x1b[2J", "reason": "no\n::set-output name=allowed::true\r\u202e"}
    done = gate(serve(Reply(answer("deny", hostile))))

    assert done.returncode == 1
    assert "\x1b" not in done.stdout and "\u202e" not in done.stdout
    assert not any(line.strip().startswith("::") for line in done.stdout.splitlines())


def test_the_key_is_never_printed(serve: Serve) -> None:
    for reply in (Reply(ALLOW), Reply(DENY), Reply(status=401)):
        done = gate(serve(reply))
        assert TOKEN not in done.stdout + done.stderr


def test_the_file_needs_python_3_8_and_its_standard_library_only() -> None:
    tree = ast.parse(CLIENT.read_text(), feature_version=(3, 8))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names
