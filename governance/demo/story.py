"""What people did with the demo models, so that every state that a reader will meet exists once."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from django.utils import timezone

from accounts.models import ApiKey, Role
from audit.actor import Actor
from governance.demo import findings
from governance.demo.cast import Cast
from governance.demo.compliance import record_compliance
from governance.demo.exceptions import break_the_glass, end_it, waive_explanations
from governance.demo.portfolio import Model, Portfolio, Story, Version
from governance.demo.risks import register_risks
from governance.deployments.decided import problem_with
from governance.gate.actions import decide
from governance.gate.models import GateDecision
from registry.actions import record_deployment, revise_card
from registry.models import Environment, ModelVersion, Strategy
from riskreview.judgement import judge_version
from riskreview.models import Decision, Review
from riskreview.reviews.asking import open_review
from riskreview.reviews.signoffs import sign_off

Versions = Mapping[tuple[str, str], ModelVersion]
SIGNERS = {
    "validator": "viktor",
    "risk_officer": "ada",
    "compliance_officer": "carl",
    "ethics_committee": "etta",
    "business_approver": "bea",
}
RATIONALES = {
    "validator": "I read the card and the runs; the measured figures support the stated use.",
    "risk_officer": "The residual risk is within appetite for this use, and the evidence is recent.",
    "compliance_officer": "The use is lawful as documented and its limits are stated to the people affected.",
    "ethics_committee": "The people affected can ask for a person to decide, and the card says how.",
    "business_approver": "The model serves the stated purpose and its limits are acceptable to the business.",
}
FINDINGS: dict[tuple[str, Story], Callable[[ModelVersion, Cast], None]] = {
    ("income-screening", Story.FAIRNESS_FAILED): findings.from_failed_check,
    ("consumer-credit", Story.DEPLOYED): findings.closed,
    ("tenant-screening", Story.REJECTED): findings.overdue,
}
STRATEGIES: dict[tuple[str, str], Strategy] = {
    ("wine-origin", Environment.PRODUCTION): Strategy.BATCH,
    ("consumer-credit", Environment.STAGING): Strategy.SHADOW,
}
SIGNED = {
    Story.DEPLOYED,
    Story.APPROVED,
    Story.APPROVED_WITH_CONDITIONS,
    Story.STALE_AFTER_CARD_CHANGE,
    Story.WAIVED,
}
SUBMITTED = SIGNED | {
    Story.AWAITING_SIGNOFFS,
    Story.FAIRNESS_FAILED,
    Story.TOO_WEAK,
    Story.REJECTED,
}


def tell(trained: Portfolio, versions: Versions, cast: Cast) -> None:
    """Write the risks down, then submit, sign, reject, deploy and change, as each story wants it."""
    pipeline = _pipeline()
    register_risks({version.model.slug: version.model for version in versions.values()}, cast)
    for model in trained.models:
        for described in model.versions:
            version = versions[model.slug, described.version]
            if raised := FINDINGS.get((model.slug, described.story)):
                raised(version, cast)
            _live(model, described, version, cast, pipeline)
    record_compliance({version.model.slug: version.model for version in versions.values()}, cast)


def _pipeline() -> Actor:
    key = ApiKey.objects.get(name="ci-gate")
    return Actor(key.ref, key.name, f"API key {key.prefix}")


def _live(model: Model, described: Version, version: ModelVersion, cast: Cast, pipeline: Actor) -> None:
    story = described.story
    if story in SUBMITTED:
        review = _submit(version, cast)
        if story in SIGNED:
            _sign_all(model, story, review, cast)
        if story == Story.REJECTED:
            note = model.notes.get("veto") or "The use is not acceptable in this form; see the card's limits."
            role = model.notes.get("veto_role", "compliance_officer")
            _sign(review, role, Decision.REJECT, note, [], cast)
    if story == Story.STALE_AFTER_CARD_CHANGE:
        allowed = _ask(version, Environment.PRODUCTION, pipeline)
        _deploy(version, allowed, Strategy.BATCH, pipeline, note="Nightly list")
        _change_card(model, described, version, cast)
        found = break_the_glass(version, cast)
        tonight = _ask(version, Environment.PRODUCTION, pipeline)
        _deploy(version, tonight, Strategy.BATCH, pipeline, note="Nightly list, by break-glass")
        end_it(found, cast)
    if story == Story.WAIVED:
        waive_explanations(version, cast)
    for environment in _asked(story):
        decision = _ask(version, environment, pipeline)
        if decision.decision == "allow" and story == Story.DEPLOYED:
            strategy = STRATEGIES.get((model.slug, environment), Strategy.REAL_TIME)
            _deploy(version, decision, strategy, pipeline)
        if story == Story.FAIRNESS_FAILED:
            _deploy(version, decision, Strategy.CANARY, pipeline, share=0.05, note="Pilot in one branch")


def _deploy(
    version: ModelVersion,
    decision: GateDecision,
    strategy: Strategy,
    pipeline: Actor,
    *,
    share: float | None = None,
    note: str = "",
) -> None:
    """Reported as it happened, whatever the gate had said."""
    now = timezone.now()
    problem = problem_with(
        decision, decision_id=str(decision.pk), version=version, environment=decision.environment, at=now
    )
    record_deployment(
        version=version,
        environment=decision.environment,
        decision_id=str(decision.pk),
        strategy=strategy,
        traffic_share=share,
        problem=problem,
        note=note,
        actor=pipeline,
        at=now,
    )


def _asked(story: Story) -> list[str]:
    """The environments that the pipeline asked for."""
    if story in (Story.DRAFT, Story.RETIRED):
        return []
    if story == Story.DEPLOYED:
        return list(Environment.values)
    return [Environment.PRODUCTION.value]


def _submit(version: ModelVersion, cast: Cast) -> Review:
    dev, now = cast["dev"], timezone.now()
    return open_review(
        version=version,
        environment=Environment.PRODUCTION,
        note="",
        opener=dev.user,
        due_on=(now + timedelta(days=7)).date(),
        actor=dev.actor,
        at=now,
    )


def _sign_all(model: Model, story: Story, review: Review, cast: Cast) -> None:
    """Everyone whom the policy asks for signs; the first of them with a condition where the story has one."""
    judged = judge_version(review.version, review.environment, at=timezone.now())
    roles = [
        item.id.removeprefix("signoff.") for item in judged.verdict.requirements if item.kind == "signoff"
    ]
    for position, role in enumerate(roles):
        conditions = []
        decision = Decision.APPROVE
        if story == Story.APPROVED_WITH_CONDITIONS and position == 0:
            text = model.notes.get("condition") or "Report the error rate after the first month in use."
            conditions = [(text, (timezone.now() + timedelta(days=21)).date())]
            decision = Decision.APPROVE_WITH_CONDITIONS
        _sign(review, role, decision, RATIONALES[role], conditions, cast)


def _sign(
    review: Review,
    role: str,
    decision: Decision,
    rationale: str,
    conditions: list[tuple[str, date]],
    cast: Cast,
) -> None:
    signer, now = cast[SIGNERS[role]], timezone.now()
    judged = judge_version(review.version, review.environment, at=now)
    sign_off(
        review=review,
        role=Role(role),
        decision=decision,
        rationale=rationale,
        conditions=conditions,
        seen_digest=judged.digest,
        password=signer.password,
        signer=signer.user,
        actor=signer.actor,
        at=now,
    )


def _change_card(model: Model, described: Version, version: ModelVersion, cast: Cast) -> None:
    sections = dict(described.card)
    addition = model.notes.get("card_change") or "Not for cases that differ from the data described above."
    sections["caveats"] = f"{sections.get('caveats', '')}\n\n{addition}".strip()
    olga = cast["olga"]
    revise_card(
        version=version,
        sections=sections,
        author=olga.user,
        note="Limits stated more narrowly",
        expected_revision=1,
        actor=olga.actor,
        at=timezone.now(),
    )


def _ask(version: ModelVersion, environment: str, pipeline: Actor) -> GateDecision:
    context = (
        {"pipeline": "demo", "commit": version.code_commit} if version.code_commit else {"pipeline": "demo"}
    )
    return decide(
        version=version,
        environment=environment,
        context=context,
        dry_run=False,
        actor=pipeline,
        at=timezone.now(),
    )
