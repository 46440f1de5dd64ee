"""The pages on which an administrator says which pipeline may ask for which model."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import User
from audit.models import Event
from governance.pipelines.models import TrustRule
from tests import builders

pytestmark = pytest.mark.django_db
NEW = "/pipelines/new/"
FULL: dict[str, Any] = {
    "name": "retail-deploy",
    "kind": "github",
    "repository": "acme/credit",
    "owner_id": "42",
    "repository_id": "1001",
    "workflow": "acme/ci/.github/workflows/deploy.yml@refs/heads/main",
    "git_ref": "refs/heads/main",
    "ci_environment": "production",
    "protected_only": "on",
    "models": "credit-default, churn",
    "environments": ["staging", "production"],
    "reason": "It deploys the model.",
}
BAD: list[tuple[dict[str, Any], str]] = [
    ({"owner_id": ""}, "This field is required"),
    ({"repository_id": ""}, "This field is required"),
    ({"owner_id": "acme"}, "Give the number that stands in the token as repository_owner_id"),
    ({"repository_id": "0"}, "Give the number that stands in the token as repository_id"),
    ({"repository_id": "١٢"}, "Give the number"),
    ({"models": "", "team": ""}, "Name at least one model, or a team"),
    ({"models": " , "}, "Name at least one model, or a team"),
    ({"models": "credit-default, gone"}, "There is no model gone"),
    ({"environments": []}, "This field is required"),
    ({"environments": ["moon"]}, "moon is not one of the available choices"),
    ({"reason": "  "}, "This field is required"),
    ({"name": "new"}, "cannot be the name of a rule"),
    ({"name": "Upper"}, "cannot be the name of a rule"),
    ({"issuer": "https://evil.example"}, "Its issuer is https://token.actions.githubusercontent.com"),
    ({"kind": "gitlab_server"}, "Name the issuer"),
    ({"kind": "gitlab_server", "issuer": "http://gitlab.example"}, "must begin with https://"),
    ({"kind": "gitlab_server", "issuer": "https://gitlab.example/"}, "without a / or ? at its end"),
    ({"kind": "gitlab_server", "issuer": "https://u:p@gitlab.example"}, "holds a user name or a password"),
    ({"job_project_id": "9"}, "Only GitLab"),
    ({"git_ref": "main"}, "Write it like refs/heads/main"),
    ({"workflow": "deploy.yml"}, "ends with @"),
]


@pytest.fixture
def administrator(cast: SimpleNamespace, client_of: Callable[[User], Client]) -> Client:
    """Adam, with two models in the inventory."""
    builders.a_model(cast)
    builders.a_model(cast, "churn")
    return client_of(cast.adam)


def test_an_administrator_lets_a_pipeline_ask_and_it_is_on_the_record(administrator: Client) -> None:
    answer = administrator.post(NEW, FULL, follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain == [("/pipelines/retail-deploy/", 302)]
    rule = TrustRule.objects.get()
    assert rule.issuer == "https://token.actions.githubusercontent.com"
    assert sorted(rule.named_models.values_list("slug", flat=True)) == ["churn", "credit-default"]
    assert dict(rule.conditions)["job_workflow_ref"] == FULL["workflow"]
    event = Event.objects.get(verb="pipeline.trusted")
    assert event.detail["repository_id"] == "1001" and event.detail["reason"] == FULL["reason"]
    assert "acme/credit for credit-default, churn in staging, production" in page
    assert "acme/credit" in administrator.get("/pipelines/").content.decode()


def test_rules_that_name_nobody_or_nothing_are_refused_where_it_is_wrong(administrator: Client) -> None:
    wrong = []
    for changes, words in BAD:
        answer = administrator.post(NEW, FULL | changes)
        if answer.status_code != 400 or words not in answer.content.decode().replace("&#x27;", "'"):
            wrong.append(f"{changes}: {answer.status_code}, not said: {words}")
    assert not wrong, "\n".join(wrong)
    assert (TrustRule.objects.count(), Event.objects.filter(verb="pipeline.trusted").count()) == (0, 0)


def test_a_name_is_used_once_and_an_issuer_is_one_ci_system(administrator: Client) -> None:
    gitlab = {"kind": "gitlab_server", "issuer": "https://ci.example", "git_ref": "main", "workflow": ""}
    assert administrator.post(NEW, FULL | gitlab).status_code == 302
    assert administrator.post(NEW, FULL).status_code == 409
    answer = administrator.post(
        NEW, FULL | {"name": "b", "kind": "github_server", "issuer": "https://ci.example"}
    )
    assert answer.status_code == 409
    assert "knows this issuer as GitLab" in answer.content.decode()


def test_a_rule_is_switched_off_with_a_reason_and_stays_off(administrator: Client) -> None:
    administrator.post(NEW, FULL)
    assert administrator.post("/pipelines/retail-deploy/off/", {"reason": ""}).status_code == 400
    assert TrustRule.objects.get().off_at is None
    for _ in range(2):
        page = administrator.post("/pipelines/retail-deploy/off/", {"reason": "Moved."}, follow=True)
    assert "It lets nobody ask since" in page.content.decode()
    assert Event.objects.filter(verb="pipeline.switched_off").count() == 1
    copied = administrator.get(f"{NEW}?like=retail-deploy").content.decode()
    assert 'value="acme/credit"' in copied and 'value="churn, credit-default"' in copied


def test_the_list_is_filtered_by_its_address(cast: SimpleNamespace, administrator: Client) -> None:
    builders.a_trust_rule(cast, "first", repository="acme/credit")
    builders.a_trust_rule(cast, "second", kind="gitlab", repository="acme/churn", models=("churn",))
    shown = {
        query: [name for name in ("first", "second") if f'/pipelines/{name}/"' in page]
        for query in ("", "q=churn", "q=1001", "kind=gitlab", "state=off", "state=on")
        if (page := administrator.get(f"/pipelines/?{query}").content.decode())
    }
    both = ["first", "second"]
    assert shown == {
        "": both,
        "q=churn": ["second"],
        "q=1001": both,
        "kind=gitlab": ["second"],
        "state=off": [],
        "state=on": both,
    }


@pytest.mark.parametrize("field", ["issuer", "owner_id", "repository_id"])
def test_the_database_refuses_a_rule_for_everybody(
    cast: SimpleNamespace, administrator: Client, field: str
) -> None:
    rule = builders.a_trust_rule(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        TrustRule.objects.filter(pk=rule.pk).update(**{field: ""})
