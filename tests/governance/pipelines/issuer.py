"""A CI system's identity provider, for real: a server with a set of keys, and tokens signed with them.

Each path is an issuer of its own. `/big`, `/elsewhere`, `/broken` and `/none` misbehave.
"""

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

AUDIENCE = "https://countersign.example"
FIRST, SECOND, STRANGE, SHORT = (
    rsa.generate_private_key(public_exponent=65537, key_size=size) for size in (2048, 2048, 2048, 1024)
)
CURVE = ec.generate_private_key(ec.SECP256R1())
GITHUB_CLAIMS = {
    "sub": "repo:acme/credit:environment:production",
    "repository": "acme/credit",
    "repository_id": "1001",
    "repository_owner": "acme",
    "repository_owner_id": "42",
    "event_name": "push",
    "ref": "refs/heads/main",
    "ref_protected": "true",
    "environment": "production",
    "job_workflow_ref": "acme/ci/.github/workflows/deploy.yml@refs/heads/main",
    "run_id": "77",
    "actor": "dev",
}
GITLAB_CLAIMS = {
    "sub": "project_path:acme/credit:ref_type:branch:ref:main",
    "project_path": "acme/credit",
    "project_id": "1001",
    "namespace_id": "42",
    "pipeline_source": "push",
    "ref": "main",
    "ref_path": "refs/heads/main",
    "ref_protected": "true",
    "environment": "production",
    "ci_config_ref_uri": "gitlab.example/acme/credit//.gitlab-ci.yml@refs/heads/main",
    "job_project_id": "9",
    "pipeline_id": "78",
}


def public(key: Any, kid: str, **more: str) -> dict[str, Any]:
    """The key as an issuer publishes it."""
    algorithm = ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else RSAAlgorithm
    made: dict[str, Any] = json.loads(algorithm.to_jwk(key.public_key()))
    return made | {"kid": kid, "use": "sig"} | more


class Issuer:
    """The server. `keys` is what it publishes now, `asked` how often each path was asked for."""

    def __init__(self) -> None:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.answer(self)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.fresh()

    def fresh(self) -> None:
        """As at the beginning."""
        self.keys = [public(FIRST, "first"), public(CURVE, "curve"), public(SHORT, "short")]
        self.asked: Counter[str] = Counter()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """The set of keys, or what this path does instead."""
        self.asked[request.path] += 1
        body, status, headers = json.dumps({"keys": self.keys}).encode(), 200, {}
        if request.path.startswith("/big"):
            body += b" " * 300_000
        elif request.path.startswith("/elsewhere"):
            status, headers = 302, {"Location": f"{self.url}/.well-known/jwks"}
        elif request.path.startswith("/broken"):
            status = 500
        elif request.path.startswith("/none"):
            body = b'{"keys": "none"}'
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def token(
        self,
        *,
        path: str = "",
        key: Any = FIRST,
        kid: str | None = "first",
        alg: str | None = "RS256",
        without: str = "",
        base: dict[str, Any] = GITHUB_CLAIMS,
        **claims: Any,
    ) -> str:
        """A token for us, unless told."""
        now = int(time.time())
        times = {"iat": now - 5, "nbf": now - 5, "exp": now + 300}
        said = base | times | {"iss": self.url + path, "aud": AUDIENCE, "jti": str(uuid4())} | claims
        said.pop(without, None)
        headers = {"kid": kid} if kid is not None else {}
        return jwt.encode(said, key, algorithm=alg, headers=headers)
