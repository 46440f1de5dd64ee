"""A real identity provider on this machine: discovery, keys, code flow with PKCE. It can be told to misbehave."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

CLIENT, SECRET = "countersign", "s3cret:with/odd+signs"


@dataclass
class Key:
    """A signing key and the id that it is published under."""

    name: str
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @property
    def public(self) -> dict[str, Any]:
        """As the provider publishes it."""
        known: dict[str, Any] = ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return known | {"kid": self.name, "use": "sig", "alg": "ES256"}


@dataclass
class IdentityProvider:
    """Who is logged in there (`person`: claims), what it signs with, and how its next tokens go wrong (`spoil`)."""

    address: str
    person: dict[str, Any] = field(default_factory=dict)
    keys: list[Key] = field(default_factory=lambda: [Key("one")])
    spoil: dict[str, Any] = field(default_factory=dict)
    signed_by: Key | None = None
    algorithm: str = "ES256"
    issuer: str = ""
    keeps_groups_back: bool = False
    auth_time: float | None = None
    asked: dict[str, str] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def documents(self, path: str, bearer: str) -> dict[str, Any] | None:
        """What a GET is answered."""
        match path:
            case "/.well-known/openid-configuration":
                places = {
                    "authorization_endpoint": "authorize",
                    "token_endpoint": "token",
                    "jwks_uri": "keys",
                    "userinfo_endpoint": "userinfo",
                    "end_session_endpoint": "logout",
                }
                found = {name: f"{self.address}/{place}" for name, place in places.items()}
                return found | {"issuer": self.issuer or self.address}
            case "/keys":
                return {"keys": [key.public for key in self.keys]}
            case "/userinfo" if bearer == "Bearer access":
                return {**self.person, **self.spoil.get("userinfo", {})}
        return None

    def authorize(self, address: str) -> str:
        """What a browser does there: log in, and be sent back. Answers the address with the code."""
        question = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        self.asked = question
        code = secrets.token_urlsafe(8)
        self.codes[code] = question
        answer = {"code": code, "state": question["state"]}
        return f"{question['redirect_uri']}?{urlencode(answer)}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """The token for a code, once, if client and verifier are right."""
        question = self.codes.pop(form.get("code", ""), None)
        pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        quoted = parse_qs(f"a={pair.partition(':')[2]}").get("a", [""])[0]
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if question is None or quoted != SECRET or challenge != question["code_challenge"]:
            return None
        return {"id_token": self.id_token(question), "access_token": "access", "token_type": "Bearer"}

    def id_token(self, question: dict[str, str]) -> str:
        """Signed claims; spoiled ones replace what would be right, and None leaves a claim out."""
        now = time.time()
        claims: dict[str, Any] = {
            "iss": self.address,
            "aud": CLIENT,
            "iat": int(now),
            "exp": int(now) + 300,
            "nonce": question["nonce"],
            "auth_time": int(now if self.auth_time is None else self.auth_time),
        }
        told = {
            name: value
            for name, value in self.person.items()
            if name != "groups" or not self.keeps_groups_back
        }
        claims |= told | {name: value for name, value in self.spoil.items() if name != "userinfo"}
        claims = {name: value for name, value in claims.items() if value is not None}
        key = self.signed_by or self.keys[-1]
        if self.algorithm == "none":
            return jwt.encode(claims, "", algorithm="none", headers={"kid": key.name})
        if self.algorithm == "HS256":  # the public key taken for a shared secret
            return jwt.encode(claims, json.dumps(key.public), algorithm="HS256", headers={"kid": key.name})
        return jwt.encode(claims, key.private, algorithm="ES256", headers={"kid": key.name})


@contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    """The provider, listening until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(provider.documents(urlsplit(self.path).path, self.headers.get("Authorization", "")))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._answer(provider.token(form, self.headers.get("Authorization", "")))

        def _answer(self, found: dict[str, Any] | None) -> None:
            body = json.dumps({"error": "invalid_grant"} if found is None else found).encode()
            self.send_response(400 if found is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = IdentityProvider(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
