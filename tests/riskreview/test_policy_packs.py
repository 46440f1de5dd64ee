"""Packs: checked, kept, activated; by hand and by action."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from accounts.refusals import Conflict
from audit.actor import Actor
from audit.models import Event
from policy.pack import PackError
from registry.models import ModelVersion
from riskreview.models import PolicyPack
from riskreview.policies.packs import activate_pack, active_pack, import_pack, pack_of
from tests.builders import DEFAULT_PACK
from tests.conftest import AT

OPERATOR = Actor("system:test", "Test", "process")
TEXT = DEFAULT_PACK.read_text()


def policy(*words: str) -> str:
    said = StringIO()
    call_command("policy", *words, stdout=said)
    return said.getvalue()


def keep(text: str = TEXT) -> PolicyPack:
    return import_pack(text, source="test.yaml", actor=OPERATOR, at=AT)


@pytest.mark.django_db
def test_a_pack_is_imported_once_and_judges_only_when_activated() -> None:
    row = keep()
    assert keep() == row and active_pack() is None

    activate_pack(row, actor=OPERATOR, at=AT)

    active = active_pack()
    assert active is not None and active[0] == row and active[1].digest == row.digest
    assert [event.verb for event in Event.objects.order_by("id")] == ["policy.imported", "policy.activated"]


@pytest.mark.django_db
def test_one_pack_is_active_at_a_time() -> None:
    first, second = keep(), keep(TEXT.replace("version: 3", "version: 4", 1))
    activate_pack(first, actor=OPERATOR, at=AT)
    activate_pack(second, actor=OPERATOR, at=AT)

    assert list(PolicyPack.objects.filter(active=True)) == [second]


@pytest.mark.django_db
def test_the_same_version_with_other_content_is_refused() -> None:
    keep()

    with pytest.raises(Conflict, match="default version 3 exists already"):
        keep(TEXT.replace("at_least: 0.80", "at_least: 0.70"))

    assert PolicyPack.objects.count() == 1


@pytest.mark.django_db
def test_a_pack_that_was_changed_in_the_database_denies_everything(
    cast: SimpleNamespace, client_of: Callable[[User], Client]
) -> None:
    row = activate_pack(keep(), actor=OPERATOR, at=AT)
    PolicyPack.objects.filter(pk=row.pk).update(source=TEXT.replace("at_least: 0.80", "at_least: 0.10"))

    assert active_pack() is None
    with pytest.raises(PackError, match="another digest"):
        pack_of(PolicyPack.objects.get())
    page = client_of(cast.aud).get("/policy/").content.decode()
    assert "cannot be read" in page and "The gate denies everything" in page


@pytest.mark.django_db
def test_the_command_checks_imports_activates_and_shows() -> None:
    assert "production, low: tier_confirmed" in policy("check", str(DEFAULT_PACK))
    assert not PolicyPack.objects.exists() and "denies everything" in policy("show")

    assert "policy activate default 3" in policy("import", str(DEFAULT_PACK))
    assert "judges from now on" in policy("activate", "default", "3")
    assert "* default v3" in policy("show")
    assert Event.objects.get(verb="policy.activated").actor == "system:operator"


@pytest.mark.django_db
def test_the_command_names_the_line_of_what_is_wrong(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(TEXT.replace("kind: tier_confirmed", "kind: tier_confirmd", 1))

    for verb in ("check", "import"):
        with pytest.raises(CommandError, match=r"bad\.yaml:14: .*tier_confirmed"):
            policy(verb, str(bad))
    with pytest.raises(CommandError, match="could not be read"):
        policy("check", str(tmp_path / "absent.yaml"))
    with pytest.raises(CommandError, match="is not imported"):
        policy("activate", "default", "9")

    assert not PolicyPack.objects.exists()


@pytest.mark.django_db
def test_check_and_import_warn_of_a_role_that_nobody_holds(
    cast: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    cast.etta.grants.all().delete()
    for verb in ("check", "import"):
        policy(verb, str(DEFAULT_PACK))
        assert "Nobody is an ethics committee member, so nothing can be allowed" in capsys.readouterr().err


@pytest.mark.django_db
def test_a_diff_is_told_in_words_and_by_its_exit_code(tmp_path: Path) -> None:
    keep()
    activate_pack(PolicyPack.objects.get(), actor=OPERATOR, at=AT)
    stricter = tmp_path / "stricter.yaml"
    stricter.write_text(TEXT.replace("at_least: 0.80}\n\n", "at_least: 0.85}\n\n"))
    assert "ask the same" in policy("diff", "active", "default@3")

    said = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("policy", "diff", "default@3", str(stricter), stdout=said)
    assert ended.value.code == 1
    lines = said.getvalue().splitlines()
    assert "@@ production, high" in lines
    assert "~ evaluation.fairness (Selects groups at similar rates): tightened" in lines
    assert "    + Lowest selection ratio: at least 0.85." in lines and lines[-1] == "5 tightened"
    with pytest.raises(CommandError, match="default version 7 is not imported"):
        policy("diff", "active", "default@7")


@pytest.mark.django_db
def test_simulate_tells_counts_and_versions(
    version: ModelVersion, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stricter = tmp_path / "stricter.yaml"
    stricter.write_text(TEXT.replace("at_least: 0.65, applies_to", "at_least: 0.79, applies_to"))

    said = policy("simulate", str(stricter))

    assert said.startswith("Activating this denies 1 version that is allowed today, none deployed.")
    assert "deny: credit-default 1 in staging (high)  Performs well enough: AUC lower bound 0.780" in said
    assert "1 of 1 versions judged" in capsys.readouterr().err
    whole = json.loads(policy("simulate", "active", "--json"))
    assert whole["changes"] == [] and whole["pack"] == PolicyPack.objects.get().digest


@pytest.mark.django_db
def test_a_second_pack_by_command_is_an_emergency_with_a_name(cast: SimpleNamespace) -> None:
    keep(), keep(TEXT.replace("version: 3", "version: 4", 1))
    policy("activate", "default", "3")

    for words, reason in (
        ((), "another pack needs two people"),
        (("--emergency", "The old one lets a hole pass."), "names both"),
        (("--as", "ada"), "names both"),
        (("--emergency", "The old one lets a hole pass.", "--as", "nobody"), "no user nobody"),
        (("--emergency", "The old one lets a hole pass.", "--as", "dev"), "is needed to activate"),
    ):
        with pytest.raises(CommandError, match=reason):
            policy("activate", "default", "4", *words)
    assert PolicyPack.objects.get(active=True).version == 3

    policy("activate", "default", "4", "--emergency", "The old one lets a hole pass.", "--as", "ada")
    assert PolicyPack.objects.get(active=True).version == 4
    assert Event.objects.get(verb="policy.activated_alone").detail["by"] == "user:ada"


def test_the_schema_for_editors_is_json() -> None:
    assert json.loads(policy("schema"))["title"] == "Policy pack"
