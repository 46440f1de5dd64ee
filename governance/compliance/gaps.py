"""What a control lacks, as a task: given to somebody with a date, handed on, closed with what was done."""

from datetime import date, datetime

from django.db import transaction
from django.urls import reverse
from django.utils.html import format_html

from accounts.access import require_role
from accounts.models import Role, User
from accounts.notices import notify
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from governance.compliance.concluding import subject_of
from governance.compliance.library import every
from governance.compliance.models import Gap
from governance.compliance.rules import ASSIGNERS
from registry.models import RegisteredModel
from riskreview.findings.steps import said
from riskreview.queue_items import OTHER, OVERDUE, QueueItem

MOST_LISTED = 50


@transaction.atomic
def open_gap(
    *,
    framework: str,
    control: str,
    model: RegisteredModel | None,
    owner: User,
    due_on: date,
    lacks: str,
    user: User,
    actor: Actor,
    at: datetime,
) -> Gap:
    """Give what a control lacks to somebody. Where somebody has it already, it is handed on with the new date."""
    require_role(user, *ASSIGNERS, to="assign a gap")
    title = _title_of(framework, control, model)
    _refuse_bad_task(owner, due_on, at)
    words = said(lacks, "lacks")
    rows = Gap.objects.select_for_update(of=("self",)).filter(closed_at=None, model=model)
    held = rows.filter(framework=framework, control=control).first()
    if held is not None:
        held.owner, held.due_on, held.lacks = owner, due_on, words
        held.save(update_fields=["owner", "due_on", "lacks"])
    made = held or Gap.objects.create(
        framework=framework,
        control=control,
        model=model,
        title=title,
        lacks=words,
        owner=owner,
        due_on=due_on,
        opened_by=user,
        opened_at=at,
    )
    event = _tell(Verb.GAP_REASSIGNED if held else Verb.GAP_OPENED, made, actor=actor, at=at)
    notify(
        [owner],
        kind="gap.assigned",
        text=f"{user.name} gave you a gap: {made.title}",
        url=gap_href(made),
        key=f"gap:{event}",
        at=at,
    )
    return made


def _title_of(framework: str, control: str, model: RegisteredModel | None) -> str:
    known = every().get(framework)
    found = known.by_id.get(control) if known else None
    if found is None or found.level != ("organisation" if model is None else "model"):
        raise Invalid("There is no such control here.", "Choose one of the list.", field="control")
    return found.title


def _refuse_bad_task(owner: User, due_on: date, at: datetime) -> None:
    if due_on < at.date():
        raise Invalid("The due date lies in the past.", "Choose a later date.", field="due_on")
    if not owner.is_active or not owner.roles - {Role.AUDITOR.value}:
        raise Invalid(
            f"{owner.name} cannot close a gap.",
            "Choose somebody active who does more than read.",
            field="owner",
        )


@transaction.atomic
def close_gap(*, gap: Gap, note: str, user: User, actor: Actor, at: datetime) -> Gap:
    """Say what was done. Whether the control is met is concluded apart."""
    held = Gap.objects.select_for_update(of=("self",)).select_related("owner", "model").get(pk=gap.pk)
    if held.owner_id != user.pk and not user.holds(*ASSIGNERS):
        raise NotAllowed(f"{held.owner.name} closes this gap, or an officer.", "Ask one of them.")
    if held.closed_at is not None:
        raise Conflict("It is closed already.", "Nothing was changed.")
    held.closed_note, held.closed_by, held.closed_at = said(note, "note"), user, at
    held.save(update_fields=["closed_note", "closed_by", "closed_at"])
    _tell(Verb.GAP_CLOSED, held, actor=actor, at=at)
    return held


def gap_href(gap: Gap) -> str:
    """The page of its control."""
    if gap.model is None:
        return reverse("compliance:programme_control", args=[gap.framework, gap.control])
    return reverse("compliance:model_control", args=[gap.model.slug, gap.framework, gap.control])


def gaps_waiting(user: User, at: datetime) -> list[QueueItem]:
    """Gaps that the person owns, for My work."""
    rows = Gap.objects.filter(owner=user, closed_at=None).select_related("model", "opened_by")
    return [
        QueueItem(
            kind="gap",
            shape="no" if row.is_overdue(at.date()) else "todo",
            title=str(row),
            href=gap_href(row),
            why=format_html(
                "{}, {}: {}. <b>You own it.</b>",
                row.model.name if row.model else "The organisation",
                row.framework,
                row.lacks.rstrip(". "),
            ),
            action="Open the control",
            due=row.due_on,
            urgency=OVERDUE if row.is_overdue(at.date()) else OTHER,
        )
        for row in rows[:MOST_LISTED]
    ]


def _tell(verb: Verb, gap: Gap, *, actor: Actor, at: datetime) -> str:
    detail = {
        "gap": gap.pk,
        "title": gap.title,
        "lacks": gap.lacks,
        "owner": gap.owner.ref,
        "due_on": gap.due_on.isoformat(),
        "note": gap.closed_note or None,
    }
    subject = subject_of(gap.framework, gap.control, gap.model)
    return str(record(verb, subject=subject, actor=actor, at=at, detail=detail).pk)
