"""The risk register of the demo: what its people found could go wrong, rated, treated and in one case accepted."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from django.utils import timezone

from governance.demo.cast import Cast
from registry.models import RegisteredModel
from riskreview.risks.accepting import accept_risk
from riskreview.risks.adding import add_from_catalogue
from riskreview.risks.assessing import rate_risk, treat_risk
from riskreview.risks.handover import hand_over_risks

FILE = Path(__file__).with_name("risks.yaml")
ACCEPTOR = "carl"
"""Who holds the role that a high residual risk asks for."""


def register_risks(models: Mapping[str, RegisteredModel], cast: Cast) -> None:
    """The risks of each model that the file names."""
    for slug, rows in yaml.safe_load(FILE.read_text(encoding="utf-8")).items():
        for row in rows:
            _register(models[slug], row, cast)


def _register(model: RegisteredModel, row: Mapping[str, Any], cast: Cast) -> None:
    olga, now = cast["olga"], timezone.now()
    risk, _ = add_from_catalogue(
        model=model, catalogue_id=row["risk"], raiser=olga.user, actor=olga.actor, at=now
    )
    if "before" not in row:
        return  # found, and not rated yet
    risk = rate_risk(
        risk=risk,
        inherent=tuple(row["before"]),
        residual=tuple(row["after"]),
        note="",
        rater=olga.user,
        actor=olga.actor,
        at=now,
    )
    risk = treat_risk(
        risk=risk,
        treatment=row["treat"],
        controls="\n".join(row["controls"]),
        review_on=now.date() + timedelta(days=row["review"]),
        treater=olga.user,
        actor=olga.actor,
        at=now,
    )
    owner = cast[row["owner"]].user
    if owner != risk.owner:
        note = "Who runs the controls owns the risk."
        hand_over_risks(risks=[risk], owner=owner, note=note, changer=olga.user, actor=olga.actor, at=now)
    if "accept" in row:
        acceptor = cast[ACCEPTOR]
        accept_risk(
            risk=risk, reason=row["accept"], until=None, acceptor=acceptor.user, actor=acceptor.actor, at=now
        )
