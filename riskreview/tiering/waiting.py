"""Why a tier waits for this person, in the words of their queue."""

from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User
from policy.words import listed
from riskreview.tiering.queries import TierRow


@dataclass(frozen=True)
class Waiting:
    """What the queue says about a tier."""

    title: str
    why: SafeString
    action: str


def waiting_for(user: User, row: TierRow, *, officer: bool, on_team: bool) -> Waiting | None:
    """What this person is to do about the tier; None where it waits for others or for nobody."""
    given = row.assessment
    if given is None:
        return None
    if on_team:
        return _for_the_team(row)
    if not officer or given.assessed_by_id == user.pk:
        return None
    return _for_an_officer(row)


def _for_the_team(row: TierRow) -> Waiting | None:
    title, given = f"Answer the tier questions of {row.model.name} again", row.assessment
    if given is None or not given.is_confirmed:
        return None
    if given.retier_to:
        why = "The questionnaire changed: these answers would give <b>{}</b> instead of {}."
        return Waiting(title, format_html(why, given.retier_to, given.tier), "Answer")
    if row.state == "overdue":
        return Waiting(title, format_html("<b>Its time is up.</b> {}", row.why), "Answer")
    return None


def _for_an_officer(row: TierRow) -> Waiting | None:
    given = row.assessment
    assert given is not None  # waiting_for
    name = row.model.name
    if not given.is_confirmed:
        why = "{}’s answers give <b>{}</b>. A risk officer confirms."
        told = format_html(why, given.assessed_by.name, given.computed_tier)
        return Waiting(f"Confirm the tier of {name}", told, "Confirm")
    if row.changes:
        why = "The use changed: {}. <b>The gate denies until the tier is confirmed again.</b>"
        told = format_html(why, listed(change.words for change in row.changes))
        return Waiting(f"Confirm the tier of {name} again", told, "Confirm")
    if row.state in ("overdue", "due") and row.due != given.retier_by:
        told = format_html("A tier of {} is looked at again. <b>You may confirm it.</b>", given.tier)
        return Waiting(f"Confirm the tier of {name} again", told, "Look")
    return None
