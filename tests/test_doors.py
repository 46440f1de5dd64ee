"""Every address × everybody: who may pass, and that no address is missing from the table."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.utils import timezone

from accounts.granting.actions import ask_role
from accounts.models import ApiKey, Role, RoleGrant, Scope, User
from audit.checkpoints import make_checkpoint
from audit.models import Event
from audit.sequencer import sequence_pending
from evaluations.actions import request_evaluation
from evaluations.jobs import claim
from governance.compliance.attaching import attach
from governance.compliance.concluding import conclude
from governance.compliance.gaps import open_gap
from governance.compliance.scoping import decide_scope
from governance.entitlements.actions import start_review
from governance.gate.actions import decide
from governance.operation.scheduling import heartbeat_file
from governance.reports.actions import request_report, succeed_report
from governance.reports.asking import Question
from governance.reports.models import Report
from governance.reports.places import reports_folder
from governance.reports.render import Rendered
from governance.webhooks.actions import send_trial
from governance.webhooks.models import Delivery
from registry.actions import comment_on_card, record_deployment
from registry.actions.servers import connect_server
from registry.actions.sync_runs import request_sync
from registry.actions.uploads import open_upload
from registry.intake import StoredFile
from registry.models import ModelVersion, SyncRun, Upload
from registry.wishes import Wanted
from riskreview.models import Condition, Decision, Review
from riskreview.reviews.assigning import assign
from riskreview.reviews.conditions import meet_condition
from riskreview.reviews.delegating import delegate
from riskreview.reviews.threads import comment
from riskreview.tiering.use import use_digest
from tests import builders
from tests.conftest import AT, actor_of_user
from tests.doors import DEEDS, DOORS, GROUPS, KEEPS_NOTHING, KEY_DOORS, OWN, PEOPLE, SIGNED, Door, KeyDoor

pytestmark = pytest.mark.django_db
Api = Callable[..., Client]
SHOWN_ANYWAY = ("/files/manifest.json", "/proof.json", "/source/")
"""Files of what the page itself shows, or anybody may have: the only ones that nobody records."""
REFUSALS = {
    "review.sign_refused",
    "finding.step_refused",
    "risk.accept_refused",
    "waiver.denied",
    "break_glass.denied",
    "policy.confirm_refused",
    "control.refused",
}


@pytest.fixture
def cast(cast: SimpleNamespace) -> SimpleNamespace:
    """The cast and Sam, who develops other models."""
    sam = User.objects.create_user(username="sam", first_name="Sam", last_name="Roth")
    RoleGrant.objects.create(user=sam, role=Role.DEVELOPER, granted_at=AT)
    cast.sam = sam
    return cast


@pytest.fixture
def world(cast: SimpleNamespace, api: Api) -> dict[str, str]:
    """One of everything, and the names that addresses call it by."""
    builders.active_policy(cast)
    version = builders.ready_to_sign(cast)
    of_a_team(cast, version)
    review = version.reviews.get()
    signoff = builders.a_signature(
        review,
        cast.viktor,
        "validator",
        Decision.APPROVE_WITH_CONDITIONS,
        conditions=[("Watch the ratio every month.", AT.date()), ("Retest thin files.", AT.date())],
    )
    owed, met = signoff.conditions.order_by("pk")
    dev = actor_of_user(cast.dev)
    decision = decide(version=version, environment="production", context={}, dry_run=False, actor=dev, at=AT)
    dataset = version.evaluations.first().dataset  # type: ignore[union-attr]
    live = request_evaluation(
        version=version, dataset=dataset, kind="performance", config={}, requester=cast.dev, actor=dev, at=AT
    )
    deployment = record_deployment(
        version=version, environment="production", decision_id=str(decision.pk), actor=dev, at=AT
    )
    remark = comment_on_card(
        version=version, section="caveats", text="Why?", author=cast.viktor, actor=dev, at=AT
    )
    report = a_report(cast, version)
    lacking = builders.unexplained(cast, builders.ready_to_sign(cast, slug="vendor-check"))
    api("gate")
    sync = a_round(cast)
    sequence_pending()
    make_checkpoint(AT)
    heartbeat_file().touch()  # as the scheduler does
    builders.a_publication(cast, version.model)
    wish = builders.an_activation(cast, builders.another_pack(cast))
    done = version.evaluations.filter(kind="fairness").get()
    explained = version.evaluations.get(kind="explainability")
    return {
        "event": str(Event.objects.get(entry__seq=0).pk),
        "field": builders.a_field(cast).key,
        **a_gap(cast, version),
        "audit": str(builders.a_bias_audit(cast, version.model, AT.date()).pk),
        "finding": str(builders.a_finding(cast, version).pk),
        "run": str(done.pk),
        "risk": str(version.model.risks.order_by("pk").values_list("pk", flat=True)[0]),
        "run_id": str(done.uuid),
        "live": str(live.pk),
        "explained": str(explained.pk),
        "dataset": str(dataset.pk),
        "review": str(review.pk),
        "signoff": str(signoff.pk),
        "waiver": str(builders.a_wish(cast, lacking, at=timezone.now()).pk),
        "break_glass": str(builders.an_emergency(cast, lacking, at=timezone.now()).pk),
        "condition": str(owed.pk),
        "met_condition": str(a_met_condition(cast, met).pk),
        **a_talk(cast, review),
        "card_comment": str(remark.pk),
        "assessment": str(version.model.tier_assessments.get().pk),
        "use": use_digest(version.model),
        "questionnaire": str(builders.a_questionnaire(cast).version),
        "decision": str(decision.pk),
        "message": str(a_message(cast).pk),
        **what_github_asks(cast),
        "upload": str(an_upload(cast, version).pk),
        "deployment": str(deployment.pk),
        "report": str(report.pk),
        "report_id": str(report.uuid),
        "key": str(ApiKey.objects.get().pk),
        "sync": str(sync.pk),
        "simulation": str(wish.simulation_id),
        "activation": str(wish.pk),
        **who_can_what(cast),
        "scim_token": str(builders.a_scim_token(cast).pk),
        "schedule": str(builders.a_schedule(cast, version.model).pk),
    }


def who_can_what(cast: SimpleNamespace) -> dict[str, str]:
    """Adam asks that Sam signs, and Carl looks at everything that anybody can do."""
    now = timezone.now()
    wish = ask_role(
        person=cast.sam,
        role=Role.VALIDATOR,
        why="Joins the validators.",
        asker=cast.adam,
        actor=actor_of_user(cast.adam),
        at=now,
    )
    review = start_review(
        why="The quarterly look.", starter=cast.carl, actor=actor_of_user(cast.carl), at=now
    )
    return {"role_wish": str(wish.pk), "access_review": str(review.pk)}


def what_github_asks(cast: SimpleNamespace) -> dict[str, str]:
    """A rule of Adam's with an environment that waits, and a question that does, too."""
    rule = builders.a_trust_rule(cast)
    guard = builders.a_guard(cast, rule)
    question = builders.a_question_of_github()
    return {"pipeline": rule.name, "guard": str(guard.pk), "github_question": str(question.pk)}


