"""Waivers and break-glass for the tables of tests/policy."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from policy.evidence import Approval, BreakGlassFact, Evidence, WaiverFact
from tests.policy.builders import ADA, CARL, ETTA, NOW, YESTERDAY, signed, with_signoffs

BY_ADA = Approval("risk_officer", ADA.username, ADA.name)
BY_CARL = Approval("compliance_officer", CARL.username, CARL.name)
BY_ETTA = Approval("ethics_committee", ETTA.username, ETTA.name)
EXPLAINABILITY = "evaluation.explainability"


def a_waiver(**changes: Any) -> WaiverFact:
    """Ada and Carl waive explainability until 30 November, as Olga asked."""
    fact = WaiverFact(
        id=4,
        requirement=EXPLAINABILITY,
        why="The vendor keeps the model to itself.",
        controls="A senior underwriter decides each case.",
        requester="olga",
        approvals=(BY_ADA, BY_CARL),
        granted_at=YESTERDAY,
        last_day=date(2026, 11, 30),
        url="/waivers/4/",
    )
    return replace(fact, **changes)


def unexplained(tier: str = "high", *waivers: WaiverFact, **changes: Any) -> Evidence:
    """A version that everybody signed and that nothing explains."""
    evidence = signed(tier)
    runs = tuple(fact for fact in evidence.evaluations if fact.kind != "explainability")
    lacking = replace(evidence, evaluations=runs, signoffs=(), waivers=waivers, **changes)
    from_all = (
        replace(
            fact,
            components={name: part for name, part in fact.components.items() if "explain" not in name},
        )
        for fact in evidence.signoffs
    )
    return with_signoffs(lacking, *from_all)


def an_emergency(**changes: Any) -> BreakGlassFact:
    """Ada and Carl let it run from an hour ago until tomorrow morning."""
    fact = BreakGlassFact(
        id=3,
        reason="The batch of tonight pays the pensions.",
        people=(BY_ADA, BY_CARL),
        began_at=NOW - timedelta(hours=1),
        ends_at=NOW + timedelta(hours=23),
        url="/break-glass/3/",
    )
    return replace(fact, **changes)
