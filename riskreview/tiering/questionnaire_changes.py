"""Changing the questionnaire: one person proposes a version, another one lets it come into force."""

from collections import defaultdict
from datetime import date, datetime, timedelta

from django.db import transaction
from django.urls import reverse

from accounts.access import require_role
from accounts.models import Role, User
from accounts.notices import notify
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.actions import record
from audit.actor import Actor
from audit.rows import wrote_values
from audit.verbs import Verb
from policy.questionnaire import Questionnaire, Tier
from policy.questionnaire_file import PackError, read_questionnaire
from riskreview.models import QuestionnaireVersion, TierAssessment
from riskreview.tiering.questionnaires import kept_in_force, questions_of
from riskreview.tiering.retiering import Move, Preview, preview_of

SHORTEST_NOTE = 10
LONGEST_NOTE = 2000
TIME_TO_RETIER = timedelta(days=30)
SOURCE = "questionnaire.yaml"


def next_version() -> int:
    """The number that the next version takes."""
    newest = QuestionnaireVersion.objects.order_by("-version").values_list("version", flat=True).first()
    return (newest or 1) + 1


def checked_text(text: str) -> Questionnaire:
    """The questionnaire that a text describes, with a number that is free. Raises PackError naming the line."""
    found = read_questionnaire(text, source=SOURCE)
    if found.version != next_version():
        line = next((n for n, words in enumerate(text.splitlines(), 1) if words.startswith("version:")), 1)
        raise PackError(
            SOURCE, line, f"Version {found.version} is not the next one.", f"Write version: {next_version()}."
        )
    return found


@transaction.atomic
def propose_questionnaire(
    *, text: str, note: str, proposer: User, actor: Actor, at: datetime
) -> QuestionnaireVersion:
    """Keep another version of the questionnaire. It changes nothing until a risk officer activates it."""
    require_role(proposer, Role.ADMINISTRATOR, to="change the questionnaire")
    active = kept_in_force(at)
    try:
        found = checked_text(text)
    except PackError as error:
        raise Invalid(str(error), field="source") from error
    if _same(found, active.questions):
        raise Conflict("Nothing differs from the version in force.", "Change a question or a rule first.")
    note = note.strip()
    if not SHORTEST_NOTE <= len(note) <= LONGEST_NOTE:
        raise Invalid(
            "Say why it changes; the note stands beside the version for ever.",
            f"Write {SHORTEST_NOTE} to {LONGEST_NOTE:,} characters.",
            field="note",
        )
    row = QuestionnaireVersion.objects.create(
        version=found.version,
        digest=found.digest,
        source=text,
        note=note,
        made_by=proposer,
        made_at=at,
    )
    detail = {"digest": row.digest, "note": note}
    record(Verb.QUESTIONNAIRE_PROPOSED, subject=row.ref, actor=actor, at=at, detail=detail)
    officers = User.objects.filter(is_active=True, grants__role=Role.RISK_OFFICER).exclude(pk=proposer.pk)
    notify(
        officers,
        kind="questionnaire.proposed",
        text=f"{proposer.name} proposes version {row.version} of the tier questionnaire. You may activate it.",
        url=reverse("riskreview:questionnaire_version", args=[row.version]),
        key=f"questionnaire:{row.version}",
        at=at,
    )
    return row


@transaction.atomic
def activate_questionnaire(
    *, row: QuestionnaireVersion, officer: User, actor: Actor, at: datetime
) -> Preview:
    """Let a version be answered from now on. Confirmed tiers stay; models that would change are told and dated."""
    refuse_unless_activator(officer, row)
    kept_in_force(at)
    rows = {item.pk: item for item in QuestionnaireVersion.objects.select_for_update().order_by("pk")}
    chosen = rows[row.pk]
    if chosen.active:
        raise Conflict(f"Version {chosen.version} is in force already.", "There is nothing to activate.")
    found = preview_of(questions_of(chosen))
    before = [item.version for item in rows.values() if item.active]
    QuestionnaireVersion.objects.filter(active=True).update(active=False)
    wrote_values(QuestionnaireVersion, [pk for pk, item in rows.items() if item.active], {"active": False})
    chosen.active, chosen.activated_by, chosen.activated_at = True, officer, at
    chosen.save(update_fields=["active", "activated_by", "activated_at"])
    by = at.date() + TIME_TO_RETIER
    _mark(found, by)
    detail = {
        "digest": chosen.digest,
        "replaces": before,
        "models": found.models,
        "up": [move.model.slug for move in found.up],
        "down": [move.model.slug for move in found.down],
        "deployments": found.deployments,
        "answer_by": by.isoformat(),
    }
    record(Verb.QUESTIONNAIRE_ACTIVATED, subject=chosen.ref, actor=actor, at=at, detail=detail)
    for move in found.moves:
        _tell(move, chosen, by, at)
    return found


def reason_against_activating(user: User, row: QuestionnaireVersion) -> str:
    """Why this person may not let the version come into force; empty when they may."""
    if not user.holds(Role.RISK_OFFICER):
        return "A risk officer activates a version of the questionnaire."
    if row.made_by_id == user.pk:
        return "You proposed this version, so somebody else activates it."
    return ""


def refuse_unless_activator(user: User, row: QuestionnaireVersion) -> None:
    """A risk officer who did not propose the version."""
    require_role(user, Role.RISK_OFFICER, to="activate a version of the questionnaire")
    if reason := reason_against_activating(user, row):
        raise NotAllowed(reason, "Another risk officer can activate it.")


def _same(one: Questionnaire, other: Questionnaire) -> bool:
    """Whether they ask and judge alike; the number, the name and notes about the method are not part of that."""
    parts = ("questions", "flags", "overrides", "bands", "matrix", "months")
    return all(getattr(one, name) == getattr(other, name) for name in parts)


def _mark(found: Preview, by: date) -> None:
    """Write on the answers that count which tier they would get; what an earlier version marked is over."""
    marked = TierAssessment.objects.exclude(retier_to="")
    wrote_values(TierAssessment, marked.values_list("pk", flat=True), {"retier_to": "", "retier_by": None})
    marked.update(retier_to="", retier_by=None)
    moved: dict[Tier, list[int]] = defaultdict(list)
    for move in found.moves:
        moved[move.now].append(move.assessment.pk)
    for tier, pks in moved.items():
        for start in range(0, len(pks), 500):
            chosen, now = pks[start : start + 500], {"retier_to": tier.value, "retier_by": by}
            TierAssessment.objects.filter(pk__in=chosen).update(**now)
            wrote_values(TierAssessment, chosen, now)


def _tell(move: Move, row: QuestionnaireVersion, by: date, at: datetime) -> None:
    """The owner and the developers answer anew."""
    notify(
        [move.model.owner, *move.model.developers.all()],
        kind="tier.redo",
        text=(
            f"{move.model.name}: the questionnaire changed, and your answers would give {move.now} instead of "
            f"{move.was}. Answer it again by {by:%d %b %Y}."
        ),
        url=reverse("riskreview:tier", args=[move.model.slug]),
        key=f"tier.redo:{move.assessment.pk}:{row.version}:{row.activated_at:%Y%m%d%H%M%S}",
        at=at,
    )