def a_met_condition(cast: SimpleNamespace, condition: Condition) -> Condition:
    """Dev says that it is met."""
    dev = actor_of_user(cast.dev)
    return meet_condition(condition=condition, note="Retested.", user=cast.dev, actor=dev, at=AT)


def a_talk(cast: SimpleNamespace, review: Review) -> dict[str, str]:
    """Ada asks a question, has the review, and lent her role to Carl."""
    ada = actor_of_user(cast.ada)
    asked = comment(review=review, text="Why?", author=cast.ada, is_question=True, actor=ada, at=AT)
    given = assign(review=review, role="risk_officer", person=cast.ada, assigner=cast.ada, actor=ada, at=AT)
    lent = delegate(
        holder=cast.ada,
        deputy=cast.carl,
        role="risk_officer",
        starts_on=timezone.now().date() + timedelta(days=30),
        ends_on=timezone.now().date() + timedelta(days=40),
        reason="Away in January.",
        giver=cast.ada,
        actor=ada,
        at=AT,
    )
    return {"question": str(asked.pk), "assignment": str(given.pk), "delegation": str(lent.pk)}


def an_upload(cast: SimpleNamespace, version: ModelVersion) -> Upload:
    """One of Dev's that is under way."""
    files = [StoredFile("weights", 3, "1" * 64)]
    return open_upload(model=version.model, files=files, owner=cast.dev, at=timezone.now())


def a_round(cast: SimpleNamespace) -> SyncRun:
    """A round that waits, with a tracking server at which nobody answers."""
    server = connect_server(
        name="research",
        uri="http://127.0.0.1:9",
        every_minutes=0,
        writes_back=False,
        owner=cast.adam,
        actor=actor_of_user(cast.adam),
        at=AT,
    )
    return request_sync(server=server, wanted=Wanted(), asked_by=cast.adam.name, at=AT)


