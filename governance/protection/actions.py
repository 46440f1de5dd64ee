"""Guards made and taken away; GitHub's questions taken, decided on, answered, given up and asked again."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.models import Role, User
from accounts.notices import notify
from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from governance.gate.actions import decide_on_locked, locked_versions
from governance.gate.models import GateDecision
from governance.pipelines.actions import touch_rule
from governance.pipelines.kinds import GITHUB
from governance.pipelines.models import TrustRule
from governance.protection.asked import Asked
from governance.protection.meaning import Meant, Unclear, actor_of, claims_of
from governance.protection.models import Guard, Question, QuestionState
from registry.models import RegisteredModel

BY_ITSELF = Actor.system("github")


@dataclass(frozen=True)
class GuardTerms:
    """An environment on GitHub, and what deploys there."""

    github_environment: str
    model: str
    environment: str
    tag_prefix: str = ""


@transaction.atomic
def add_guard(*, rule: TrustRule, terms: GuardTerms, maker: User, actor: Actor, at: datetime) -> Guard:
    """Answer GitHub when it asks about this environment of the rule's repository."""
    held = TrustRule.objects.select_for_update().get(pk=rule.pk)
    _refuse_rule(held)
    name, prefix = terms.github_environment.strip(), terms.tag_prefix.strip()
    for field, value, most in (("github_environment", name, 120), ("tag_prefix", prefix, 100)):
        if len(value) > most or not value.isprintable():
            raise Invalid(f"At most {most} characters, all of them visible.", field=field)
    if not name:
        raise Invalid("Name the environment as GitHub calls it.", field="github_environment")
    if held.ci_environment and held.ci_environment.casefold() != name.casefold():
        raise Invalid(
            f"The rule is for GitHub's environment {held.ci_environment} only.", field="github_environment"
        )
    if not held.covers(model=terms.model, environment=terms.environment):
        raise Invalid(
            f"The rule lets nobody ask about {terms.model[:60]} in {terms.environment[:20]}.",
            "Choose a model and an environment of the rule.",
            field="model",
        )
    same = Guard.objects.filter(
        off_at=None,
        github_environment__iexact=name,
        rule__off_at=None,
        rule__repository_id=held.repository_id,
    )
    if same.filter(rule__issuer=held.issuer).exists():
        raise Conflict(f"Somebody said already what deploys to {name}.", "Take that away first.")
    made = Guard.objects.create(
        rule=held,
        github_environment=name,
        model=RegisteredModel.objects.get(slug=terms.model),
        environment=terms.environment,
        tag_prefix=prefix,
        created_by=maker,
        created_at=at,
    )
    record(Verb.PIPELINE_GUARDED, subject=held.ref, actor=actor, at=at, detail=_detail(made))
    return made


@transaction.atomic
def take_guard_away(*, guard: Guard, actor: Actor, at: datetime) -> Guard:
    """From now on GitHub's questions about this environment are rejected. One that is gone stays gone."""
    held = Guard.objects.select_for_update(of=("self",)).select_related("rule", "model").get(pk=guard.pk)
    if held.off_at is None:
        held.off_at = at
        held.save(update_fields=["off_at"])
        record(Verb.PIPELINE_UNGUARDED, subject=held.rule.ref, actor=actor, at=at, detail=_detail(held))
    return held


def take_question(*, delivery_id: str, body: bytes, asked: Asked, at: datetime) -> tuple[Question, bool]:
    """Keep a question, and whether it is new. The same body or the same delivery is the same question."""
    digest = hashlib.sha256(body).hexdigest()
    try:
        with transaction.atomic():
            made = Question.objects.create(
                delivery_id=delivery_id,
                body_sha256=digest,
                asked=asked.document(),
                try_at=at,
                created_at=at,
            )
    except IntegrityError:
        known = Question.objects.filter(body_sha256=digest).first()
        if known is None:
            raise Conflict(
                "This delivery came before with another message.", "GitHub never does that."
            ) from None
        return known, False
    return made, True


@transaction.atomic
def decide_for(meant: Meant, asked: Asked, *, delivery_id: str, at: datetime) -> GateDecision:
    """Ask the gate, as a pipeline would. Raises Unclear where the rule ended meanwhile."""
    rule = TrustRule.objects.select_for_update().get(pk=meant.guard.rule_id)
    guard = Guard.objects.select_for_update(of=("self",)).select_related("model").get(pk=meant.guard.pk)
    slug = guard.model.slug
    if guard.off_at is not None or not rule.covers(model=slug, environment=guard.environment):
        raise Unclear(f"No rule lets this repository ask about {slug} in {guard.environment} any more.", rule)
    decision = decide_on_locked(
        locked_versions().get(pk=meant.version.pk),
        environment=guard.environment,
        context={"commit": asked.sha, "github_run": asked.run_id, "github_delivery": delivery_id},
        dry_run=False,
        actor=actor_of(asked, delivery_id),
        pipeline=claims_of(asked) | {"rule": rule.name},
    )
    touch_rule(rule=rule, at=at)
    return decision


@transaction.atomic
def give_up(*, question: Question, problem: str, at: datetime) -> None:
    """Stop trying: GitHub goes on waiting, and administrators hear of it."""
    Question.objects.filter(pk=question.pk).update(
        state=QuestionState.GIVEN_UP, leased_until=None, tries=question.tries + 1
    )
    asked = Asked(**question.asked)
    detail = {"reason": problem[:300], "repository": asked.repository, "environment": asked.environment}
    record(
        Verb.PIPELINE_UNANSWERED,
        subject=f"github:{question.delivery_id}",
        actor=BY_ITSELF,
        at=at,
        detail=detail | {"run": asked.run_id},
    )
    notify(
        User.objects.filter(grants__role=Role.ADMINISTRATOR, is_active=True),
        kind="pipeline.unanswered",
        text=f"GitHub waits for an answer about {asked.environment} of {asked.repository}: {problem[:200]}",
        url=f"/github/questions/{question.pk}/",
        key=f"github-unanswered:{question.pk}:{at.isoformat()}",
        at=at,
    )


@transaction.atomic
def answer_again(*, question: Question, actor: Actor, at: datetime) -> Question:
    """Try once more to answer, from the beginning: what is true now is what GitHub is told."""
    held = Question.objects.select_for_update(of=("self",)).get(pk=question.pk)
    if held.state == QuestionState.WAITING:
        raise Conflict("It is being answered already.", "Nothing was changed.")
    if held.state == QuestionState.ANSWERED:
        raise Conflict("GitHub has its answer.", "Start the job again on GitHub to ask anew.")
    held.state, held.tries, held.try_at = QuestionState.WAITING, 0, at
    held.save(update_fields=["state", "tries", "try_at"])
    record(Verb.PIPELINE_ANSWERED_AGAIN, subject=f"github:{held.delivery_id}", actor=actor, at=at)
    return held


def _refuse_rule(rule: TrustRule) -> None:
    if rule.off_at is not None:
        raise Conflict("The rule is switched off.", "Make another one.")
    if rule.system is not GITHUB:
        raise Invalid("Only GitHub asks before it deploys.", "GitLab's pipelines ask by themselves.")
    if rule.workflow:
        raise Invalid(
            "The rule is for one workflow, and GitHub does not say which one waits.",
            "Make a rule without a workflow for this.",
        )


def _detail(guard: Guard) -> dict[str, object]:
    return {
        "github_environment": guard.github_environment,
        "model": guard.model.slug,
        "environment": guard.environment,
        "tag_prefix": guard.tag_prefix,
    }
