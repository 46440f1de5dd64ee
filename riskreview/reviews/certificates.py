"""Signatures as they stand now: which count, which are stale, expired, replaced, withdrawn or a veto."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from accounts.models import User
from policy.evidence import changed
from policy.independence import newest_decisions
from policy.words import a_role, component, listed
from registry.models import ModelVersion
from riskreview.judgement import Judged, judge_many, judge_retirement
from riskreview.models import Condition, Decision, Review, ReviewKind, SignOff
from riskreview.reviews.eligibility import asked_of, reasons_why_not, roles_of
from riskreview.reviews.withdrawing import reason_against_withdrawing

RELATED = ("signer", "acting_for", "withdrawn_by")


@dataclass(frozen=True)
class Certificate:
    """One signature and whether it counts."""

    row: SignOff
    shape: str
    word: str
    note: str
    conditions: Sequence[Condition]
    today: date
    may_withdraw: bool = False

    @property
    def counts(self) -> bool:
        """Whether the gate takes it for an approval now."""
        return self.shape == "ok"


@dataclass(frozen=True)
class Certified:
    """A review with its signatures."""

    review: Review
    judged: Judged
    certificates: list[Certificate] = field(default_factory=list)


def certificates_of(version: ModelVersion, reader: User, *, at: datetime) -> list[Certified]:
    """Every signature on a version, by environment, in a fixed number of queries."""
    reviews = list(version.reviews.select_related("opened_by", "closed_by").order_by("-environment", "-pk"))
    rows = (
        SignOff.objects.filter(review__version=version)
        .select_related(*RELATED)
        .prefetch_related("conditions__met_by", "conditions__owner", "conditions__verified_by")
        .order_by("-pk")
    )
    by_review: dict[int, list[SignOff]] = {}
    known = {review.pk: review for review in reviews}
    for review in reviews:
        review.version = version
    for row in rows:
        row.review = known[row.review_id]
        by_review.setdefault(row.review_id, []).append(row)
    judged = judge_many([version], [review.environment for review in reviews], at=at) if reviews else {}
    found = []
    for review in reviews:
        mine = judged[version.pk, review.environment]
        if review.kind == ReviewKind.RETIREMENT:
            mine = judge_retirement(review, mine, at=at)
        found.append(Certified(review, mine, certificates(by_review.get(review.pk, []), mine, reader, at=at)))
    return found


def certificates(rows: Sequence[SignOff], judged: Judged, reader: User, *, at: datetime) -> list[Certificate]:
    """Newest first, as `rows` are. In one person's name and role only the newest word counts."""
    spoken = _spoken_later(rows, judged)
    found = []
    for row in rows:
        key = (row.role, row.acting_for_id or row.signer_id)
        shape, word, note = _standing(row, judged, at, replaced=key in spoken)
        if row.withdrawn_at is None:
            spoken.add(key)
        found.append(
            Certificate(
                row,
                shape,
                word,
                note,
                list(row.conditions.all()),
                at.date(),
                _may_withdraw(row, judged, reader),
            )
        )
    return found


def _spoken_later(rows: Sequence[SignOff], judged: Judged) -> set[tuple[str, int]]:
    """Whose word in a later review of the same version and environment replaces what they say in these rows."""
    shown = {row.pk for row in rows}
    newest = {fact.id: fact for fact in newest_decisions(judged.evidence.signoffs)}
    standing_in = {(fact.role, fact.voice) for pk, fact in newest.items() if pk not in shown}
    return {
        (row.role, row.acting_for_id or row.signer_id)
        for row in rows
        if (row.role, (row.acting_for or row.signer).username) in standing_in
    }


def _may_withdraw(row: SignOff, judged: Judged, reader: User) -> bool:
    """The same rule as the action's, on evidence that is loaded already."""
    return row.withdrawn_at is None and not reason_against_withdrawing(row, reader, judged.evidence)


def _standing(row: SignOff, judged: Judged, at: datetime, *, replaced: bool) -> tuple[str, str, str]:
    """Shape, word and the sentence that explains it."""
    if row.withdrawn_at is not None:
        by = row.withdrawn_by.name if row.withdrawn_by else "its signer"
        return "na", "Withdrawn", f"By {by}: {row.withdrawn_reason}"
    if row.decision == Decision.REJECT:
        return "no", "Veto", f"Stands, whatever changes, until {a_role(row.role)} withdraws it."
    if replaced:
        return "na", "Replaced", "The same person decided again later."
    if row.decision == Decision.REQUEST_CHANGES:
        return "no", "Asks for changes", "Nothing runs until this person signs again."
    if doubts := _doubts(row, judged, at):
        return "no", "Does not count", doubts
    if row.expires_at is not None and row.expires_at <= at:
        return "stale", "Expired", "Its time has run out."
    if moved := _moved(row, judged):
        return "stale", "Stale", f"Since then the {listed(component(name) for name in moved)} changed."
    late = [item for item in row.conditions.all() if item.met_at is None and item.due_on < at.date()]
    if late:
        return "no", "Does not count", "A condition missed its date."
    return "ok", "Counts", ""


def _doubts(row: SignOff, judged: Judged, at: datetime) -> str:
    """Whether the signer would still be allowed to sign."""
    bearer = row.acting_for or row.signer
    if row.role not in roles_of(judged.evidence, bearer.username):
        return f"{bearer.name} no longer holds this role."
    reasons = reasons_why_not(judged, row.signer.username, row.role, at=at, acting_for=row.acting_for)
    if row.signer.username in judged.evidence.recused:
        return f"{row.signer.name} is recused."
    return f"{row.signer.name} is no longer independent." if reasons else ""


def _moved(row: SignOff, judged: Judged) -> list[str]:
    asked = asked_of(judged, row.role)
    survives = asked.survives if asked is not None else ()
    return [name for name in changed(row.components, judged.components) if name not in survives]
