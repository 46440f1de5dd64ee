"""GitHub asks before it deploys: signed questions alone count, and nothing but an allow of the gate is a yes."""

import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Notice, User
from audit.agreement import compare_rows
from audit.models import Event
from audit.sequencer import sequence_pending
from governance.gate.models import GateDecision
from governance.operation.scheduling import duties
from governance.pipelines.actions import switch_off
from governance.pipelines.models import TrustRule
from governance.protection.actions import take_guard_away
from governance.protection.answering import WAITS, answer_next, forget_old
from governance.protection.app import BadApp, GitHubApp, app_of
from governance.protection.models import Guard, Question
from registry.about import About
from registry.models import ModelVersion
from tests import builders
from tests.conftest import AT, actor_of_user
from tests.governance.protection.github import APP_ID, COMMIT, PEM, SECRET, GitHub, signed

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/github/events"
ClientOf = Callable[[User], Client]


def send(message: Any, **headers: str) -> Any:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    given = signed(body) | headers
    return Client().post(ADDRESS, body, content_type="application/json", headers=given)


def answered(message: Any) -> Question:
    """What became of a question after one attempt."""
    taken = send(message)
    assert taken.status_code == 202, taken.content
    assert answer_next(timezone.now())
    return Question.objects.get(pk=taken.json()["question"])


def test_a_version_that_lacks_signatures_is_rejected_with_the_reasons_and_the_page(
    github: GitHub, guard: Guard
) -> None:
    question = answered(github.asks())
    [review] = github.reviews
    decision = GateDecision.objects.get()
    assert (review["environment_name"], review["state"]) == ("production", "rejected")
    assert "Countersign: deny for credit-default 1 in production" in review["comment"]
    assert review["comment"].endswith(decision.page_url)
    assert len(review["comment"]) <= 1000
    assert (question.state, question.answer, question.decision) == ("answered", "rejected", decision)


def test_a_version_that_is_signed_is_approved_and_the_record_says_who_asked(
    github: GitHub, guard: Guard, cast: SimpleNamespace, ready: ModelVersion
) -> None:
    builders.fully_signed(cast, ready)
    question = answered(github.asks())
    decision = GateDecision.objects.get()
    assert [review["state"] for review in github.reviews] == ["approved"]
    assert question.answer == "approved"
    assert decision.asked_by == "pipeline:github/1001"
    assert decision.pipeline is not None
    assert decision.pipeline["rule"] == guard.rule.name
    assert decision.pipeline["sha"] == COMMIT
    assert decision.attestation is not None
    said = Event.objects.get(verb="pipeline.answered")
    assert said.detail["decision"] == str(decision.pk)
    assert TrustRule.objects.get().last_used_at is not None


def test_the_same_message_is_one_question_whatever_delivery_it_comes_with(
    github: GitHub, guard: Guard
) -> None:
    message = github.asks()
    first = answered(message)
    again = send(message)  # GitHub signs the body, not the delivery's id
    assert again.status_code == 202
    assert again.json()["question"] == str(first.pk)
    assert not answer_next(timezone.now())
    assert (len(github.reviews), GateDecision.objects.count()) == (1, 1)


def test_a_delivery_does_not_come_twice_with_other_words(github: GitHub, guard: Guard) -> None:
    send(github.asks(), **{"X-GitHub-Delivery": "0000-1111-2222"})
    other = send(github.asks(ref="refs/heads/other"), **{"X-GitHub-Delivery": "0000-1111-2222"})
    assert other.status_code == 409
    assert Question.objects.count() == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": "sha1=aaaa"},
        {"X-Hub-Signature-256": "sha256=ä"},
        {"X-GitHub-Delivery": ""},
        {"X-GitHub-Delivery": "x" * 200},
        {"X-GitHub-Delivery": "a b\u202ec"},
    ],
)
def test_what_github_did_not_sign_is_refused(github: GitHub, guard: Guard, headers: dict[str, str]) -> None:
    answer = send(github.asks(), **headers)
    assert answer.status_code == 401
    assert not Question.objects.exists()


def test_a_body_that_was_changed_and_another_secret_are_refused(github: GitHub, guard: Guard) -> None:
    body = json.dumps(github.asks()).encode()
    changed = body.replace(b"production", b"test-lanes", 1)
    for sent, headers in ((changed, signed(body)), (body, signed(body, secret="guessed-by-somebody"))):
        answer = Client().post(ADDRESS, sent, content_type="application/json", headers=headers)
        assert answer.status_code == 401
    assert not Question.objects.exists()


def test_without_an_app_nothing_is_taken(github: GitHub, guard: Guard, settings: Settings) -> None:
    settings.GITHUB_APP = None
    assert send(github.asks()).status_code == 401


