"""Telling people of dates: reviews, conditions, sign-offs. Each notice has a key, so a round may run at any time.

A round that was missed is made up for by the next: who was not told 30 days ahead is told what is left.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.urls import reverse

from accounts.models import Role, User
from accounts.notices import notify
from policy.words import counted, day
from registry.models import Lifecycle
from registry.sight import who_see
from riskreview.evidence import VERSION_RELATIONS
from riskreview.judgement import Judged
from riskreview.models import Condition, Review, ReviewAssignment, ReviewKind, SignOff
from riskreview.reviews.asking import address_of
from riskreview.reviews.eligibility import APPROVALS, reasons_why_not
from riskreview.reviews.queries.reviews import judged_reviews, missing_roles

BEFORE_DUE = timedelta(days=3)
ESCALATED_AFTER = timedelta(days=7)
EXPIRY_DAYS = (1, 7, 30)
CONDITION_DAYS = (1, 7)
BATCH = 200


def remind(at: datetime) -> None:
    """Everything below, in one round."""
    remind_reviews(at)
    remind_conditions(at)
    announce_expiries(at)


def remind_reviews(at: datetime) -> None:
    """Three days before the date, on it, then each day; risk officers hear of it once it is a week late."""
    due = Review.objects.filter(closed_at=None, due_on__lte=(at + BEFORE_DUE).date()).filter(
        Q(approved_at=None) | Q(approved_at__lt=F("asked_at"))
    )
    related = [f"version__{name}" for name in VERSION_RELATIONS]
    rows = list(
        due.exclude(version__model__lifecycle=Lifecycle.RETIRED)
        .select_related("opened_by", *related)
        .order_by("due_on", "pk")
    )
    for start in range(0, len(rows), BATCH):
        _remind(rows[start : start + BATCH], at)


def _remind(rows: Sequence[Review], at: datetime) -> None:
    given = ReviewAssignment.objects.filter(review__in=rows, ended_at=None).select_related("person")
    assigned: dict[tuple[int, str], list[User]] = {}
    for row in given:
        assigned.setdefault((row.review_id, row.role), []).append(row.person)
    people = {user.username: user for user in User.objects.filter(is_active=True, grants__isnull=False)}
    officers = list(User.objects.filter(is_active=True, grants__role=Role.RISK_OFFICER))
    for review, judged in judged_reviews(rows, at=at):
        missing = missing_roles(judged, review)
        wanted = [
            person
            for role in missing
            for person in assigned.get((review.pk, role)) or _eligible(judged, role, people, at)
        ]
        if missing:
            _tell_of_review(review, wanted, officers, at)


def _eligible(judged: Judged, role: str, people: dict[str, User], at: datetime) -> list[User]:
    """Where nobody is assigned, everybody who could sign."""
    return [
        people[person.username]
        for person in judged.evidence.holders.get(role, ())
        if person.username in people and not reasons_why_not(judged, person.username, role, at=at)
    ]


def _tell_of_review(review: Review, wanted: Iterable[User], officers: Iterable[User], at: datetime) -> None:
    today, late = at.date(), at.date() - review.due_on
    if late > timedelta(0):
        step, words = f"late:{today.isoformat()}", f"is {counted(late.days, 'day')} overdue"
    elif late == timedelta(0):
        step, words = "today", "is due today"
    else:
        step, words = "soon", f"is due on {day(review.due_on, at)}"
    subject = f"The review of {review.version} for {review.environment}"
    key = f"review.due:{review.pk}:{review.due_on.isoformat()}"
    notify(
        who_see(wanted, review.version.model),
        kind="review.due",
        text=f"{subject} {words}.",
        url=address_of(review),
        key=f"{key}:{step}",
        at=at,
    )
    if late >= ESCALATED_AFTER:
        notify(
            officers,
            kind="review.escalated",
            text=f"{subject} {words}. It is yours to move on.",
            url=address_of(review),
            key=f"{key}:escalated",
            at=at,
        )


def remind_conditions(at: datetime) -> None:
    """A week and a day ahead to whoever owes it; once it is missed, to them and to the signer."""
    rows = Condition.objects.filter(
        met_at=None, signoff__withdrawn_at=None, due_on__lte=at.date() + timedelta(days=max(CONDITION_DAYS))
    ).exclude(signoff__review__version__model__lifecycle=Lifecycle.RETIRED)
    related = ("signoff__signer", "signoff__review__version__model__owner")
    for row in rows.select_related("owner", *related):
        left = (row.due_on - at.date()).days
        people = [row.answers_for_it]
        if left < 0:
            step, words = "missed", f"was due on {day(row.due_on, at)}: the approval no longer counts"
            people.append(row.signoff.signer)
        else:
            step = str(_step(left, CONDITION_DAYS))
            words = f"is due on {day(row.due_on, at)}"
        notify(
            people,
            kind="condition.due",
            text=f"The condition on {row.signoff.review.version} {words}: {row.text}",
            url=reverse("riskreview:obligations"),
            key=f"condition.due:{row.pk}:{row.due_on.isoformat()}:{step}",
            at=at,
        )


def announce_expiries(at: datetime) -> None:
    """An approval that ends is announced 30, 7 and 1 days ahead, to its signer and to the model's owner."""
    rows = SignOff.objects.filter(
        withdrawn_at=None,
        decision__in=APPROVALS,
        expires_at__gt=at,
        expires_at__lte=at + timedelta(days=max(EXPIRY_DAYS)),
    ).exclude(review__kind=ReviewKind.RETIREMENT)
    rows = rows.exclude(review__version__model__lifecycle=Lifecycle.RETIRED)
    for row in rows.select_related("signer", "review__version__model__owner").order_by("pk"):
        if row.expires_at is not None and not _replaced(row):
            _tell_of_expiry(row, row.expires_at, at)


def _replaced(row: SignOff) -> bool:
    """Whether the same person decided again in this role."""
    later = SignOff.objects.filter(
        pk__gt=row.pk,
        signer=row.signer_id,
        acting_for=row.acting_for_id,
        role=row.role,
        withdrawn_at=None,
        review__version=row.review.version_id,
        review__environment=row.review.environment,
    )
    return later.exists()


def _tell_of_expiry(row: SignOff, until: datetime, at: datetime) -> None:
    left = max(0, (until - at).days)
    step, version = _step(left, EXPIRY_DAYS), row.review.version
    text = f"{version} for {row.review.environment}, {row.role_label.lower()}: ends on {day(until, at)}."
    told = (
        ([row.signer], f"Your sign-off of {text}", reverse("riskreview:renewals")),
        ([version.model.owner], f"The sign-off of {text}", address_of(row.review)),
    )
    for people, words, url in told:
        key = f"signoff.expires:{row.pk}:{step}"
        notify(people, kind="signoff.expires", text=words, url=url, key=key, at=at)


def _step(left: int, steps: tuple[int, ...]) -> int:
    """The notice that so many days ask for: the nearest one that is not yet past."""
    return next((step for step in steps if left <= step), steps[-1])
