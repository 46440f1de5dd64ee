"""Signatures made by the reference implementation of OpenSSF Model Signing, on files that come in as an upload."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import model_signing
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from accounts.refusals import Conflict, Invalid
from audit.models import Event
from registry.actions import register_upload
from registry.intake import StoredFile
from registry.models import ModelVersion, RegisteredModel
from registry.oms import Unreadable, read_statement, root_digest, statement_of
from tests.conftest import AT, actor_of_user

Register = Callable[..., ModelVersion]
FILES = {"model.skops": b"weights", "conf/settings.json": b"{}", "README.md": b"# Read"}
SPAN = timedelta(days=30)


@dataclass(frozen=True)
class Signer:
    """A key pair as PEM files."""

    key: ec.EllipticCurvePrivateKey
    private: Path
    public: Path


@pytest.fixture
def trusted(tmp_path: Path, settings: Settings) -> Path:
    """The folder of trusted keys, empty."""
    folder = tmp_path / "trusted"
    folder.mkdir()
    settings.TRUSTED_MODEL_KEYS = str(folder)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model's folder."""
    folder = tmp_path / "model"
    for path, content in FILES.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return folder


@pytest.fixture
def register(cast: SimpleNamespace, model: RegisteredModel) -> Register:
    """Dev uploads the folder."""

    def register(folder: Path, at: datetime = AT) -> ModelVersion:
        paths = [path for path in folder.rglob("*") if path.is_file()]
        return register_upload(
            model=model,
            version="1",
            files=[(path.relative_to(folder).as_posix(), BytesIO(path.read_bytes())) for path in paths],
            registrant=cast.dev,
            actor=actor_of_user(cast.dev),
            at=at,
        )

    return register


def a_signer(where: Path, name: str = "release", curve: ec.EllipticCurve | None = None) -> Signer:
    key = ec.generate_private_key(curve or ec.SECP256R1())
    signer = Signer(key, where / f"{name}.key", where / f"{name}.pub")
    signer.private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    signer.public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return signer


def sign(folder: Path, signer: Signer, **hashing: Any) -> Path:
    place = folder / "model.sig"
    place.unlink(missing_ok=True)  # or it would be signed as one of the files
    signing = model_signing.signing.Config()  # type: ignore[no-untyped-call]
    signing.use_elliptic_key_signer(private_key=signer.private)
    if hashing:
        config = model_signing.hashing.Config()  # type: ignore[no-untyped-call]
        signing.set_hashing_config(config.set_ignored_paths(**hashing))
    signing.sign(folder, place)
    return place


def trust(folder: Path, signer: Signer) -> None:
    (folder / signer.public.name).write_bytes(signer.public.read_bytes())


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_a_signature_by_a_trusted_key_is_verified(
    folder: Path, trusted: Path, tmp_path: Path, register: Register, curve: ec.EllipticCurve
) -> None:
    signer = a_signer(tmp_path, curve=curve)
    trust(trusted, a_signer(tmp_path, "another"))
    trust(trusted, signer)
    sign(folder, signer)

    version = register(folder)

    assert version.signing["state"] == "verified"
    assert version.signing["by"] == "release"
    assert version.signing["files"] == 3
    assert version.signing["unsigned"] == []
    assert str(version.signing["key"]).startswith("sha256:")
    assert Event.objects.get(verb="version.registered").detail["signature"] == "verified"


def test_files_without_a_signature_say_so(folder: Path, register: Register) -> None:
    assert register(folder).signing == {"state": "none"}


def test_a_signature_by_an_unknown_key_is_kept_as_untrusted(
    folder: Path, trusted: Path, tmp_path: Path, register: Register
) -> None:
    trust(trusted, a_signer(tmp_path, "another"))
    sign(folder, a_signer(tmp_path))

    version = register(folder)

    assert version.signing["state"] == "untrusted"
    assert "by" not in version.signing


def test_nobody_is_trusted_where_no_folder_is_named(folder: Path, tmp_path: Path, register: Register) -> None:
    sign(folder, a_signer(tmp_path))

    assert register(folder).signing["state"] == "untrusted"