def test_messages_that_ask_nothing_are_taken_and_forgotten(github: GitHub) -> None:
    for event, message in (
        ("ping", {"zen": "Speak like a human."}),
        ("installation", {"action": "created"}),
        ("deployment_protection_rule", github.asks(action="withdrawn")),
    ):
        taken = send(message, **{"X-GitHub-Event": event})
        assert (taken.status_code, taken.json()) == (202, {"question": None})
    assert not Question.objects.exists()


OWNER = {"id": 42, "login": "acme"}
ELSEWHERE = "https://evil.example/repos/acme/credit/actions/runs/77/deployment_protection_rule"
UNREADABLE: dict[str, dict[str, Any]] = {
    "an address elsewhere": {"deployment_callback_url": ELSEWHERE},
    "the metadata service": {"deployment_callback_url": "http://169.254.169.254/latest/meta-data/"},
    "no address": {"deployment_callback_url": None},
    "another repository's number as text": {"repository": {"id": "1001", "full_name": "acme/credit"}},
    "a name that climbs": {"repository": {"id": 1001, "full_name": "../credit", "owner": OWNER}},
    "another repository than the address": {
        "repository": {"id": 1001, "full_name": "acme/other", "owner": OWNER}
    },
    "no installation": {"installation": None},
    "a truth value as a number": {"installation": {"id": True}},
    "half a commit": {"sha": "3fa9d10", "deployment": None},
    "two commits": {"sha": "0" * 40},
    "an endless name": {"environment": "x" * 5000},
    "a null byte": {"environment": "pro\0duction"},
    "no environment": {"environment": ""},
}


@pytest.mark.parametrize("changes", UNREADABLE.values(), ids=UNREADABLE)
def test_a_signed_message_that_leads_elsewhere_or_says_too_little_is_refused(
    github: GitHub, guard: Guard, changes: dict[str, Any]
) -> None:
    assert send(github.asks(**changes)).status_code == 400
    assert not Question.objects.exists()


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"[" * 100_000, b'{"action": 1}'])
def test_what_is_no_message_never_breaks(github: GitHub, body: bytes) -> None:
    assert send(body).status_code in (202, 400)


def test_too_large_a_message_is_refused_unread(github: GitHub) -> None:
    assert send(b" " * (1024 * 1024 + 1)).status_code == 413


NOT_MEANT: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown repository": (
        {"repository": {"id": 9, "full_name": "acme/credit", "owner": OWNER}},
        "No rule of Countersign names",
    ),
    "a name that somebody else took": (
        {"repository": {"id": 1001, "full_name": "acme/credit", "owner": {"id": 43}}},
        "No rule of Countersign names",
    ),
    "an environment without a model": ({"environment": "preview"}, "says which model deploys"),
    "a pull request": ({"event": "pull_request"}, "started by pull_request"),
    "a ref nobody merged": ({"ref": "refs/pull/1/merge"}, "nobody has merged"),
    "a tag where protected branches deploy": ({"ref": "refs/tags/v1"}, "ref_protected true"),
    "a commit of no version": ({"sha": "f" * 40, "deployment": None}, "No version of credit-default"),
}


@pytest.mark.parametrize(("changes", "reason"), NOT_MEANT.values(), ids=NOT_MEANT)
def test_what_is_unclear_is_rejected_and_says_why(
    github: GitHub, guard: Guard, changes: dict[str, Any], reason: str
) -> None:
    question = answered(github.asks(**changes))
    assert reason in github.reviews[0]["comment"]
    assert (github.reviews[0]["state"], question.answer) == ("rejected", "rejected")
    assert not GateDecision.objects.exists()


def test_several_versions_of_one_commit_are_told_apart_by_a_tag(
    github: GitHub, guard: Guard, cast: SimpleNamespace, version: ModelVersion
) -> None:
    builders.a_version(cast, version.model, "2", about=About(code_commit=COMMIT))
    answered(github.asks())
    assert (
        "Several versions of credit-default were registered from commit 3fa9d10c3fa9: 1, 2."
        in (github.reviews[0]["comment"])
    )
    open_rule = builders.a_trust_rule(
        cast,
        "by-tag",
        kind="github_server",
        issuer=guard.rule.issuer,
        protected_only=False,
    )
    take_guard_away(guard=guard, actor=actor_of_user(cast.adam), at=AT)
    builders.a_guard(cast, open_rule, tag_prefix="credit-default/v")
    for ref in ("refs/heads/credit-default/v1", "refs/tags/credit-default/v", "refs/tags/churn/v1"):
        answered(github.asks(ref=ref))
        assert "is named by a tag" in github.reviews[-1]["comment"]
    answered(github.asks(ref="refs/tags/credit-default/v7"))
    assert "No version 7" in github.reviews[-1]["comment"]
    assert not GateDecision.objects.exists()
    answered(github.asks(ref="refs/tags/credit-default/v2"))
    assert GateDecision.objects.get().version.version == "2"


