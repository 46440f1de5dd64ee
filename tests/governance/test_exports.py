"""Every list that can be taken as a file: both kinds open, and who took it stands in the record."""

import zipfile
from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from registry.models import ModelVersion
from tests.downloads import streamed

ClientOf = Callable[[User], Client]
LISTS = {
    "/models/": "inventory.exported",
    "/deployments/": "deployment.exported",
    "/tiers/": "tier.exported",
    "/risks/": "risk.exported",
    "/findings/": "finding.exported",
    "/waivers/": "waiver.exported",
    "/break-glass/": "break_glass.exported",
    "/coverage/": "coverage.exported",
    "/access/": "access.exported",
}


@pytest.mark.parametrize(("address", "verb"), LISTS.items())
def test_a_list_is_a_file_and_an_event(
    cast: SimpleNamespace, signed: ModelVersion, client_of: ClientOf, address: str, verb: str
) -> None:
    reader = client_of(cast.aud)
    text = streamed(reader.get(address, {"format": "csv", "q": "credit"}))
    assert len(text.splitlines()[0].split(",")) > 8
    book = reader.get(address, {"format": "xlsx"}).content
    assert "xl/worksheets/sheet1.xml" in zipfile.ZipFile(BytesIO(book)).namelist()
    taken = Event.objects.filter(verb=verb).order_by("pk")
    assert [event.detail["format"] for event in taken] == ["csv", "xlsx"]
    assert taken[0].detail["filters"]["q"] == "credit"
    assert taken[0].actor == f"user:{cast.aud.username}"


@pytest.mark.parametrize("address", LISTS)
def test_another_format_is_the_page(cast: SimpleNamespace, client_of: ClientOf, address: str) -> None:
    assert "text/html" in client_of(cast.aud).get(address, {"format": "exe"})["Content-Type"]
    assert not Event.objects.filter(verb__endswith=".exported").exists()