def changed(folder: Path) -> str:
    (folder / "model.skops").write_bytes(b"Weights")
    return "model.skops is not what was signed"


def added(folder: Path) -> str:
    (folder / "conf" / "hook.py").write_bytes(b"import os")
    return "conf/hook.py was not signed"


def missing(folder: Path) -> str:
    (folder / "README.md").unlink()
    return "README.md was signed and did not come"


def renamed(folder: Path) -> str:
    """The root digest stays the same: the digests keep their order."""
    (folder / "model.skops").rename(folder / "model.pkl")
    return "model.pkl was not signed; model.skops was signed and did not come"


@pytest.mark.parametrize("is_trusted", [True, False])
@pytest.mark.parametrize("tamper", [changed, added, missing, renamed])
def test_files_that_differ_from_what_was_signed_are_refused_by_name(
    folder: Path,
    trusted: Path,
    tmp_path: Path,
    register: Register,
    leftovers: Callable[[], list[str]],
    tamper: Callable[[Path], str],
    is_trusted: bool,
) -> None:
    signer = a_signer(tmp_path)
    if is_trusted:
        trust(trusted, signer)
    sign(folder, signer)
    told = tamper(folder)

    with pytest.raises(Invalid, match=f"differ from what model.sig signs: {told}") as refused:
        register(folder)

    assert refused.value.field == "files"
    assert not ModelVersion.objects.exists()
    assert leftovers() == []


def test_a_signature_that_names_a_trusted_key_and_is_not_by_it_is_refused(
    folder: Path, trusted: Path, tmp_path: Path, register: Register
) -> None:
    signer = a_signer(tmp_path)
    trust(trusted, signer)
    place = sign(folder, a_signer(tmp_path, "thief"))
    bundle = json.loads(place.read_bytes())
    honest = json.loads(sign(folder, signer).read_bytes())
    bundle["verificationMaterial"] = honest["verificationMaterial"]
    place.write_text(json.dumps(bundle))

    with pytest.raises(Invalid, match="was not made by the trusted key release"):
        register(folder)


def test_a_statement_that_was_rewritten_is_refused(
    folder: Path, trusted: Path, tmp_path: Path, register: Register
) -> None:
    signer = a_signer(tmp_path)
    trust(trusted, signer)
    place = sign(folder, signer)
    (folder / "model.skops").write_bytes(b"Weights")
    bundle, fresh = json.loads(place.read_bytes()), json.loads(sign(folder, a_signer(tmp_path)).read_bytes())
    bundle["dsseEnvelope"]["payload"] = fresh["dsseEnvelope"]["payload"]
    place.write_text(json.dumps(bundle))

    with pytest.raises(Invalid, match="was not made by the trusted key release"):
        register(folder)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"\x00\x01", "it is not JSON"),
        (b"[]", "not a Sigstore bundle"),
        (b'{"mediaType": "application/vnd.dev.sigstore.bundle.v0.1+json"}', "not a Sigstore bundle"),
        (b'{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json"}', "how it can be verified"),
        (
            b'{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": {}}',
            "its envelope cannot be read",
        ),
        (b"[" * 100_000, "it is not JSON"),
    ],
)
def test_a_file_that_is_no_signature_is_refused(
    folder: Path, register: Register, content: bytes, fault: str
) -> None:
    (folder / "model.sig").write_bytes(content)

    with pytest.raises(Invalid, match=fault):
        register(folder)


def test_what_the_signer_left_out_is_named(
    folder: Path, trusted: Path, tmp_path: Path, register: Register
) -> None:
    signer = a_signer(tmp_path)
    trust(trusted, signer)
    sign(folder, signer, paths=["README.md"])

    assert register(folder).signing["unsigned"] == ["README.md"]


def test_a_signature_beside_the_models_folder_fits_it(
    folder: Path, trusted: Path, tmp_path: Path, register: Register
) -> None:
    signer = a_signer(tmp_path)
    trust(trusted, signer)
    outer = tmp_path / "outer"
    outer.mkdir()
    sign(folder, signer).rename(outer / "model.sig")
    folder.rename(outer / "model")

    assert register(outer).signing["state"] == "verified"