def a_report(cast: SimpleNamespace, version: ModelVersion) -> Report:
    """A finished report with a file."""
    question = Question(version=version, environment="staging")
    report = request_report(question=question, requester=cast.carl, actor=actor_of_user(cast.carl), at=AT)
    claimed = claim(Report, report.pk, at=AT)
    assert claimed is not None
    reports_folder().mkdir(parents=True)
    (reports_folder() / "r.pdf").write_bytes(b"%PDF-1.7")
    (reports_folder() / "r.json").write_text("{}")
    (reports_folder() / "r.html").write_text("<!doctype html>")
    succeed_report(report=claimed, rendered=Rendered("r.pdf", 8, "0" * 64, 1, "0" * 64), as_of=AT, at=AT)
    return report


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def knock(client: Client, door: Door | KeyDoor, world: dict[str, str], **more: Any) -> int:
    """Go through the door; the status."""
    body = _filled(door.body or {}, world)
    call = getattr(client, door.method.lower())
    with undone():
        answer = call(door.path.format(**world), body, **more)
        if answer.streaming:
            b"".join(answer.streaming_content)  # which closes the file
        if "attachment" in answer.get("Content-Disposition", "") and not door.path.endswith(SHOWN_ANYWAY):
            newest = Event.objects.order_by("-pk").values_list("verb", flat=True).first()
            assert str(newest).endswith(("downloaded", "exported")), f"{door} left no event"
        return int(answer.status_code)


def _filled(body: Any, world: dict[str, str]) -> Any:
    return {
        name: world.get(str(value).strip("{}"), value) if str(value)[:1] == "{" else value
        for name, value in body.items()
    }


def who_knocks(door: Door) -> list[str]:
    """Everybody; but roles are judged without the database, so on another one somebody who passes and somebody not."""
    if connection.vendor == "sqlite":
        return list(PEOPLE)
    passing, other = ([name for name in PEOPLE if (name in door.who) is may] for may in (True, False))
    return passing[:1] + other[:1]


@pytest.mark.parametrize("group", GROUPS)
def test_each_person_passes_exactly_their_doors(
    group: str, cast: SimpleNamespace, world: dict[str, str], client_of: Callable[[User], Client]
) -> None:
    clients = {name: client_of(getattr(cast, name)) for name in PEOPLE}
    wrong = []
    for door in GROUPS[group]:
        for name in who_knocks(door):
            expected = door.passed if name in door.who else door.refused
            if (status := knock(clients[name], door, world)) != expected:
                wrong.append(f"{door}: {name} gets {status}, not {expected}")
        if (status := knock(Client(), door, world)) != door.stranger:
            wrong.append(f"{door}: a stranger gets {status}, not {door.stranger}")
    assert not wrong, "\n".join(wrong)


def test_a_key_opens_what_its_scope_says_and_nothing_else(
    cast: SimpleNamespace, world: dict[str, str], api: Api, client_of: Callable[[User], Client]
) -> None:
    keys = {scope: api(scope) for scope in Scope.values} | {"": Client(), "cookie": client_of(cast.adam)}
    wrong = []
    for door in KEY_DOORS:
        more = {"content_type": "application/json"} if door.method != "GET" else {}
        for name, client in keys.items():
            expected = (
                401 if name in ("", "cookie") else door.passed if name in (door.scope, door.also) else 403
            )
            if (status := knock(client, door, world, **more)) != expected:
                wrong.append(f"{door}: {name or 'nobody'} gets {status}, not {expected}")
    assert not wrong, "\n".join(wrong)


def test_neither_a_person_nor_a_key_opens_what_must_be_signed(
    cast: SimpleNamespace, world: dict[str, str], api: Api, client_of: Callable[[User], Client]
) -> None:
    callers = [Client(), client_of(cast.adam), api()]
    answers = {(str(door), knock(caller, door, world)) for door in SIGNED for caller in callers}
    assert answers == {(str(door), door.passed) for door in SIGNED}


def test_the_auditor_changes_nothing(
    cast: SimpleNamespace, world: dict[str, str], client_of: Callable[[User], Client]
) -> None:
    client, known = client_of(cast.aud), set(Event.objects.values_list("pk", flat=True))
    answers = {}
    for door in [*DEEDS, *KEEPS_NOTHING]:
        answer = client.post(door.path.format(**world), _filled(door.body, world))
        answers[str(door)] = answer.status_code
    assert {name: status for name, status in answers.items() if status != 403} == {
        str(door): 200 for door in KEEPS_NOTHING
    }
    new = Event.objects.exclude(pk__in=known)
    assert set(new.values_list("verb", flat=True)) <= REFUSALS


