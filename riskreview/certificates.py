"""Signatures as they stand now: which count, which are stale, expired, replaced, withdrawn or a veto."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from accounts.models import User
from policy.evidence import changed
from policy.words import a_role, component, listed
from registry.models import ModelVersion
from riskreview.actions.upkeep import reason_against_withdrawing
from riskreview.judgement import Judged, judge_many
from riskreview.models import Condition, Decision, Review, SignOff
from riskreview.signing import asked_of, reasons_why_not, roles_of


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
    reviews = list(version.reviews.select_related("opened_by").order_by("-environment"))
    rows = (
        SignOff.objects.filter(review__version=version)
        .select_related("signer", "withdrawn_by")
        .prefetch_related("conditions__met_by")
        .order_by("-pk")
    )
    by_review: dict[int, list[SignOff]] = {}
    for row in rows:
        by_review.setdefault(row.review_id, []).append(row)
    judged = judge_many([version], [review.environment for review in reviews], at=at) if reviews else {}
    found = []
    for review in reviews:
        mine = judged[version.pk, review.environment]
        found.append(Certified(review, mine, certificates(by_review.get(review.pk, []), mine, reader, at=at)))
    return found


def certificates(rows: Sequence[SignOff], judged: Judged, reader: User, *, at: datetime) -> list[Certificate]:
    """Newest first, as `rows` are. Of one person in one role only the newest word counts."""
    spoken: set[tuple[str, int]] = set()
    found = []
    for row in rows:
        key = (row.role, row.signer_id)
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
    if row.role not in roles_of(judged.evidence, row.signer.username):
        return f"{row.signer.name} no longer holds this role."
    reasons = reasons_why_not(judged, row.signer.username, row.role, at=at)
    return f"{row.signer.name} is no longer independent." if reasons else ""


def _moved(row: SignOff, judged: Judged) -> list[str]:
    asked = asked_of(judged, row.role)
    survives = asked.survives if asked is not None else ()
    return [name for name in changed(row.components, judged.components) if name not in survives]
