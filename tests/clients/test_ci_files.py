"""The ready files for CI systems, and identity tokens in the client: run for real, against servers that remember."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from tests.clients.test_gate_client import ALLOW, CLIENT, DENY

CLIENTS = CLIENT.parent
ASKED = {"model": "credit-default", "version": "3", "environment": "production"}


class Servers:
    """GitHub's token service under /token and Countersign under /api, with what they were asked."""

    def __init__(self) -> None:
        servers = self
        self.decisions: list[Any] = [ALLOW]
        self.failing = 0
        self.tokens: list[tuple[str, list[str]]] = []
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = parse_qs(urlsplit(self.path).query)
                servers.tokens.append((self.headers["Authorization"], query["audience"]))
                self.reply(200, {"value": f"a.b.{len(servers.tokens)}", "count": 1})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                servers.asked.append((self.headers["Authorization"], self.headers["Idempotency-Key"], body))
                servers.failing -= 1
                decisions = servers.decisions
                answer = decisions.pop(0) if len(decisions) > 1 else decisions[0]
                self.reply(503 if servers.failing >= 0 else 200, answer)

            def reply(self, status: int, value: Any) -> None:
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def github(self) -> dict[str, str]:
        """What GitHub sets in a job that may have tokens."""
        return {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.url}/token?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "runner-secret",
        }


@pytest.fixture
def servers() -> Iterator[Servers]:
    running = Servers()
    yield running
    running.close()


def gate(servers: Servers, *more: str, **environment: str) -> subprocess.CompletedProcess[str]:
    named = [f"--{name}={value}" for name, value in ASKED.items()]
    return run([sys.executable, "-I", str(CLIENT), "gate", *named, *more], servers, environment)


def run(
    command: list[str], servers: Servers, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    given = {"COUNTERSIGN_URL": f"{servers.url}/", "NO_PROXY": "127.0.0.1", "PATH": os.environ["PATH"]}
    return subprocess.run(
        command, env=given | environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_github_job_fetches_a_token_for_us_and_a_new_one_for_each_attempt(servers: Servers) -> None:
    servers.failing = 1
    done = gate(servers, **servers.github)
    assert (done.returncode, "ALLOW" in done.stdout) == (0, True)
    assert servers.tokens == [("Bearer runner-secret", [servers.url])] * 2
    assert [sent for sent, *_ in servers.asked] == ["Bearer a.b.1", "Bearer a.b.2"]
    assert len({key for _, key, _ in servers.asked}) == 1, "two attempts at one question"
    assert "runner-secret" not in done.stdout + done.stderr and "a.b.1" not in done.stdout + done.stderr


def test_an_api_key_goes_first_and_a_given_token_before_a_fetched_one(servers: Servers) -> None:
    given = servers.github | {
        "COUNTERSIGN_OIDC_TOKEN": "x.y.z",
        "COUNTERSIGN_OIDC_AUDIENCE": "https://us.example",
    }
    gate(servers, **given, COUNTERSIGN_TOKEN="cs_key")
    gate(servers, **given)
    gate(servers, **given | {"COUNTERSIGN_OIDC_TOKEN": ""})
    assert [sent for sent, *_ in servers.asked] == ["Bearer cs_key", "Bearer x.y.z", "Bearer a.b.1"]
    assert servers.tokens == [("Bearer runner-secret", ["https://us.example"])]


def test_mistakes_exit_2_and_a_token_service_that_fails_exits_3(servers: Servers) -> None:
    once = {"COUNTERSIGN_OIDC_TOKEN": "x.y.z"}
    half = {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{servers.url}/token?a=b"}
    wrong = servers.github | {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{servers.url}/api/"}
    answers = {
        "waits": gate(servers, "--wait=1m", **once),
        "spaces": gate(servers, COUNTERSIGN_OIDC_TOKEN="x y"),
        "half": gate(servers, **half),
        "nothing": gate(servers),
    }
    assert {name: done.returncode for name, done in answers.items()} == dict.fromkeys(answers, 2)
    assert "serves one question" in answers["waits"].stderr
    servers.close()
    failed = gate(servers, "--wait=1s", **wrong)
    assert failed.returncode == 3
    assert "GitHub gave no identity token" in failed.stderr
    assert servers.asked == []


@pytest.mark.parametrize(
    ("decision", "code", "output"), [(ALLOW, 0, "decision=allow\n"), (DENY, 1, "decision=deny\n")]
)
def test_the_github_action_asks_and_hands_the_answer_on(
    servers: Servers, tmp_path: Path, decision: dict[str, Any], code: int, output: str
) -> None:
    servers.decisions = [decision]
    action = yaml.safe_load((CLIENTS / "github-action" / "action.yml").read_text())
    (step,) = action["runs"]["steps"]
    given = ASKED | {
        "url": servers.url,
        "model": 'credit-default"; exit 0 #',
        "digest": "",
        "wait": "",
        "audience": "",
    }
    assert set(action["inputs"]) == set(given)
    filled = {name: _filled(text, given) for name, text in step["env"].items()}
    environment = (
        filled | servers.github | {"GITHUB_OUTPUT": str(tmp_path / "out"), "COUNTERSIGN_TOKEN": "cs_no"}
    )
    servers.decisions = [decision | {"model": given["model"]}]
    done = run(["bash", "-c", step["run"]], servers, environment)
    assert done.returncode == code, done.stderr
    assert (tmp_path / "out").read_text() == output
    assert servers.asked[0][2]["model"] == given["model"], "text of an input is never run"
    assert servers.asked[0][0] == "Bearer a.b.1"
    assert "${{" not in step["run"]


def test_the_github_action_says_which_permission_is_missing(servers: Servers, tmp_path: Path) -> None:
    step = yaml.safe_load((CLIENTS / "github-action" / "action.yml").read_text())["runs"]["steps"][0]
    done = run(["bash", "-c", step["run"]], servers, {"GITHUB_OUTPUT": str(tmp_path / "out")})
    assert (done.returncode, "id-token: write" in done.stdout) == (2, True)


def _filled(text: str, inputs: dict[str, str]) -> str:
    text = text.replace("${{ github.action_path }}", str(CLIENTS / "github-action"))
    for name, value in inputs.items():
        text = text.replace(f"${{{{ inputs.{name} }}}}", value)
    return text


def test_the_gitlab_component_asks_with_its_token(servers: Servers) -> None:
    head, body = yaml.safe_load_all((CLIENTS / "gitlab" / "countersign.yml").read_text())
    given = {
        name: "" if one is None else one.get("default", "") for name, one in head["spec"]["inputs"].items()
    }
    given |= ASKED | {"url": servers.url, "audience": "https://us.example", "client": str(CLIENT)}
    (job,) = body.values()
    assert job["id_tokens"] == {"COUNTERSIGN_OIDC_TOKEN": {"aud": "$[[ inputs.audience ]]"}}
    variables = {name: _put_in(text, given) for name, text in job["variables"].items()}
    done = run(["bash", "-c", job["script"][0]], servers, variables | {"COUNTERSIGN_OIDC_TOKEN": "x.y.z"})
    assert done.returncode == 0, done.stderr
    assert servers.asked[0][0] == "Bearer x.y.z"
    assert {name: servers.asked[0][2][name] for name in ASKED} == ASKED
    assert "$[[" not in " ".join(job["script"])


def _put_in(text: str, inputs: dict[str, str]) -> str:
    for name, value in inputs.items():
        text = text.replace(f"$[[ inputs.{name} ]]", value)
    return text
