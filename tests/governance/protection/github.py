"""GitHub's API on this machine: it checks the App's proof, gives tokens, takes reviews, and misbehaves when told to."""

import hashlib
import hmac
import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
APP_ID, SECRET = "4711", "a secret that GitHub and we know"
COMMIT = "3fa9d10c" * 5
TOKEN = "ghs_16C7e42F292c6912E7710c838347Ae178B4a"
PATHS = {
    "token": "/app/installations/88/access_tokens",
    "review": "/repos/acme/credit/actions/runs/77/deployment_protection_rule",
    "environment": "/repos/acme/credit/environments/production",
}


@dataclass(frozen=True)
class Taken:
    """A request that GitHub took."""

    path: str
    body: Any


class GitHub:
    """The server. `plan` holds statuses for the next requests to "token", "environment" or "review"; 0 hangs."""

    def __init__(self) -> None:
        github = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                github.answer(self, None)

            def do_POST(self) -> None:
                github.answer(self, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.fresh()

    def fresh(self) -> None:
        """As at the beginning: it does its part, and only protected branches deploy to production."""
        self.plan: dict[str, list[int]] = {}
        self.taken: list[Taken] = []
        self.policy: Any = {"protected_branches": True, "custom_branch_policies": False}
        self.token_body: bytes = json.dumps({"token": TOKEN}).encode()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def reviews(self) -> list[Any]:
        """The answers that were given."""
        return [taken.body for taken in self.taken if taken.path == PATHS["review"]]

    def answer(self, request: BaseHTTPRequestHandler, body: Any) -> None:
        """What GitHub answers, or what is planned instead."""
        path = unquote(request.path)
        what = next((name for name, known in PATHS.items() if path == known), "")
        status = self.plan[what].pop(0) if self.plan.get(what) else 200
        if not status:
            time.sleep(1)
            return
        if status == 200:
            status, content = self._fulfilled(what, request, body)
        else:
            content = b'{"message": "As planned"}'
        if status < 300:
            self.taken.append(Taken(path, body))
        request.send_response(status)
        if 300 <= status < 400:
            request.send_header("Location", f"{self.url}{PATHS['review']}")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def _fulfilled(self, what: str, request: BaseHTTPRequestHandler, body: Any) -> tuple[int, bytes]:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if what == "token":
            claims = jwt.decode(given, KEY.public_key(), algorithms=["RS256"], issuer=APP_ID)
            assert claims["exp"] - claims["iat"] <= 600
            assert body["repository_ids"] in ([1001], [9])  # where the App is installed
            return 201, self.token_body
        if given != TOKEN:
            return 401, b'{"message": "Bad credentials"}'
        if what == "environment":
            return 200, json.dumps({"name": "production", "deployment_branch_policy": self.policy}).encode()
        return (204, b"") if what == "review" else (404, b'{"message": "Not Found"}')

    def asks(self, **changes: Any) -> dict[str, Any]:
        """The message about a run of acme/credit that waits to deploy to production."""
        said: dict[str, Any] = {
            "action": "requested",
            "environment": "production",
            "event": "push",
            "sha": COMMIT,
            "ref": "refs/heads/main",
            "deployment_callback_url": f"{self.url}{PATHS['review']}",
            "deployment": {"id": 5, "sha": COMMIT, "ref": "main", "payload": {}},
            "pull_requests": [],
            "repository": {"id": 1001, "full_name": "acme/credit", "owner": {"id": 42, "login": "acme"}},
            "installation": {"id": 88},
            "sender": {"login": "dev", "id": 7},
        }
        return said | changes


def signed(body: bytes, *, secret: str = SECRET, **changes: str) -> dict[str, str]:
    """The headers that come with it."""
    mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        "X-Hub-Signature-256": f"sha256={mac}",
        "X-GitHub-Delivery": str(uuid4()),
        "X-GitHub-Event": "deployment_protection_rule",
    } | changes