def test_nobody_without_a_role_changes_anything(
    world: dict[str, str], client_of: Callable[[User], Client]
) -> None:
    nobody = client_of(User.objects.create_user(username="nobody", first_name="No", last_name="Body"))
    answers = {str(door): knock(nobody, door, world) for door in DEEDS}
    assert {name: status for name, status in answers.items() if status != 403} == {}


def test_no_address_is_missing_from_the_table(world: dict[str, str]) -> None:
    paths = [door.path for door in [*DOORS, *SIGNED]] + [door.path for door in KEY_DOORS]
    listed = {_route(path, world) for path in paths}
    assert set(_routes(get_resolver())) - listed == set()


def test_an_address_that_takes_no_post_refuses_it(
    cast: SimpleNamespace, world: dict[str, str], client_of: Callable[[User], Client]
) -> None:
    takes = {_route(door.path, world) for door in [*OWN, *DEEDS, *KEEPS_NOTHING]}
    client = client_of(cast.adam)
    gets = [door for door in DOORS if _route(door.path, world) not in takes]
    answers = {door.path: client.post(door.path.format(**world)).status_code for door in gets}
    assert {path: status for path, status in answers.items() if status != 405} == {
        "/login/": 302,  # logged in already
    }


def test_a_post_without_the_token_of_the_form_is_refused(
    cast: SimpleNamespace, world: dict[str, str]
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.adam)
    posts = [door for door in DOORS if door.method == "POST"]
    answers = {str(door): client.post(door.path.format(**world)).status_code for door in posts}
    assert set(answers.values()) == {403}, answers


def _route(path: str, world: dict[str, str]) -> str:
    """The pattern that an address of the table belongs to, whatever its query."""
    return resolve(urlsplit(path.format(**world)).path).route


def _routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        place = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield place
        else:
            yield from _routes(entry, place)


def of_a_team(cast: SimpleNamespace, version: ModelVersion) -> None:
    """The model belongs to a team, of which Carl concluded one practice."""
    version.model.team = "Retail credit models"
    version.model.save(update_fields=["team"])
    conclude(
        framework="mlops-maturity",
        controls=["ML-1.1"],
        model=None,
        team=version.model.team,
        verdict="satisfied",
        rationale="Its only model is in the inventory.",
        until=timezone.now().date() + timedelta(days=90),
        user=cast.carl,
        actor=actor_of_user(cast.carl),
        at=timezone.now(),
    )


def a_message(cast: SimpleNamespace) -> Delivery:
    """One that waits to be sent to an endpoint of Adam's."""
    adam = actor_of_user(cast.adam)
    return send_trial(endpoint=builders.an_endpoint(cast), actor=adam, at=timezone.now())


def a_gap(cast: SimpleNamespace, version: ModelVersion) -> dict[str, str]:
    """A gap of Dev, and evidence that Carl named."""
    carl = actor_of_user(cast.carl)
    gap = open_gap(
        framework="eu-ai-act",
        control="EU-10.2c",
        model=version.model,
        owner=cast.dev,
        due_on=timezone.now().date() + timedelta(days=30),
        lacks="A record of how the data were labelled.",
        user=cast.carl,
        actor=carl,
        at=timezone.now(),
    )
    decide_scope(
        framework="eu-ai-act",
        model=version.model,
        stance="applies",
        rationale="It decides on credit to people.",
        user=cast.carl,
        actor=carl,
        at=timezone.now(),
    )
    paper = attach(
        model=None,
        kind="document.policy",
        title="Model risk policy",
        place="Intranet, page 12",
        user=cast.carl,
        actor=carl,
        at=timezone.now(),
    )
    for model, framework, control in (
        (version.model, "eu-ai-act", "EU-10.2a"),
        (None, "sr-11-7", "SR117-III.5"),
    ):
        conclude(
            framework=framework,
            controls=[control],
            model=model,
            verdict="partly",
            rationale="The card says it for one of two sources.",
            until=timezone.now().date() + timedelta(days=90),
            user=cast.carl,
            actor=carl,
            at=timezone.now(),
        )
    return {"gap": str(gap.pk), "outside": str(paper.pk)}
