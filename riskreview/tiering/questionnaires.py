"""The questionnaire in force: versions are kept as they were written, for ever, and one of them is active."""

import logging
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from accounts.refusals import Unavailable
from policy.questionnaire import Questionnaire
from policy.questionnaire_file import DEFAULT, PackError, load_questionnaire, read_questionnaire
from riskreview.models import QuestionnaireVersion, TierAssessment

log = logging.getLogger(__name__)
NONE_ACTIVE = ("No questionnaire is in force.", "A risk officer activates a version under Tiers.")
AS_SHIPPED_BEFORE = "sha256:c5d6bb65cfdf82ffe9384a1efa0ded0671e4f5dd40c28501a9b4a6b473cb0032"
"""What ships, before each question had a help: the same questions, answers, weights and rules."""

RESTORE = "An administrator restores it from a backup; the trail says which digest it had."


@dataclass(frozen=True)
class InForce:
    """The questionnaire that is answered now; `row` is None while the one that ships was never answered or changed."""

    row: QuestionnaireVersion | None
    questions: Questionnaire


def in_force() -> InForce:
    """What is answered now. Raises Unavailable when the stored text is not what was activated."""
    row = QuestionnaireVersion.objects.filter(active=True).first()
    if row is None and QuestionnaireVersion.objects.exists():
        raise Unavailable(*NONE_ACTIVE)
    return InForce(row, questions_of(row) if row else load_questionnaire())


def for_reading() -> Questionnaire:
    """The one in force; what ships where that cannot be read. For labels and dates on pages, never for scores."""
    try:
        return in_force().questions
    except Unavailable as unavailable:
        log.error("%s %s", unavailable, unavailable.remedy)
        return load_questionnaire()


def questions_of(row: QuestionnaireVersion) -> Questionnaire:
    """The questionnaire that a row holds, read. Raises Unavailable when its text was changed behind our back."""
    try:
        found = _read(row.digest, row.source)
    except PackError as error:
        raise Unavailable(f"Version {row.version} of the questionnaire cannot be read.", RESTORE) from error
    if found.digest != row.digest:
        raise Unavailable(f"Version {row.version} of the questionnaire is not what was proposed.", RESTORE)
    return found


def questions_answered(assessment: TierAssessment) -> Questionnaire | None:
    """The very questionnaire that the answers belong to; None when it is not kept here or cannot be read."""
    digest = assessment.questionnaire_digest
    row = QuestionnaireVersion.objects.filter(digest=digest).first()
    if row is None:
        shipped = load_questionnaire()
        return shipped if digest in (shipped.digest, AS_SHIPPED_BEFORE) else None
    try:
        return questions_of(row)
    except Unavailable:
        return None


def kept_in_force(at: datetime) -> InForce:
    """The same, held until the transaction ends, so that no other comes into force meanwhile.

    The one that ships becomes a row by this, if there is none yet.
    """
    if not QuestionnaireVersion.objects.exists():
        shipped = load_questionnaire()
        QuestionnaireVersion.objects.get_or_create(
            version=shipped.version,
            defaults={
                "digest": shipped.digest,
                "source": DEFAULT.read_text(encoding="utf-8"),
                "note": "As it ships.",
                "made_at": at,
                "active": True,
                "activated_at": at,
            },
        )
    active = QuestionnaireVersion.objects.select_for_update().filter(active=True)
    row = (
        active.first() or active.first()
    )  # a second look, where the first waited for another to come into force
    if row is None:
        raise Unavailable(*NONE_ACTIVE)
    return InForce(row, questions_of(row))


@lru_cache(maxsize=64)
def _read(digest: str, source: str) -> Questionnaire:
    """Reading takes milliseconds, so each text is read once in a process. Another text is another key."""
    return read_questionnaire(source, source=digest)