@pytest.mark.parametrize("what", ["statement", "log"])
def test_what_cannot_be_checked_here_is_never_called_verified(
    folder: Path, trusted: Path, tmp_path: Path, register: Register, what: str
) -> None:
    signer = a_signer(tmp_path)
    trust(trusted, signer)
    place = sign(folder, signer)
    bundle = json.loads(place.read_bytes())
    if what == "log":
        bundle["verificationMaterial"] = {"certificate": {"rawBytes": ""}, "tlogEntries": [{}]}
    else:
        statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
        statement["predicate"]["serialization"]["hash_type"] = "blake3"
        bundle["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()
    place.write_text(json.dumps(bundle))

    version = register(folder)

    assert version.signing["state"] == "unverifiable"
    assert version.signing["why"]


def test_a_trusted_key_that_cannot_be_read_stops_the_registration_in_words(
    folder: Path, trusted: Path, tmp_path: Path, register: Register
) -> None:
    (trusted / "broken.pem").write_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    sign(folder, a_signer(tmp_path))

    with pytest.raises(Conflict, match=r"broken\.pem cannot be read as PEM"):
        register(folder)


def a_certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: tuple[str, ec.EllipticCurvePrivateKey] | None = None,
    *,
    authority: bool = False,
    signs: bool = True,
) -> x509.Certificate:
    by, by_key = issuer or (name, key)
    usage = {use: False for use in ("content_commitment", "key_encipherment", "data_encipherment")}
    usage |= {use: False for use in ("key_agreement", "crl_sign", "encipher_only", "decipher_only")}
    builder = x509.CertificateBuilder(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, by)]),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
        key.public_key(),
        x509.random_serial_number(),
        AT - SPAN,
        AT + SPAN,
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    builder = builder.add_extension(
        x509.KeyUsage(digital_signature=signs, key_cert_sign=authority, **usage), critical=True
    )
    return builder.sign(by_key, hashes.SHA256())


@dataclass(frozen=True)
class Office:
    """An authority, the certificate that it issued, and the files that the signer needs."""

    authority: Path
    leaf: Path
    between: Path
    signer: Signer