def test_a_tag_of_another_commit_names_nothing(
    github: GitHub, rule: TrustRule, cast: SimpleNamespace
) -> None:
    open_rule = builders.a_trust_rule(
        cast, "by-tag", kind="github_server", issuer=rule.issuer, protected_only=False
    )
    builders.a_guard(cast, open_rule, tag_prefix="v")
    answered(github.asks(ref="refs/tags/v1", sha="f" * 40, deployment=None))
    assert (
        "No version 1 of credit-default was registered from commit ffffffffffff."
        in (github.reviews[0]["comment"])
    )


@pytest.mark.parametrize(
    "policy", [None, {"protected_branches": False, "custom_branch_policies": True}, "protected_branches", []]
)
def test_where_any_branch_may_deploy_a_rule_for_protected_ones_rejects(
    github: GitHub, guard: Guard, policy: Any
) -> None:
    github.policy = policy
    answered(github.asks())
    assert "ref_protected true" in github.reviews[0]["comment"]
    assert not GateDecision.objects.exists()


def test_a_short_ref_counts_as_a_branch_only_where_nothing_else_deploys(
    github: GitHub, rule: TrustRule, cast: SimpleNamespace
) -> None:
    named = builders.a_trust_rule(
        cast,
        "main-only",
        kind="github_server",
        issuer=rule.issuer,
        protected_only=False,
        git_ref="refs/heads/main",
    )
    builders.a_guard(cast, named)
    github.policy = None
    answered(github.asks(ref="main"))
    assert "asks for ref refs/heads/main, GitHub says nothing" in github.reviews[0]["comment"]
    github.policy = {"protected_branches": True}
    answered(github.asks(ref="main", sender={"login": "again"}))
    assert GateDecision.objects.count() == 1


def test_a_rule_or_guard_that_ended_rejects(
    github: GitHub, guard: Guard, cast: SimpleNamespace, ready: ModelVersion
) -> None:
    builders.fully_signed(cast, ready)
    switch_off(rule=guard.rule, reason="Over.", actor=actor_of_user(cast.adam), at=AT)
    assert answered(github.asks()).answer == "rejected"
    assert not GateDecision.objects.exists()
    assert Event.objects.filter(verb="pipeline.refused").count() == 1


FAULTS: dict[str, dict[str, list[int]]] = {
    "no token": {"token": [401]},
    "GitHub is down": {"token": [503]},
    "GitHub hangs": {"token": [0]},
    "GitHub sends elsewhere": {"token": [302]},
    "the environment is hidden": {"environment": [403]},
    "the environment hangs up": {"environment": [0]},
    "the answer is not taken": {"review": [500]},
    "the answer meets silence": {"review": [0]},
    "too many calls": {"review": [429]},
    "the answer is sent elsewhere": {"review": [307]},
}


@pytest.mark.parametrize("plan", FAULTS.values(), ids=FAULTS)
def test_while_github_fails_nothing_is_approved_and_the_next_attempt_decides_anew(
    github: GitHub, guard: Guard, cast: SimpleNamespace, ready: ModelVersion, plan: dict[str, list[int]]
) -> None:
    builders.fully_signed(cast, ready)
    github.plan = {name: list(statuses) for name, statuses in plan.items()}
    question = answered(github.asks())
    assert (question.state, question.answer, question.tries) == ("waiting", "", 1)
    assert github.reviews == []
    assert question.attempts.get().problem
    assert not answer_next(timezone.now())  # not before its time
    builders.unexplained(cast, ready)  # meanwhile the ground of the allow is gone
    assert answer_next(timezone.now() + WAITS[0])
    assert [review["state"] for review in github.reviews] == ["rejected"]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"token": 5}', b'{"token": "a\\nb"}', b"[" * 99_999])
def test_an_answer_without_a_token_is_no_yes(github: GitHub, guard: Guard, content: bytes) -> None:
    github.token_body = content
    question = answered(github.asks())
    assert question.state == "waiting"
    assert "holds no token" in question.attempts.get().problem


