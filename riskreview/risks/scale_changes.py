"""Changing the scales that risks are rated on: a new version, seen with its effect before it is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.ground import move_ground
from accounts.models import User
from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from policy.evidence import canonical_digest
from policy.risk_scales import RiskScales, ScalesError, read_scales
from registry.actions.locking import locked_model
from riskreview.models import Risk, RiskScale, RiskState
from riskreview.risks.access import refuse_unless_keeper_of_scales
from riskreview.risks.held import reason_of
from riskreview.risks.scales import current_scales


@dataclass(frozen=True)
class LevelChange:
    """A risk whose level differs under other scales. Levels are empty where it is not rated."""

    risk: Risk
    inherent: tuple[str, str]
    residual: tuple[str, str]

    @property
    def inherent_moves(self) -> bool:
        """Whether the level before controls differs."""
        return self.inherent[0] != self.inherent[1]

    @property
    def residual_moves(self) -> bool:
        """Whether the level after controls differs."""
        return self.residual[0] != self.residual[1]


def level_changes(before: RiskScales, after: RiskScales) -> list[LevelChange]:
    """The open risks whose level would differ, by model and number."""
    rows = Risk.objects.exclude(state=RiskState.CLOSED).exclude(inherent_likelihood=None)
    found = []
    for risk in rows.select_related("model__owner", "owner").order_by("model__name", "pk"):
        change = LevelChange(
            risk,
            (before.level(risk.inherent), after.level(risk.inherent)),
            (before.level(risk.residual), after.level(risk.residual)),
        )
        if change.inherent_moves or change.residual_moves:
            found.append(change)
    return found


def read_given(content: Mapping[str, Any]) -> RiskScales:
    """The scales that somebody wrote. Raises Invalid with the place."""
    try:
        return read_scales(content)
    except ScalesError as error:
        raise Invalid(str(error), field=error.place) from error


@transaction.atomic
def save_scales(
    *, content: Mapping[str, Any], note: str, seen: str, keeper: User, actor: Actor, at: datetime
) -> RiskScale:
    """Keep new scales; they count at once. `seen` is the digest of what the keeper was shown the effect of."""
    refuse_unless_keeper_of_scales(keeper)
    scales = read_given(content)
    move_ground()  # before any row: a decision holds the ground first and then its version
    list(RiskScale.objects.select_for_update().values_list("pk", flat=True))
    before = current_scales()
    if scales.version != before.version + 1:
        raise Conflict(
            f"Version {before.version} was kept meanwhile.", "Look at it, then make your change again."
        )
    if {**scales.plain(), "version": 0} == {**before.plain(), "version": 0}:
        raise Conflict("These are the scales as they stand.", "There is nothing to change.")
    digest = scales_digest(scales)
    if seen != digest:
        raise Conflict("You have not seen what this changes.", "Look at its effect, then keep it.")
    note = reason_of(note)
    changes = level_changes(before, scales)
    for model in sorted({change.risk.model_id: change.risk.model for change in changes}.items()):
        locked_model(model[1])
    row = RiskScale.objects.create(
        version=scales.version, content=scales.plain(), digest=digest, note=note, saved_by=keeper, saved_at=at
    )
    detail = {
        "version": row.version,
        "digest": digest,
        "note": note,
        "moves": [
            {"risk": change.risk.ref, "inherent": list(change.inherent), "residual": list(change.residual)}
            for change in changes
        ],
    }
    record(Verb.RISK_SCALES_CHANGED, subject=row.ref, actor=actor, at=at, detail=detail)
    return row


def scales_digest(scales: RiskScales) -> str:
    """The digest of the scales as they are stored."""
    return canonical_digest(scales.plain())
