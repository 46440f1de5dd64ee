"""More words of tests/policy/verdicts.yaml: findings, risks, waivers, emergencies, deputies, seconds."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from policy.evidence import Evidence, FindingFact, RiskFact
from tests.policy import situations as told
from tests.policy.builders import ADA, BEA, CARL, NOW, SIGNERS, YESTERDAY, condition, risk, run, sign
from tests.policy.exceptions import BY_ADA, BY_ETTA, a_waiver, an_emergency
from tests.policy.situations import FACTS, SIGNED, SINCE, Facts, Signing, Situation, situation

__all__ = ["FACTS", "SIGNED", "SINCE", "situation"]

DAY, SECOND, TODAY = timedelta(days=1), timedelta(seconds=1), NOW.date()
HIGH: dict[str, Any] = {"residual": (4, 4)}
RECUSED = "My sister built it."


def put(**changes: Any) -> Facts:
    """This is so instead."""
    return lambda evidence: replace(evidence, **changes)


def finding(severity: str, due: int = 10, **changes: Any) -> Facts:
    """An open finding of Bea's, due in so many days."""
    known = FindingFact(7, severity, "Drift", "open", TODAY + due * DAY, BEA)
    return put(findings=(replace(known, **changes),))


def risks(*more: RiskFact) -> Facts:
    """Three risks in order, and these."""
    return put(risks=(risk(1), risk(2), risk(3), *more))


def waived(name: str = "evaluation.explainability", **changes: Any) -> Facts:
    """A waiver of a requirement by the risk and the compliance officer."""
    return put(waivers=(a_waiver(requirement=name, **changes),))


def glass(**changes: Any) -> Facts:
    """A live break-glass of two people."""
    return put(break_glass=(an_emergency(**changes),))


def also_measured(**changes: Any) -> Facts:
    """A second test set, with a bad result."""
    more = run("performance", 8, dataset="hard@1", metrics=told.BAD_AUC, **changes)
    return lambda evidence: replace(evidence, evaluations=(*evidence.evaluations, more))


def empty_card(evidence: Evidence) -> Evidence:
    """A section that low asks for says n/a."""
    assert evidence.card is not None
    return replace(
        evidence, card=replace(evidence.card, sections={**evidence.card.sections, "details": "n/a"})
    )


def both_roles(evidence: Evidence) -> Evidence:
    """Ada is a validator, too."""
    return replace(evidence, holders={**evidence.holders, "validator": (*evidence.holders["validator"], ADA)})


def deputy(earlier: str | None = None, **changes: Any) -> Signing:
    """Carl approves for the holder, who said something themselves before, if told."""

    def signed(found: Situation, role: str) -> None:
        holder = SIGNERS[role]
        own = [sign(found.evidence, role, earlier, signed_at=YESTERDAY - DAY, **changes)] if earlier else []
        given = sign(found.evidence, role, by=CARL)
        found.signatures[role] = [
            *own,
            replace(given, acting_for=holder.username, acting_for_name=holder.name),
        ]

    return signed


def recused(found: Situation, role: str) -> None:
    """Whoever signed stepped back afterwards."""
    found.since.append(put(recused={SIGNERS[role].username: RECUSED}))


FACTS.update(
    {
        "a high finding is open": finding("high"),
        "a medium finding is open": finding("medium"),
        "a low finding is overdue": finding("low", -1),
        "a low finding is due today": finding("low", 0),
        "a high finding is remediated and not verified": finding("high", state="remediated"),
        "a high finding was overridden": finding(
            "high", -1, state="overridden", overridden_by="Ada Okafor", override_reason="Bearable."
        ),
        "only two risks are assessed": put(risks=(risk(1), risk(2), risk(3, residual=None))),
        "a fourth risk is not rated": risks(risk(4, inherent=None, residual=None)),
        "a high risk remains and nobody accepted it": risks(risk(4, **HIGH)),
        "a high risk remains, accepted until tomorrow": risks(
            risk(4, **HIGH, accepted_level="high", accepted_until=NOW + DAY)
        ),
        "a high risk remains, accepted until this second": risks(
            risk(4, **HIGH, accepted_level="high", accepted_until=NOW)
        ),
        "a high risk remains that was accepted as moderate": risks(
            risk(4, **HIGH, accepted_level="moderate", accepted_until=NOW + DAY)
        ),
        "the review of a risk was due yesterday": risks(risk(4, review_on=TODAY - DAY)),
        "the review of a risk is due today": risks(risk(4, review_on=TODAY)),
        "every risk was closed": put(risks=tuple(risk(n, closed=True, residual=(5, 5)) for n in (1, 2, 3))),
        "explanations are waived": waived(),
        "explanations are waived until today": waived(last_day=TODAY),
        "explanations were waived until yesterday": waived(last_day=TODAY - DAY),
        "explanations were waived 91 days ago": waived(granted_at=NOW - 91 * DAY, last_day=date(2027, 1, 1)),
        "explanations are waived by the risk officer alone": waived(approvals=(BY_ADA,)),
        "explanations are waived, as the compliance officer asked": waived(requester="carl"),
        "performance is waived": waived("evaluation.performance"),
        "the tier is waived": waived("tier_confirmed"),
        "the signature of the validator is waived": waived("signoff.validator"),
        "the glass is broken": glass(),
        "the glass was broken by one person": glass(people=(BY_ADA,)),
        "the glass was broken by an ethics committee member": glass(people=(BY_ADA, BY_ETTA)),
        "the glass was broken 24 hours ago": glass(began_at=NOW - DAY, ends_at=NOW + DAY),
        "the glass was broken a second less than 24 hours ago": glass(
            began_at=NOW - DAY + SECOND, ends_at=NOW + DAY
        ),
        "the card says n/a where low asks for a text": empty_card,
        "performance was measured a second less than a year ago": told._runs(
            "performance", finished_at=NOW - told.YEAR + SECOND
        ),
        "a second test set gave an AUC of 0.61 a year ago": also_measured(finished_at=NOW - told.YEAR),
        "it is a multilabel model with a macro F1 of 0.70": told._kind(
            "multilabel_classification", macro_f1=0.70
        ),
        "the risk officer holds both roles": both_roles,
        "the compliance officer is recused": put(recused={"carl": RECUSED}),
    }
)
SINCE.update(
    {
        "a finding was raised since": finding("low"),
        "a risk was rated anew since": risks(risk(4)),
    }
)
SIGNED.update(
    {
        "signed exactly a year ago": told._decided("approve", signed_at=NOW - told.YEAR),
        "signed a second less than a year ago": told._decided("approve", signed_at=NOW - told.YEAR + SECOND),
        "signed through the compliance officer": deputy(),
        "asked for changes before the deputy approved": deputy(earlier="request_changes"),
        "stepped back after signing": recused,
        "approved with an overdue condition and then without": told._twice(
            "approve_with_conditions", "approve", conditions=(condition(-1),)
        ),
    }
)
