"""Packs: checked, kept, activated; by hand and by action."""

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
from riskreview.models import PolicyPack
from riskreview.packs import activate_pack, active_pack, import_pack, pack_of
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
    first, second = keep(), keep(TEXT.replace("version: 2", "version: 3", 1))
    activate_pack(first, actor=OPERATOR, at=AT)
    activate_pack(second, actor=OPERATOR, at=AT)

    assert list(PolicyPack.objects.filter(active=True)) == [second]


@pytest.mark.django_db
def test_the_same_version_with_other_content_is_refused() -> None:
    keep()

    with pytest.raises(Conflict, match="default version 2 exists already"):
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

    assert "policy activate default 2" in policy("import", str(DEFAULT_PACK))
    assert "judges from now on" in policy("activate", "default", "2")
    assert "* default v2" in policy("show")
    assert Event.objects.get(verb="policy.activated").actor == "system:operator"


@pytest.mark.django_db
def test_the_command_names_the_line_of_what_is_wrong(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(TEXT.replace("kind: tier_confirmed", "kind: tier_confirmd", 1))

    for verb in ("check", "import"):
        with pytest.raises(CommandError, match=r"bad\.yaml:11: .*tier_confirmed"):
            policy(verb, str(bad))
    with pytest.raises(CommandError, match="could not be read"):
        policy("check", str(tmp_path / "absent.yaml"))
    with pytest.raises(CommandError, match="is not imported"):
        policy("activate", "default", "9")

    assert not PolicyPack.objects.exists()
