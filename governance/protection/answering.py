"""Answering GitHub: each question by one worker at a time, again with longer pauses, and never yes by default.

A decision is made only once GitHub gave a token, and said at once; each attempt decides anew. So what GitHub hears is
true when it hears it, and while GitHub cannot be reached its job waits.
"""

from datetime import datetime, timedelta
from time import monotonic
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from audit.actions import record
from audit.verbs import Verb
from governance.gate.models import GateDecision
from governance.pipelines.actions import turn_away
from governance.protection.actions import decide_for, give_up
from governance.protection.app import GitHubApp
from governance.protection.asked import Asked
from governance.protection.github import NotWaiting, Session, opened
from governance.protection.meaning import Unclear, actor_of, claims_of, meant_by
from governance.protection.models import Attempt, Question, QuestionState
from governance.siem.posting import Undelivered

APPROVED, REJECTED = "approved", "rejected"
LEASE = timedelta(minutes=2)  # longer than any attempt can take
WAITS = (
    *(timedelta(seconds=seconds) for seconds in (5, 20, 60)),
    *(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240)),
)
KEPT = timedelta(days=60)
"""Longer than the 30 days that GitHub waits, so that an old message never counts as new."""
LONGEST_COMMENT = 1000
REASONS_SHOWN = 5


def due(at: datetime) -> QuerySet[Question]:
    """Questions to be answered now, the oldest first."""
    free = Q(leased_until=None) | Q(leased_until__lt=at)
    return Question.objects.filter(free, state=QuestionState.WAITING, try_at__lte=at).order_by("try_at")


def answer_next(at: datetime) -> bool:
    """Try to answer one question; whether there was one."""
    for pk in due(at).values_list("pk", flat=True)[:20]:
        lease = uuid4()
        if due(at).order_by().filter(pk=pk).update(lease=lease, leased_until=at + LEASE):
            _answer(Question.objects.get(pk=pk), at)
            return True
    return False


def forget_old(at: datetime) -> int:
    """Remove questions that are settled for long; what was decided and answered stays on the record. How many."""
    gone, _ = Question.objects.filter(created_at__lt=at - KEPT).exclude(state=QuestionState.WAITING).delete()
    return gone


def _answer(question: Question, at: datetime) -> None:
    began, problem, final, answer = monotonic(), "", False, ""
    try:
        answer = _said(question, at)
    except Undelivered as failed:
        problem = str(failed)
    except NotWaiting as over:
        problem, final = str(over), True
    Attempt.objects.create(
        question=question,
        at=at,
        milliseconds=int((monotonic() - began) * 1000),
        answer=answer,
        problem=problem[:300],
    )
    if problem and (final or question.tries >= len(WAITS)):
        give_up(question=question, problem=problem, at=at)
    elif problem:
        wait = WAITS[question.tries]
        held = Question.objects.filter(pk=question.pk, lease=question.lease)
        held.update(tries=question.tries + 1, try_at=at + wait, leased_until=None)


def _said(question: Question, at: datetime) -> str:
    """What GitHub was told and took. Raises Undelivered, NotWaiting."""
    app, asked = settings.GITHUB_APP, Asked(**question.asked)
    if app is None:
        raise Undelivered("No GitHub App is set up here any more.")
    session = opened(app, asked, at=at)
    decision, reason = None, ""
    try:
        decision = _decided(question, asked, app, session, at)
    except Unclear as unclear:
        reason = str(unclear)
        _note_unclear(unclear, asked, question, at)
    allowed = decision is not None and decision.decision == "allow" and not decision.dry_run
    answer = APPROVED if allowed else REJECTED
    comment = _comment(decision) if decision is not None else f"Countersign cannot judge this run. {reason}"
    session.review(answer, comment[:LONGEST_COMMENT])
    _settle(question, asked, answer, comment, decision, at)
    return answer


def _decided(
    question: Question, asked: Asked, app: GitHubApp, session: Session, at: datetime
) -> GateDecision:
    meant = meant_by(asked, app, session.only_protected_branches)
    return decide_for(meant, asked, delivery_id=question.delivery_id, at=at)


def _note_unclear(unclear: Unclear, asked: Asked, question: Question, at: datetime) -> None:
    """On the record where a rule knows the repository: others could fill it."""
    if unclear.rule is not None:
        actor = actor_of(asked, question.delivery_id)
        turn_away(rule=unclear.rule, reason=str(unclear), claims=claims_of(asked), actor=actor, at=at)


@transaction.atomic
def _settle(
    question: Question, asked: Asked, answer: str, comment: str, decision: GateDecision | None, at: datetime
) -> None:
    Question.objects.filter(pk=question.pk).update(
        state=QuestionState.ANSWERED,
        answer=answer,
        comment=comment,
        decision=decision,
        answered_at=at,
        leased_until=None,
        tries=question.tries + 1,
    )
    if decision is not None:
        detail = {"answer": answer, "decision": str(decision.pk), "run": asked.run_id}
        record(
            Verb.PIPELINE_ANSWERED,
            subject=decision.ref,
            actor=actor_of(asked, question.delivery_id),
            at=at,
            detail=detail | {"repository": asked.repository, "github_environment": asked.environment},
        )


def _comment(decision: GateDecision) -> str:
    """The answer in words, with what is missing and the page that says who does it."""
    version = decision.version
    lines = [
        f"Countersign: {decision.decision} for {version.model.slug} {version.version} "
        f"in {decision.environment}. {decision.summary}"
    ]
    unmet = decision.unmet if decision.decision != "allow" else []
    lines += [f"- {item['title']}: {item['reason']}"[:150] for item in unmet[:REASONS_SHOWN]]
    if len(unmet) > REASONS_SHOWN:
        lines.append(f"- and {len(unmet) - REASONS_SHOWN} more")
    room = LONGEST_COMMENT - len(decision.page_url) - 1
    return "\n".join(lines)[:room].replace("\r", " ") + f"\n{decision.page_url}"
