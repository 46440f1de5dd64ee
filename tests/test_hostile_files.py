"""Files made to hurt, at every place that takes a file: each is refused in words, nothing breaks and nothing stays."""

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client

from accounts.models import User
from governance.compliance.models import FrameworkVersion
from registry.models import CardRevision, Dataset, ModelVersion, RegisteredModel
from riskreview.models import PolicyPack, QuestionnaireVersion
from tests import builders

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
MEGABYTE = 1 << 20
VERSION = "/models/credit-default/versions/1/"
KEPT: list[type[models.Model]] = [
    CardRevision,
    Dataset,
    FrameworkVersion,
    ModelVersion,
    PolicyPack,
    QuestionnaireVersion,
    RegisteredModel,
]


@dataclass(frozen=True)
class Place:
    """A form that takes a file, who may use it, and what else it asks for."""

    path: str
    who: str
    part: str = "file"
    more: dict[str, Any] = field(default_factory=dict)


DATA_SET = {"name": "loans", "version": "1", "role": "test", "classification": "internal"}
PLACES = {
    "policy pack": Place("/policy/packs/new/", "ada", more={"note": "A new pack for all."}),
    "framework": Place("/frameworks/new/", "carl", more={"note": "A framework that counts."}),
    "data set": Place("/datasets/new/", "dev", more=DATA_SET),
    "version": Place(
        "/models/credit-default/versions/new/", "dev", "files", {"version": "2", "source": "upload"}
    ),
}


def aliases(levels: int) -> str:
    """Nine aliases of nine aliases of …: a small file that stands for billions of values."""
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


TEXTS: dict[str, bytes] = {
    "aliases of aliases": aliases(20).encode(),
    "an alias of itself": b"a: &a [*a]\nb: *a",
    "a merge of itself": b"a: &a\n  <<: *a\n  b: 1",
    "a tag that makes objects": b"a: !!python/object/apply:os.system ['true']",
    "deep YAML": b"- " * 5_000 + b"a",
    "deep flow YAML": b"[" * 20_000,
    "deep JSON": b"[" * 100_000 + b"]" * 100_000,
    "a deep object": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "a number of 10,000 digits": b'{"catalog": ' + b"9" * 10_000 + b"}",
    "a number of 10,000 digits in YAML": b"id: x\nversion: " + b"9" * 10_000,
    "a date that is none": b"id: x\nversion: 2026-99-99",
    "half a letter of UTF-16": b'{"catalog": {"metadata": {"title": "\\ud800"}, "groups": []}}',
    "half a letter in YAML": b'id: "\\ud800"\nversion: 1',
    "a null byte": b"id: a\0b\nversion: 1",
    "not UTF-8": b"\xff\xfe\xfa" * 100,
    "UTF-16": "id: x\n".encode("utf-16"),
    "one line of 10 MB": b"x" * (10 * MEGABYTE),
    "a line of 3 MB of commas": b"," * (3 * MEGABYTE),
    "an open quote": b'name,purpose\n"' + b"x" * 500_000,
    "a million columns": b",".join(b"c%d" % number for number in range(200_000)) + b"\n1",
    "nothing": b"",
    "a byte order mark alone": b"\xef\xbb\xbf",
    "a name written backwards": "name,purpose\n\u202eexe.gpj,x".encode(),
    "infinity": b'{"catalog": Infinity}',
    "keys twice": b"id: a\nid: b",
    "a complex key": b"? {a: 1}\n: b",
    "control letters": bytes(range(1, 32)),
}


def zip_of(**members: bytes) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


def lying_size() -> bytes:
    """A member that says it has ten bytes and unpacks to a megabyte."""
    whole = bytearray(zip_of(a=bytes(MEGABYTE)))
    for mark, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = whole.index(mark) + place
        whole[at : at + 4] = (10).to_bytes(4, "little")
    return bytes(whole)


PARQUET = b"PAR1"
TABLES: dict[str, tuple[str, bytes]] = {
    "Parquet without an end": ("a.parquet", PARQUET + b"\0" * 100),
    "Parquet whose footer is longer than the file": (
        "a.parquet",
        PARQUET + b"\0" * 8 + b"\xff\xff\xff\x7f" + PARQUET,
    ),
    "Parquet whose footer is noise": (
        "a.parquet",
        PARQUET + b"\x15\x99" * 40 + (80).to_bytes(4, "little") + PARQUET,
    ),
    "Parquet of nothing": ("a.parquet", PARQUET + bytes(4) + PARQUET),
    "a zip as a table": ("a.parquet", zip_of(a=b"1")),
    "a table of null bytes": ("a.csv", bytes(MEGABYTE)),
    "a workbook": (
        "a.xlsx",
        zip_of(xl__workbook_xml=b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"),
    ),
}
ARCHIVES: dict[str, bytes] = {
    "a bomb": zip_of(zeros=bytes(40 * MEGABYTE)),
    "a path that climbs": zip_of(**{".." + "__" + ".." + "__etc__passwd": b"x"}),
    "a path with a drive": zip_of(**{"C:\\x": b"x"}),
    "a member twice": zip_of(ab=b"1", ac=b"2").replace(b"ac", b"ab"),
    "a size that lies": lying_size(),
    "an end without a beginning": b"PK\x05\x06" + bytes(18),
    "an archive cut in half": zip_of(a=bytes(range(256)) * 40)[:-60],
}


def send(client: Client, place: Place, content: bytes, name: str) -> Any:
    files: dict[str, Any] = {place.part: SimpleUploadedFile(name, content)}
    return client.post(place.path, place.more | files)


def counts() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in KEPT}