@pytest.fixture
def office(tmp_path: Path) -> Callable[..., Office]:
    def office(**of_leaf: Any) -> Office:
        keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
        signer = a_signer(tmp_path, "leaf")
        made = {
            "authority": a_certificate("Models CA", keys[0], authority=True),
            "between": a_certificate("Issuing CA", keys[1], ("Models CA", keys[0]), authority=True),
            "leaf": a_certificate("Model release", signer.key, ("Issuing CA", keys[1]), **of_leaf),
        }
        for name, certificate in made.items():
            (tmp_path / f"{name}.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
        return Office(tmp_path / "authority.crt", tmp_path / "leaf.crt", tmp_path / "between.crt", signer)

    return office


def sign_as(office: Office, folder: Path) -> None:
    signing = model_signing.signing.Config()  # type: ignore[no-untyped-call]
    signing.use_certificate_signer(
        private_key=office.signer.private,
        signing_certificate=office.leaf,
        certificate_chain=[office.between],
    )
    signing.sign(folder, folder / "model.sig")


@pytest.mark.parametrize("known", ["authority", "leaf"])
def test_a_certificate_is_trusted_by_its_authority_or_by_itself(
    folder: Path, trusted: Path, register: Register, office: Callable[..., Office], known: str
) -> None:
    made = office()
    (trusted / "company.crt").write_bytes(getattr(made, known).read_bytes())
    sign_as(made, folder)

    version = register(folder)

    assert (version.signing["state"], version.signing["by"]) == ("verified", "company")
    assert version.signing["subject"] == "CN=Model release"


@pytest.mark.parametrize(
    ("of_leaf", "at", "why"),
    [
        ({}, AT, "no authority trusted here"),
        ({"signs": False}, AT, "does not allow its key to sign"),
        ({}, AT + 2 * SPAN, "which is not now"),
        ({"authority": True}, AT, "does not allow its key to sign"),
    ],
)
def test_a_certificate_that_nobody_vouches_for_now_is_untrusted(
    folder: Path,
    trusted: Path,
    register: Register,
    office: Callable[..., Office],
    of_leaf: dict[str, Any],
    at: datetime,
    why: str,
) -> None:
    stranger = a_certificate("Models CA", ec.generate_private_key(ec.SECP256R1()), authority=True)
    (trusted / "stranger.crt").write_bytes(stranger.public_bytes(Encoding.PEM))
    made = office(**of_leaf)
    if of_leaf or at != AT:
        (trusted / "company.crt").write_bytes(made.authority.read_bytes())
    sign_as(made, folder)

    version = register(folder, at=at)

    assert version.signing["state"] == "untrusted"
    assert why in str(version.signing["why"])


def test_a_leaf_that_issued_another_certificate_vouches_for_nothing(
    folder: Path, trusted: Path, register: Register, office: Callable[..., Office]
) -> None:
    made = office()
    forged_key = a_signer(made.leaf.parent, "forged")
    forged = a_certificate("Forged", forged_key.key, ("Model release", made.signer.key))
    (made.leaf.parent / "forged.crt").write_bytes(forged.public_bytes(Encoding.PEM))
    (made.leaf.parent / "chain.crt").write_bytes(made.leaf.read_bytes() + made.between.read_bytes())
    (trusted / "company.crt").write_bytes(made.authority.read_bytes())
    sign_as(
        Office(made.authority, made.leaf.parent / "forged.crt", made.leaf.parent / "chain.crt", forged_key),
        folder,
    )

    assert register(folder).signing["state"] == "untrusted"


def test_a_certificate_that_did_not_make_the_signature_is_refused(
    folder: Path, trusted: Path, register: Register, office: Callable[..., Office]
) -> None:
    made = office()
    sign_as(made, folder)
    bundle = json.loads((folder / "model.sig").read_bytes())
    other = json.loads(sign(folder, a_signer(folder.parent)).read_bytes())
    bundle["dsseEnvelope"]["signatures"] = other["dsseEnvelope"]["signatures"]
    (folder / "model.sig").write_text(json.dumps(bundle))

    with pytest.raises(Invalid, match="was not made by the certificate"):
        register(folder)


def test_the_manifest_is_what_the_reference_signer_signs(
    folder: Path, tmp_path: Path, register: Register, api: Callable[..., Client]
) -> None:
    bundle = json.loads(sign(folder, a_signer(tmp_path)).read_bytes())
    signed = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    register(folder)

    answer = api("registry:read").get("/api/v1/models/credit-default/versions/1/manifest")

    assert answer.json()["predicateType"] == signed["predicateType"]
    assert answer.json()["predicate"]["resources"] == signed["predicate"]["resources"]
    assert answer.json()["subject"][0]["digest"] == signed["subject"][0]["digest"]


names = st.text("ab-/.", min_size=1, max_size=6).filter(
    lambda text: all(part not in ("", ".", "..") for part in text.split("/"))
)


@given(st.dictionaries(names, st.binary(min_size=32, max_size=32).map(bytes.hex), min_size=1))
def test_a_statement_is_read_back_as_it_was_written(digests: dict[str, str]) -> None:
    files = [StoredFile(path, 1, digest) for path, digest in digests.items()]

    written = statement_of("m", files)
    read = read_statement(json.dumps(written).encode())

    assert dict(read.files) == digests
    assert read.root == root_digest(read.files.values())


@given(
    st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "_type",
                        "subject",
                        "predicate",
                        "predicateType",
                        "resources",
                        "serialization",
                        "method",
                        "hash_type",
                        "name",
                        "digest",
                        "sha256",
                    ]
                ),
                inner,
            )
        ),
    )
)
def test_nothing_else_is_read_as_a_statement(value: Any) -> None:
    with pytest.raises(Unreadable):
        read_statement(json.dumps(value).encode())
