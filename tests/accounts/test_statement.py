"""Statements answer what their querysets answer."""

from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.actions import create_key
from accounts.keys import KEY_BY_PREFIX, KEY_FIELDS
from accounts.models import ApiKey, RoleGrant
from accounts.statement import Statement
from governance.gate.access import BY_DIGEST, BY_NUMBER
from registry.models import ModelVersion
from riskreview.evidence.rows import GRANTS
from riskreview.models import PolicyPack
from riskreview.policies.packs import ACTIVE
from tests.builders import a_model, a_version, active_policy
from tests.conftest import actor_of_user


def test_a_key_comes_as_its_queryset_gives_it(cast: SimpleNamespace, at: datetime) -> None:
    key, _ = create_key(
        name="ci",
        scopes=["gate"],
        owner=cast.dev,
        expires_at=at + timedelta(days=1),
        actor=actor_of_user(cast.adam),
        at=at,
    )
    (found,) = KEY_BY_PREFIX.rows(key.prefix)
    (expected,) = ApiKey.objects.filter(prefix=key.prefix).only(*KEY_FIELDS)
    assert found == expected
    assert vars(found).keys() == vars(expected).keys()  # the same fields are left for later
    assert [getattr(found, name) for name in KEY_FIELDS] == [getattr(expected, name) for name in KEY_FIELDS]
    assert list(KEY_BY_PREFIX.rows("' OR 1=1 --")) == []


def test_a_version_comes_with_its_model_and_its_row_is_held(cast: SimpleNamespace) -> None:
    made = a_version(cast, a_model(cast))
    a_version(cast, a_model(cast, "other"), "2")
    for statement, value in ((BY_NUMBER, made.version), (BY_DIGEST, made.artifact_digest)):
        with transaction.atomic(), CaptureQueriesContext(connection) as asked:
            (found,) = statement.rows("credit-default", value)
            assert (found, found.model.slug, found.evidence_stamp) == (
                made,
                "credit-default",
                ModelVersion.objects.get(pk=made.pk).evidence_stamp,
            )
        held = 'FOR UPDATE OF "registry_modelversion"' in asked[0]["sql"]
        assert held == (connection.vendor == "postgresql")


def test_what_changes_is_seen_by_the_next_call(cast: SimpleNamespace, at: datetime) -> None:
    assert list(ACTIVE.rows()) == []
    active_policy(cast)
    assert list(ACTIVE.rows()) == list(PolicyPack.objects.filter(active=True))
    before = set(GRANTS.rows())
    RoleGrant.objects.filter(user=cast.ada).delete()
    assert before - set(GRANTS.rows()) == {("risk_officer", "ada", "Ada", "Okafor")}


def test_a_value_that_is_no_parameter_is_refused(db: None) -> None:
    with pytest.raises(ValueError, match="value 0 is no parameter"):
        list(Statement(lambda name: ApiKey.objects.filter(name__contains=name), 1).rows("ci"))
    with pytest.raises(ValueError, match="shorter|longer"):
        list(KEY_BY_PREFIX.rows())