def test_a_run_that_no_longer_waits_is_given_up_at_once_and_people_hear_of_it(
    github: GitHub, guard: Guard, cast: SimpleNamespace
) -> None:
    github.plan = {"review": [422]}
    question = answered(github.asks())
    assert question.state == "given_up"
    notice = Notice.objects.get(kind="pipeline.unanswered")
    assert (notice.person, notice.url) == (cast.adam, f"/github/questions/{question.pk}/")
    assert Event.objects.filter(verb="pipeline.unanswered").count() == 1


def test_a_question_that_was_given_up_is_answered_from_its_page(
    github: GitHub, guard: Guard, cast: SimpleNamespace, client_of: ClientOf
) -> None:
    github.plan = {"token": [503] * (len(WAITS) + 1)}
    taken, now = send(github.asks()), timezone.now()
    for _ in range(len(WAITS) + 1):
        assert answer_next(now)
        now += max(WAITS) + timedelta(minutes=3)
    question = Question.objects.get(pk=taken.json()["question"])
    assert (question.state, question.attempts.count()) == ("given_up", len(WAITS) + 1)
    client, page = client_of(cast.adam), f"/github/questions/{question.pk}/"
    assert "GitHub has no answer" in client.get(page).content.decode()
    assert client.post(f"{page}again/").status_code == 302
    assert answer_next(timezone.now())
    assert [review["state"] for review in github.reviews] == ["rejected"]
    assert client.post(f"{page}again/").status_code == 409
    assert "What GitHub was told" in client.get(page).content.decode()


def test_an_address_inside_is_not_gone_to_unless_the_operator_allows_it(
    github: GitHub, guard: Guard, settings: Settings
) -> None:
    settings.CI_ALLOW = frozenset()
    question = answered(github.asks())
    assert question.state == "waiting"
    assert "https" in question.attempts.get().problem
    assert github.taken == []


def test_no_secret_stays_in_rows_or_on_the_record(github: GitHub, guard: Guard) -> None:
    answered(github.asks())
    kept = json.dumps(list(Question.objects.values()) + list(Event.objects.values("detail")), default=str)
    assert SECRET not in kept
    assert "ghs_" not in kept
    assert "PRIVATE KEY" not in repr(GitHubApp(APP_ID, "https://api.github.com", PEM, SECRET))
    assert SECRET not in repr(GitHubApp(APP_ID, "https://api.github.com", PEM, SECRET))


def test_the_rows_are_those_that_the_record_attests(
    github: GitHub, guard: Guard, cast: SimpleNamespace
) -> None:
    answered(github.asks())
    take_guard_away(guard=guard, actor=actor_of_user(cast.adam), at=AT)
    sequence_pending()
    agreement = compare_rows()
    assert (agreement.disagreements, agreement.uncovered_rows, agreement.uncovered_fields) == (0, 0, 0)


def test_old_questions_are_forgotten_and_those_that_wait_are_not(github: GitHub, guard: Guard) -> None:
    answered(github.asks())
    send(github.asks(sender={"login": "later"}))
    assert forget_old(timezone.now() + timedelta(days=59)) == 0
    assert forget_old(timezone.now() + timedelta(days=61)) == 2  # the question and its attempt
    assert Question.objects.get().state == "waiting"
    assert {"wake the answering of GitHub", "forget old questions of GitHub"} <= {
        duty.name for duty in duties()
    }


def test_an_app_that_could_prove_nothing_is_not_set_up(tmp_path: Any) -> None:
    key, curve = tmp_path / "app.pem", tmp_path / "curve.pem"
    key.write_text(PEM)
    curve.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
    )
    assert app_of(APP_ID, str(key), SECRET).api == "https://api.github.com"
    for given in (
        (str(tmp_path / "none.pem"), SECRET, ""),
        (str(curve), SECRET, ""),
        (str(key), "short", ""),
        (str(key), SECRET, "ftp://github.example"),
        (str(key), SECRET, "https://user@github.example"),
    ):
        with pytest.raises(BadApp) as refused:
            app_of(APP_ID, given[0], given[1], api=given[2])
        assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("api", "issuer", "same"),
    [
        ("https://api.github.com", "https://token.actions.githubusercontent.com", True),
        ("https://api.github.com", "https://github.example.org/_services/token", False),
        ("https://github.example.org/api/v3", "https://github.example.org/_services/token", True),
        ("https://github.example.org/api/v3", "https://token.actions.githubusercontent.com", False),
        ("https://api.acme.ghe.com", "https://token.actions.acme.ghe.com", True),
        ("https://api.acme.ghe.com", "https://token.actions.other.ghe.com", False),
    ],
)
def test_numbers_count_only_on_the_github_that_gave_them(api: str, issuer: str, same: bool) -> None:
    assert GitHubApp(APP_ID, api, PEM, SECRET).issues_for(issuer) is same
