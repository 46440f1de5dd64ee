"""Going to anything from a few letters."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from governance.palette.found import Group, found
from governance.portfolio.upkeep import catch_up
from registry.models import ModelVersion
from tests import builders
from tests.conftest import AT

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


def hits(groups: list[Group]) -> dict[str, list[str]]:
    return {group.heading: [hit.label for hit in group.hits] for group in groups}


def search(cast: SimpleNamespace, asked: str) -> dict[str, list[str]]:
    return hits(found(asked, cast.ada, administrator=False))


def test_pages_are_offered_before_anything_is_typed_and_administrators_have_more(
    cast: SimpleNamespace,
) -> None:
    few, all_of_them = (found("", cast.ada, administrator=who)[0].hits for who in (False, True))

    assert "Audit trail" in [hit.label for hit in few]
    assert {hit.label for hit in all_of_them} - {hit.label for hit in few} >= {"People", "API keys", "System"}


def test_words_find_pages_models_data_sets_findings_and_risks(
    cast: SimpleNamespace, version: ModelVersion
) -> None:
    finding, dataset = builders.a_finding(cast, version), builders.a_dataset(cast)
    risk = builders.a_risk(cast, version.model, "SEC-01", before=None)
    catch_up(at=AT)

    assert search(cast, "aud")["Go to"] == ["Audit trail"]
    assert search(cast, version.model.name[:4])["Models"] == [f"{version.model.name} v{version.version}"]
    assert search(cast, dataset.name[1:5])["Data sets"] == [dataset.name]
    assert search(cast, finding.title.split()[-1].upper())["Findings"] == [finding.title]
    assert search(cast, risk.title.split()[-1])["Risks"] == [risk.title]
    assert search(cast, "no such thing anywhere") == {}


def test_what_has_a_number_or_a_digest_is_found_by_it(cast: SimpleNamespace, version: ModelVersion) -> None:
    finding = builders.a_finding(cast, version)
    decision = builders.a_decision(cast, version)

    for way in (f"F-{finding.pk}", f"finding {finding.pk}", f"f{finding.pk}"):
        assert search(cast, way)["By number"] == [f"Finding {finding.pk}"]
    assert f"Finding {finding.pk}" in search(cast, str(finding.pk))["By number"]
    assert "By number" not in search(cast, f"w-{finding.pk}")
    assert search(cast, str(decision.pk))["By number"] == [f"Gate decision {str(decision.pk)[:8]}"]
    digest = version.artifact_digest
    for way in (digest, digest.removeprefix("sha256:"), digest[7:19].upper()):
        assert search(cast, way)["By number"] == [f"{version.model.name} v{version.version}"]


@pytest.mark.parametrize("asked", ["credit", "12", "deadbeef" * 8, "999999999999"])
def test_a_search_takes_few_queries(
    cast: SimpleNamespace,
    version: ModelVersion,
    asked: str,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(13):
        found(asked, cast.ada, administrator=False)


def test_the_page_shows_what_was_asked_and_the_palette_gets_the_list_alone(
    cast: SimpleNamespace, version: ModelVersion, client_of: ClientOf
) -> None:
    client = client_of(cast.dev)
    page = client.get("/search/", {"q": '<b>"zebra'}).content.decode()
    part = client.get("/search/", {"q": version.model.name}, headers={"HX-Request": "true"}).content.decode()

    assert "&lt;b&gt;&quot;zebra" in page
    assert "<b>" not in page.split('id="main"')[1].split("</main>")[0]
    assert f"/models/{version.model.slug}/versions/{version.version}/" in part
    assert "<html" not in part
