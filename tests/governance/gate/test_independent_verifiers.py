"""Attestations as the gate gives them, verified by programs that share no code with it."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.test import Client
from django.utils import timezone
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import Key, SSlibKey  # type: ignore[attr-defined]

from audit.actor import Actor
from audit.attestation import pae
from audit.keyfiles import ATTESTATION
from audit.keyring import introduce, rotate
from registry.models import ModelVersion

pytestmark = pytest.mark.django_db
URL = "/api/v1/gate/decisions"
SIGSTORE = Path(__file__).parents[2] / "clients" / "sigstore"
MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
Api = Callable[..., Client]
OPERATOR = Actor.system("operator")


def decided(client: Client, **more: Any) -> dict[str, Any]:
    question = {"model": "credit-default", "version": "1", "environment": "production", **more}
    answer = client.post(URL, json.dumps(question), content_type="application/json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def published(folder: Path) -> dict[str, Path]:
    """The public keys of attestations by id, in files, as the installation publishes them."""
    ring = Client().get("/.well-known/countersign/keys.json").json()["attestation"]["ring"]
    paths = {one["keyid"]: folder / f"{one['keyid']}.pem" for one in ring}
    for one in ring:
        paths[one["keyid"]].write_text(one["pem"])
    return paths


def sslib_key(keyid: str, path: Path) -> Key:
    key = load_pem_public_key(path.read_bytes())
    assert isinstance(key, EllipticCurvePublicKey)
    return SSlibKey.from_crypto(key, keyid=keyid)


def altered(envelope: dict[str, Any]) -> dict[str, Any]:
    """The same for another environment, under the old signatures."""
    payload = base64.b64decode(envelope["payload"]).replace(b"production", b"elsewhere!")
    changed: dict[str, Any] = json.loads(json.dumps(envelope))
    return {**changed, "payload": base64.b64encode(payload).decode()}


def test_securesystemslib_verifies_the_envelope_under_the_old_and_the_new_key(
    signed: ModelVersion, api: Api, tmp_path: Path
) -> None:
    introduce(actor=OPERATOR, at=timezone.now())
    rotate(ATTESTATION, reason="Yearly.", overlap=timedelta(1), actor=OPERATOR, at=timezone.now())
    envelope = decided(api("gate"))["attestation"]
    keys = [sslib_key(keyid, path) for keyid, path in published(tmp_path).items()]
    assert len(keys) == 2
    assert len(Envelope.from_dict(json.loads(json.dumps(envelope))).verify(keys, 2)) == 2
    for key in keys:
        with pytest.raises(VerificationError):
            Envelope.from_dict(altered(envelope)).verify([key], 1)


def test_openssl_verifies_the_signature(signed: ModelVersion, api: Api, tmp_path: Path) -> None:
    envelope = decided(api("gate"))["attestation"]
    [(keyid, path)] = published(tmp_path).items()
    assert envelope["signatures"][0]["keyid"] == keyid
    (tmp_path / "sig").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    for given, words in ((envelope, "Verified OK"), (altered(envelope), "Verification failure")):
        payload = base64.b64decode(given["payload"])
        (tmp_path / "signed").write_bytes(pae(given["payloadType"], payload))
        command = ["openssl", "dgst", "-sha256", "-verify", str(path), "-signature", "sig", "signed"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert words in done.stdout + done.stderr


@pytest.fixture(scope="session")
def sigstore(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sigstore's verifier for Node, as its lock file pins it."""
    folder = tmp_path_factory.mktemp("sigstore")
    problem = "npm is not installed"
    if npm := shutil.which("npm"):
        for name in ("package.json", "package-lock.json", "verify.js"):
            shutil.copy(SIGSTORE / name, folder)
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode == 0:
            return folder
        problem = f"npm ci failed: {done.stderr[-300:]}"
    if os.environ.get("CI") == "true":
        pytest.fail(problem)
    pytest.skip(problem)


@pytest.mark.registry
def test_sigstores_own_library_verifies_the_bundle(
    signed: ModelVersion, api: Api, tmp_path: Path, sigstore: Path
) -> None:
    introduce(actor=OPERATOR, at=timezone.now())
    client = api("gate")
    before = decided(client)
    rotate(ATTESTATION, reason="Yearly.", overlap=timedelta(1), actor=OPERATOR, at=timezone.now())
    keys = [f"{keyid}={path}" for keyid, path in published(tmp_path).items()]

    def verified(bundle: object, *keys: str) -> tuple[int, str]:
        (tmp_path / "bundle.json").write_text(json.dumps(bundle))
        command = ["node", "verify.js", str(tmp_path / "bundle.json"), *keys]
        done = subprocess.run(command, cwd=sigstore, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    for decision in (before, decided(client)):
        answer = client.get(f"{URL}/{decision['id']}/sigstore")
        assert (answer.status_code, answer["Content-Type"]) == (200, MEDIA_TYPE)
        bundle = json.loads(answer.content)
        code, said = verified(bundle, *keys)
        assert code == 0, said
        assert json.loads(said)["predicate"]["countersign_decision"]["id"] == decision["id"]
    code, said = verified({**bundle, "dsseEnvelope": altered(bundle["dsseEnvelope"])}, *keys)
    assert code == 1 and "SIGNATURE_ERROR" in said
    code, said = verified(bundle, keys[0])  # the former key alone
    assert code == 1 and "key not found" in said


def test_what_was_not_signed_has_no_bundle(signed: ModelVersion, api: Api) -> None:
    client = api("gate")
    decision = decided(client, dry_run=True)
    assert client.get(f"{URL}/{decision['id']}/sigstore").status_code == 404
    assert api("reports:read").get(f"{URL}/{decision['id']}/sigstore").status_code == 403
