"""A real HTTPS server with a certificate of an authority of its own, whose answers each test writes."""

import ipaddress
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.utils import timezone


@dataclass
class Reply:
    """What the server says: status, body (JSON unless bytes), headers, and seconds that it thinks first."""

    body: Any = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0


Rule = Callable[[int, Any], Reply]


@dataclass
class Server:
    """Where it is, what it was asked, and the rule by which it answers: number of the request, its JSON."""

    url: str
    ca_file: Path
    rule: Rule
    asked: list[dict[str, Any]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def origin(self) -> str:
        """Without the path."""
        return self.url.rpartition("/")[0]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Every row that came in."""
        return [row for asked in self.asked for row in asked["body"]["instances"]]


def positive_when_old(number: int, body: Any) -> Reply:
    """The rule that most tests use: a label and its probability."""
    rows = body["instances"]
    return Reply({"predictions": [answer_to(row) for row in rows]})


def answer_to(row: Mapping[str, Any]) -> dict[str, Any]:
    """Who is older is better."""
    chance = row["age"] / 100
    return {"label": "good" if chance >= 0.5 else "bad", "p": {"good": chance}}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """At https://localhost, for as long as the test runs."""
    ca_file, chain = a_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made.asked.append({"path": self.path, "headers": dict(self.headers), "body": content})
            reply = made.rule(len(made.asked), content)
            made.closing.wait(reply.seconds)
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            try:
                self.send_response(reply.status)
                self.send_header("Content-Length", str(len(body)))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
            except OSError:  # whoever asked has gone
                self.close_connection = True

        def log_message(self, *said: Any) -> None:
            """Not on the test's output."""

    class Listener(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A handshake that the client broke off."""

    httpd = Listener(("127.0.0.1", 0), Handler)
    httpd.socket = context.wrap_socket(httpd.socket, server_side=True, do_handshake_on_connect=False)
    made = Server(f"https://localhost:{httpd.server_port}/score", ca_file, positive_when_old)
    thread = threading.Thread(target=httpd.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield made
    made.closing.set()
    httpd.shutdown()
    httpd.server_close()


def a_certificate(folder: Path) -> tuple[Path, Path]:
    """An authority's certificate, and a server's with its key, for localhost."""
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    ca = (
        _builder(ca_name, ca_name, authority.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority, hashes.SHA256())
    )
    own = (
        _builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), ca_name, key.public_key())
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(authority, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    ca_file, chain = folder / "ca.pem", folder / "server.pem"
    ca_file.write_bytes(ca.public_bytes(pem))
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain.write_bytes(own.public_bytes(pem) + secret)
    return ca_file, chain


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = timezone.now()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
    )
