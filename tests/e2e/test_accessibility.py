"""Every kind of page in a real browser: axe-core finds nothing, in light and in dark, wide and narrow."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.granting.actions import ask_role
from accounts.granting.models import RoleWish
from accounts.models import Role
from audit.sequencer import sequence_pending
from governance.entitlements.actions import start_review
from governance.entitlements.models import AccessReview
from governance.gate.actions import decide
from governance.gate.models import GateDecision
from registry.actions import record_deployment
from registry.models import Deployment, ModelVersion
from riskreview.models import Decision, SignOff
from riskreview.reviews.assigning import assign
from riskreview.reviews.threads import comment
from tests import builders
from tests.conftest import AT, actor_of_user
from tests.e2e.browser import Visitor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser, pytest.mark.slow]
Visit = Callable[..., Visitor]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
COLOURS = ("color-contrast", "link-in-text-block")


@pytest.fixture
def version(cast: SimpleNamespace) -> ModelVersion:
    """Signed with a condition by Viktor, then asked about by a pipeline; a second model was rejected."""
    builders.active_policy(cast)
    version = builders.ready_to_sign(cast)
    conditions = [("Monitor the ratio by age band every month.", AT.date())]
    review = version.reviews.get()
    builders.a_signature(
        review, cast.viktor, "validator", Decision.APPROVE_WITH_CONDITIONS, conditions=conditions
    )
    carl = actor_of_user(cast.carl)
    anchor = "requirement.evaluation.fairness"
    comment(review=review, text="Why?", author=cast.carl, anchor=anchor, is_question=True, actor=carl, at=AT)
    ada = actor_of_user(cast.ada)
    assign(review=review, role="risk_officer", person=cast.ada, assigner=cast.ada, actor=ada, at=AT)
    SignOff.objects.update(expires_at=AT + timedelta(days=9))
    other = builders.ready_to_sign(cast, slug="tenant-screening")
    builders.a_signature(other.reviews.get(), cast.ada, "risk_officer", Decision.REJECT)
    actor = actor_of_user(cast.dev)
    asked = decide(version=version, environment="production", context={}, dry_run=False, actor=actor, at=AT)
    record_deployment(
        version=version,
        environment="production",
        decision_id=str(asked.pk),
        problem="The gate denied it.",
        actor=actor,
        at=AT,
    )
    builders.a_trust_rule(cast)
    builders.a_finding(cast, version)
    adam, now = actor_of_user(cast.adam), timezone.now()
    ask_role(
        person=cast.dev, role=Role.VALIDATOR, why="Joins the validators.", asker=cast.adam, actor=adam, at=now
    )
    start_review(why="Once a quarter.", starter=cast.carl, actor=carl, at=now)
    sequence_pending()
    return version


def pages(version: ModelVersion) -> list[tuple[str, str]]:
    """Who looks at what."""
    slug, number = version.model.slug, version.version
    names = [slug, number]
    return [
        ("ada", "/"),
        ("ada", reverse("portfolio:models")),
        ("ada", reverse("portfolio:model", args=[slug])),
        ("ada", reverse("portfolio:version", args=names)),
        ("ada", f"{reverse('portfolio:version', args=names)}?env=staging"),
        ("ada", reverse("riskreview:reviews")),
        ("ada", reverse("riskreview:review", args=[version.reviews.get().pk])),
        ("dev", reverse("riskreview:review", args=[version.reviews.get().pk])),
        ("viktor", reverse("riskreview:review", args=[version.reviews.get().pk])),
        ("viktor", reverse("riskreview:signoffs", args=names)),
        ("olga", reverse("riskreview:obligations")),
        ("viktor", f"{reverse('riskreview:obligations')}?view=all"),
        ("ada", reverse("riskreview:delegations")),
        ("viktor", reverse("riskreview:renewals")),
        ("dev", reverse("riskreview:submit", args=names)),
        ("olga", reverse("riskreview:tier", args=[slug])),
        ("ada", reverse("riskreview:tier", args=[slug])),
        ("aud", reverse("riskreview:policy")),
        ("adam", reverse("tracking:servers")),
        ("adam", reverse("tracking:server", args=["default"])),
        ("adam", reverse("tracking:server_new")),
        ("dev", reverse("registry:model_new")),
        ("dev", reverse("registry:model_edit", args=[slug])),
        ("dev", reverse("registry:version_new", args=[slug])),
        ("dev", reverse("registry:card", args=names)),
        ("dev", reverse("registry:card_edit", args=names)),
        ("dev", reverse("registry:card_import", args=names)),
        ("ada", f"{reverse('registry:card', args=names)}?since=1&revision=1"),
        ("dev", reverse("registry:files", args=names)),
        ("dev", f"{reverse('portfolio:as_of', args=names)}?at={version.registered_at:%Y-%m-%dT%H:%M:%SZ}"),
        ("olga", reverse("registry:model_suspend", args=[slug])),
        ("viktor", reverse("registry:datasets")),
        ("viktor", reverse("registry:dataset_new")),
        ("viktor", reverse("registry:dataset", args=[f"{slug}-test", "1"])),
        ("viktor", reverse("evaluations:runs")),
        ("viktor", reverse("evaluations:version_runs", args=names)),
        *(("viktor", reverse("evaluations:run", args=[run.pk])) for run in version.evaluations.all()),
        ("carl", reverse("compliance:frameworks")),
        ("carl", reverse("compliance:framework", args=["nyc-ll144"])),
        ("carl", reverse("compliance:framework_new")),
        ("carl", reverse("compliance:model", args=[slug])),
        ("carl", reverse("compliance:model_framework", args=[slug, "fcra"])),
        ("carl", reverse("compliance:model_control", args=[slug, "eu-ai-act", "EU-10.2b"])),
        ("carl", reverse("compliance:programme")),
        ("carl", reverse("compliance:coverage")),
        ("aud", reverse("compliance:coverage_framework", args=["fcra"])),
        ("carl", reverse("compliance:gaps")),
        ("aud", reverse("gate:decisions")),
        ("aud", reverse("gate:decision", args=[GateDecision.objects.get().pk])),
        ("aud", reverse("deployments:deployments")),
        ("aud", f"{reverse('deployments:deployments')}?view=map"),
        ("aud", reverse("deployments:deployment", args=[Deployment.objects.get().pk])),
        ("aud", reverse("lineage:lineage", args=["version", f"{slug}/{number}"])),
        ("aud", reverse("lineage:lineage", args=["dataset", f"{slug}-test/1"])),
        ("aud", reverse("trail:events")),
        ("aud", reverse("trail:entry", args=[0])),
        ("carl", reverse("reports:reports")),
        ("adam", reverse("accounts:people")),
        ("adam", reverse("accounts:person_new")),
        ("adam", reverse("accounts:person", args=["dev"])),
        ("adam", reverse("accounts:keys")),
        ("carl", reverse("entitlements:access")),
        ("carl", reverse("entitlements:review", args=[AccessReview.objects.get().pk])),
        ("adam", reverse("granting:wishes")),
        ("carl", reverse("granting:wish", args=[RoleWish.objects.get().pk])),
        ("adam", reverse("pipelines:rules")),
        ("adam", reverse("pipelines:rule_new")),
        ("adam", reverse("pipelines:rule", args=["retail-deploy"])),
        ("adam", reverse("protection:guards", args=["retail-deploy"])),
        ("adam", reverse("protection:questions")),
        ("adam", reverse("accounts:settings")),
        ("adam", reverse("password_change")),
        ("dev", reverse("accounts:person_new")),
        ("dev", "/nothing/here/"),
        ("ada", f"{reverse('palette:search')}?q=c"),
        ("ada", reverse("riskreview:findings")),
        ("ada", reverse("riskreview:finding", args=[version.model.findings.get().pk])),
        ("ada", reverse("riskreview:finding_new")),
        ("ada", reverse("riskreview:due_days")),
        ("ada", reverse("riskreview:risks")),
        ("ada", reverse("riskreview:model_risks", args=[slug])),
        ("ada", reverse("riskreview:risk", args=[version.model.risks.order_by("pk")[0].pk])),
        ("ada", reverse("riskreview:risk_scales")),
        ("ada", reverse("riskreview:waivers")),
        ("ada", reverse("riskreview:waiver_new", args=names)),
        ("ada", reverse("riskreview:break_glass_list")),
        ("ada", reverse("riskreview:tiers")),
        ("ada", reverse("riskreview:questionnaire")),
        ("ada", reverse("riskreview:packs")),
        ("ada", reverse("riskreview:applies", args=[slug])),
        ("viktor", reverse("evaluations:schedules")),
        ("viktor", reverse("evaluations:given_up")),
        ("adam", reverse("registry:fields")),
        ("adam", reverse("system")),
        ("olga", reverse("accounts:inbox")),
    ]


def test_axe_finds_nothing_on_any_page(cast: SimpleNamespace, version: ModelVersion, visit: Visit) -> None:
    stranger = visit()
    found = examined(stranger, "nobody", "/login/")
    people: dict[str, Visitor] = {}
    for name, address in pages(version):
        visitor = people.get(name) or people.setdefault(name, visit(getattr(cast, name)))
        found += examined(visitor, name, address)
    assert not found, "\n\n".join(found)


def examined(visitor: Visitor, name: str, address: str) -> list[str]:
    """What is wrong with a page: in light, in dark, and on a small screen."""
    page = visitor.page
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="light")
    page.goto(f"{visitor.url}{address}")
    found = [f"light: {wrong}" for wrong in visitor.violations()]
    page.emulate_media(color_scheme="dark")
    page.evaluate(
        "document.getAnimations().filter(one => one instanceof CSSTransition).forEach(one => one.finish())"
    )
    found += [f"dark: {wrong}" for wrong in visitor.violations(*COLOURS)]
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    found += [f"narrow: {wrong}" for wrong in [*visitor.violations(), *sideways(visitor)]]
    return [f"{name} {address}, {wrong}" for wrong in found]


def sideways(visitor: Visitor) -> list[str]:
    """A page never scrolls sideways as a whole."""
    wide: int = visitor.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [f"{wide} pixels wider than the window"] if wide > 0 else []