@pytest.fixture
def world(cast: SimpleNamespace) -> None:
    """A model with a version and its card."""
    builders.active_policy(cast)
    builders.a_card(cast, builders.a_version(cast, builders.a_model(cast)))


@pytest.mark.parametrize("place", ["policy pack", "framework"])
def test_a_hostile_text_is_refused_wherever_a_file_is_taken(
    place: str, world: None, cast: SimpleNamespace, client_of: ClientOf
) -> None:
    before, client = counts(), client_of(getattr(cast, PLACES[place].who))
    answers = {}
    for what, content in TEXTS.items():
        answer = send(client, PLACES[place], content, "given.txt")
        answers[what] = answer.status_code
        assert answer.status_code < 500, what
        assert "<h1" in answer.content.decode() or answer.status_code in (302, 413), what
    taken = {what: status for what, status in answers.items() if not 400 <= status < 500}
    assert taken == {}
    assert counts() == before


@pytest.mark.parametrize("what", TABLES)
def test_a_hostile_table_is_refused(
    what: str, world: None, cast: SimpleNamespace, client_of: ClientOf
) -> None:
    name, content = TABLES[what]
    answer = send(client_of(cast.dev), PLACES["data set"], content, name)
    assert answer.status_code == 400
    assert "root:" not in answer.content.decode()
    assert not Dataset.objects.exists()


@pytest.mark.parametrize("what", ARCHIVES)
def test_a_hostile_archive_registers_nothing(
    what: str, world: None, cast: SimpleNamespace, client_of: ClientOf
) -> None:
    answer = send(client_of(cast.dev), PLACES["version"], ARCHIVES[what], "model.zip")
    assert answer.status_code == 400
    assert ModelVersion.objects.count() == 1


DEEP = b'{"a":' * 3_000 + b"1" + b"}" * 3_000
BODIES: dict[str, bytes] = {
    "deep": DEEP,
    "very deep": b"[" * 200_000,
    "a huge number": b'{"version": ' + b"9" * 10_000 + b"}",
    "half a letter": b'{"slug": "\\ud800", "name": "\\udfff", "version": "\\ud800", "model": "\\ud800"}',
    "not UTF-8": b'{"slug": "\xff"}',
    "UTF-16": '{"slug": "a"}'.encode("utf-16"),
    "infinity": b'{"slug": Infinity, "version": NaN}',
    "a list": b"[]",
    "a word": b'"model"',
    "nothing": b"",
    "a null byte": b'{"slug": "a\\u0000b", "version": "a\\u0000b", "model": "a\\u0000b"}',
    "5 MB and more": b'{"slug": "' + b"x" * (6 * MEGABYTE) + b'"}',
    "the same key a thousand times": b"{" + b",".join([b'"slug": 1'] * 1_000) + b"}",
}
CALLS = [
    ("post", "models"),
    ("put", "models"),
    ("patch", "models/credit-default"),
    ("post", "models/credit-default/versions"),
    ("put", "models/credit-default/versions/1/card"),
    ("put", "models/credit-default/versions/1/endpoint"),
    ("post", "models/credit-default/uploads"),
    ("post", "gate/decisions"),
    ("post", "evaluations"),
    ("post", "findings"),
    ("post", "reports"),
    ("post", "deployments"),
]


def test_a_hostile_body_is_refused_by_every_call_that_takes_one(
    world: None, api: Callable[..., Client]
) -> None:
    client, before, wrong = api(), counts(), {}
    for method, path in CALLS:
        for what, body in BODIES.items():
            call = getattr(client, method)
            answer = call(f"/api/v1/{path}", body, content_type="application/json")
            if not 400 <= answer.status_code < 500 or "json" not in answer.headers["Content-Type"]:
                wrong[f"{method} {path}: {what}"] = answer.status_code
    expected = {"patch models/credit-default: nothing": 200}
    assert {call: status for call, status in wrong.items() if expected.get(call) != status} == {}
    assert counts() == before


TRICKS = {
    "written backwards": "invoice\u202egpj.exe",
    "isolated": "a\u2066b\u2069c",
    "a null byte": "a\0b",
    "a line break": "a\nb",
    "a bell": "a\x07b",
}


@pytest.mark.parametrize("name", TRICKS.values(), ids=TRICKS)
def test_a_name_that_reads_otherwise_than_it_is_is_refused(
    name: str, world: None, api: Callable[..., Client]
) -> None:
    client, before = api(), counts()
    model = {"slug": "new-model", "name": name, "purpose": "Foretells demand.", "kind": "regression"}
    upload = {"files": [{"path": name, "size": 3, "sha256": "0" * 64}]}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("models", model),
        ("models/credit-default/versions", {"version": name, "predictions_only": True}),
        ("models/credit-default/uploads", upload),
    ]
    answers = {
        path: client.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json").status_code
        for path, body in calls
    }
    assert answers == dict.fromkeys(answers, 400)
    assert counts() == before
