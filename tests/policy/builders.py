"""A version that passes every gate, and small ways to spoil it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from policy.cards import load_card_schema
from policy.evidence import (
    Artifact,
    Card,
    Condition,
    EvaluationFact,
    Evidence,
    Metric,
    Person,
    RiskFact,
    SignOffFact,
    TierFact,
)
from policy.metrics import EVALUATIONS
from policy.pack import DEFAULT, Pack, Requirement, load_pack
from policy.parts import components
from policy.result import RequirementResult, Verdict
from policy.risk_scales import default_scales
from policy.verdict import judge

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
YESTERDAY = NOW - timedelta(days=1)
PACK = load_pack(DEFAULT.read_text(encoding="utf-8"), source="default.yaml")

OLGA, DEV = Person("olga", "Olga Brandt"), Person("dev", "Dev Menon")
VIKTOR, ADA, CARL = (
    Person("viktor", "Viktor Sahl"),
    Person("ada", "Ada Okafor"),
    Person("carl", "Carl Brandt"),
)
ETTA, BEA, VERA = Person("etta", "Etta Lund"), Person("bea", "Bea Costa"), Person("vera", "Vera Novak")
ADAM = Person("adam", "Adam Ito")
SIGNERS = {
    "validator": VIKTOR,
    "risk_officer": ADA,
    "compliance_officer": CARL,
    "ethics_committee": ETTA,
    "business_approver": BEA,
}
HOLDERS = {role: (person,) for role, person in SIGNERS.items()} | {"administrator": (ADAM,)}
BYTES = "sha256:" + "a" * 64
METRICS = {
    "performance": {"roc_auc": Metric(0.812, 0.801, 0.823, 5000)},
    "fairness": {"selection_rate_ratio": Metric(0.86, 0.84, 0.88, 5000)},
    "explainability": {"explained_rows": Metric(200.0)},
}


def run(kind: str, number: int = 1, **changes: Any) -> EvaluationFact:
    """A succeeded run of yesterday on test data."""
    fact = EvaluationFact(
        run=number,
        kind=kind,
        dataset="german-credit@1",
        dataset_role="test",
        finished_at=YESTERDAY,
        digest=f"sha256:{kind}-{number}",
        artifact_digest=BYTES,
        metrics=METRICS[kind],
        url=f"/evaluations/{number}/",
    )
    return replace(fact, **changes)


def risk(number: int = 1, **changes: Any) -> RiskFact:
    """A risk of Bea's, rated before and after controls, to be reviewed in three months."""
    fact = RiskFact(
        id=number,
        title="Weak discrimination",
        digest=f"sha256:risk-{number}",
        owner=BEA,
        review_on=date(2027, 2, 21),
        inherent=(3, 4),
        residual=(2, 3),
    )
    return replace(fact, **changes)


def unsigned(tier: str = "high", /, **changes: Any) -> Evidence:
    """A version with everything but signatures."""
    evidence = Evidence(
        model="credit-default",
        version="3",
        model_kind="binary_classification",
        sensitive_attributes=("age", "sex"),
        artifact=Artifact(BYTES, files=14, verified_at=YESTERDAY),
        card=Card(
            revision=7,
            digest="sha256:card-7",
            author="Dev Menon",
            saved_at=YESTERDAY,
            sections={section.id: "Enough is said about this." for section in load_card_schema().sections},
        ),
        tier=TierFact(tier, f"sha256:tier-{tier}", "Ada Okafor", YESTERDAY, 1, confirmer="ada"),
        evaluations=(run("performance", 1), run("fairness", 2), run("explainability", 3)),
        involved={"olga": ("owns this model",), "dev": ("registered this version",)},
        holders=HOLDERS,
        review_open=True,
        links={"signoff": "/reviews/5/", "card_complete": "/models/credit-default/versions/3/card/"},
        owners=(OLGA,),
        developers=(DEV,),
        risks=(risk(1), risk(2), risk(3)),
        risk_scales=default_scales(),
    )
    return replace(evidence, **changes)


def sign(evidence: Evidence, role: str, decision: str = "approve", **changes: Any) -> SignOffFact:
    """A decision of yesterday by the usual holder of a role, on the evidence given."""
    signer = changes.pop("by", SIGNERS[role])
    fact = SignOffFact(
        id=len(evidence.signoffs) + 1,
        role=role,
        decision=decision,
        signer=signer.username,
        signer_name=signer.name,
        signed_at=YESTERDAY,
        expires_at=None,
        components=components(evidence, EVALUATIONS),
    )
    return replace(fact, **changes)


def with_signoffs(evidence: Evidence, *facts: SignOffFact) -> Evidence:
    """The evidence with more decisions, numbered in order."""
    numbered = [replace(fact, id=number) for number, fact in enumerate((*evidence.signoffs, *facts), 1)]
    return replace(evidence, signoffs=tuple(numbered))


def signed(tier: str = "high", environment: str = "production") -> Evidence:
    """A version that every role asked for has approved."""
    evidence = unsigned(tier)
    roles = [item.role for item in PACK.environments[environment][tier] if item.role]
    return with_signoffs(evidence, *(sign(evidence, role) for role in roles))


def condition(days: int, met: bool = False) -> Condition:
    """A condition due some days from now."""
    return Condition("Monitor drift weekly", date(2026, 11, 21) + timedelta(days=days), met)


def pack_of(*requirements: Requirement) -> Pack:
    """A pack that asks exactly this of high in production; elsewhere it judges what the default pack judges."""
    lists = {"production": {"high": requirements}}
    known = {**PACK.requirements, **{item.id: item for item in requirements}}
    return replace(PACK, environments=lists, requirements=known)


def ask(evidence: Evidence, requirement: Requirement) -> RequirementResult:
    """The result of one requirement, asked alone of a high-tier version in production."""
    return result_of(judge(pack_of(requirement), evidence, "production", NOW), requirement.id)


def result_of(verdict: Verdict, name: str) -> RequirementResult:
    """The result with an id."""
    return next(item for item in verdict.requirements if item.id == name)


def unmet(verdict: Verdict) -> list[str]:
    """The ids that hold a verdict back."""
    return [item.id for item in verdict.requirements if item.result in ("unsatisfied", "error")]
