"""The words of tests/policy/verdicts.yaml: each phrase is one thing that is so about a version, and does that to it.

A sentence reads "TIER in ENVIRONMENT", then "with everything" or "but PHRASE, and PHRASE". Facts are so before anybody
signs; then everyone who is asked signs, except as the phrases say; then happens what a phrase says to be "since".
A further kind of evidence that the default pack asks for has its place in `builders.unsigned`, where it is in order.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from policy.cards import load_card_schema
from policy.evidence import EvaluationFact, Evidence, Metric, Person, RunningFact, SignOffFact
from tests.policy.builders import (
    DEV,
    NOW,
    PACK,
    SIGNERS,
    VERA,
    YESTERDAY,
    condition,
    run,
    sign,
    unsigned,
    with_signoffs,
)

ROLES = {
    "the validator": "validator",
    "the risk officer": "risk_officer",
    "the compliance officer": "compliance_officer",
    "the ethics committee": "ethics_committee",
    "the business approver": "business_approver",
}
Facts = Callable[[Evidence], Evidence]
Signing = Callable[["Situation", str], None]


@dataclass
class Situation:
    """A version while a sentence is read: the facts, who signed what, and what happened since."""

    evidence: Evidence
    signatures: dict[str, list[SignOffFact]] = field(default_factory=dict)
    since: list[Facts] = field(default_factory=list)

    def settled(self) -> Evidence:
        """The evidence as it stands in the end."""
        given = [fact for facts in self.signatures.values() for fact in facts]
        found = with_signoffs(self.evidence, *given)
        for change in self.since:
            found = change(found)
        return found


def situation(sentence: str) -> tuple[Evidence, str]:
    """The evidence that a sentence describes, and the environment that is asked about."""
    head, _, rest = sentence.partition(", ")
    tier, _, environment = head.partition(" in ")
    phrases = [] if rest == "with everything" else rest.removeprefix("but ").split(", and ")
    evidence = unsigned(tier)
    for phrase in phrases:
        if phrase in FACTS:
            evidence = FACTS[phrase](evidence)
    found = Situation(evidence)
    asked = PACK.environments.get(environment, {}).get(tier, ())
    for role in [item.role for item in asked if item.role]:
        found.signatures[role] = [sign(evidence, role)]
    for phrase in phrases:
        if phrase not in FACTS:
            _say(found, phrase)
    return found.settled(), environment


def _say(found: Situation, phrase: str) -> None:
    if phrase in SINCE:
        found.since.append(SINCE[phrase])
    elif phrase == "nobody has signed":
        found.signatures.clear()
    else:
        who, deed = next(
            (who, phrase.removeprefix(f"{who} ")) for who in ROLES if phrase.startswith(f"{who} ")
        )
        SIGNED[deed](found, ROLES[who])


def _card(left_out: str) -> Facts:
    def changed(evidence: Evidence) -> Evidence:
        assert evidence.card is not None
        sections = {name: text for name, text in evidence.card.sections.items() if name != left_out}
        return replace(evidence, card=replace(evidence.card, sections=sections))

    return changed


def _section_asked_from(tier: str) -> str:
    return next(item.id for item in load_card_schema().sections if item.required_from == tier)


def _runs(kind: str, **changes: object) -> Facts:
    """The runs of a kind, changed; `gone=True` removes them."""
    gone = changes.pop("gone", False)

    def changed(evidence: Evidence) -> Evidence:
        kept: list[EvaluationFact] = []
        for fact in evidence.evaluations:
            if fact.kind != kind:
                kept.append(fact)
            elif not gone:
                kept.append(replace(fact, **changes))  # type: ignore[arg-type]
        return replace(evidence, evaluations=tuple(kept))

    return changed


def _measured(kind: str, **figures: tuple[float, float | None, float | None]) -> Facts:
    return _runs(kind, metrics={name: Metric(*values) for name, values in figures.items()})


def _kind(name: str, **figures: float) -> Facts:
    measured = _runs("performance", metrics={metric: Metric(value) for metric, value in figures.items()})
    return lambda evidence: measured(replace(evidence, model_kind=name))


def _more(*facts: EvaluationFact) -> Facts:
    return lambda evidence: replace(evidence, evaluations=(*evidence.evaluations, *facts))


def _underway(status: str) -> Facts:
    fact = RunningFact(9, "performance", status, "It ran out of memory." if status == "failed" else None)  # type: ignore[arg-type]
    return lambda evidence: replace(evidence, running=(fact,))


def _tier(**changes: object) -> Facts:
    def changed(evidence: Evidence) -> Evidence:
        assert evidence.tier is not None
        return replace(evidence, tier=replace(evidence.tier, **changes))  # type: ignore[arg-type]

    return changed


def _artifact(**changes: object) -> Facts:
    def changed(evidence: Evidence) -> Evidence:
        assert evidence.artifact is not None
        return replace(evidence, artifact=replace(evidence.artifact, **changes))  # type: ignore[arg-type]

    return changed


OLD, YEAR = NOW - timedelta(days=400), timedelta(days=365)
BAD_AUC = {"roc_auc": Metric(0.61, 0.58, 0.64, 5000)}

FACTS: dict[str, Facts] = {
    # the tier
    "no tier is proposed": lambda evidence: replace(evidence, tier=None),
    "the tier is not confirmed": _tier(confirmed_by=None, confirmed_at=None),
    "the tier was confirmed three years ago": _tier(confirmed_at=NOW - timedelta(days=1100)),
    # the files
    "nothing is stored": lambda evidence: replace(evidence, artifact=None),
    "the files were never verified": _artifact(verified_at=None),
    "a file does not match its digest": _artifact(problem="model.skops differs from its digest"),
    "the vendor keeps the files": _artifact(predictions_only=True, files=1),
    "the model is suspended": lambda evidence: replace(evidence, suspended="Stopped for drift"),
    # the card
    "there is no card": lambda evidence: replace(evidence, card=None),
    "the card lacks a section that low asks for": _card(_section_asked_from("low")),
    "the card lacks a section that moderate asks for": _card(_section_asked_from("moderate")),
    "the card lacks a section that high asks for": _card(_section_asked_from("high")),
    # performance
    "performance was never measured": _runs("performance", gone=True),
    "performance was measured 400 days ago": _runs("performance", finished_at=OLD),
    "performance was measured exactly a year ago": _runs("performance", finished_at=NOW - YEAR),
    "performance was measured on other files": _runs("performance", artifact_digest="sha256:" + "b" * 64),
    "performance was measured on training data": _runs("performance", dataset_role="training"),
    "performance was only reported by its maker": _runs("performance", reported=True),
    "a second test set gives an AUC of 0.61": _more(run("performance", 8, dataset="hard@1", metrics=BAD_AUC)),
    "training data give an AUC of 0.61": _more(
        run("performance", 8, dataset="train@1", dataset_role="training", metrics=BAD_AUC)
    ),
    "an older run on the same data gave an AUC of 0.61": _more(
        run("performance", 8, finished_at=YESTERDAY - timedelta(days=9), metrics=BAD_AUC)
    ),
    "the AUC is 0.69": _measured("performance", roc_auc=(0.69, 0.67, 0.71)),
    "the AUC is exactly 0.70": _measured("performance", roc_auc=(0.70, 0.68, 0.72)),
    "the low end of the AUC is 0.64": _measured("performance", roc_auc=(0.72, 0.64, 0.80)),
    "the AUC has no interval": _measured("performance", roc_auc=(0.81, None, None)),
    "the AUC is not a number": _measured("performance", roc_auc=(float("nan"), 0.7, 0.8)),
    "a run gave accuracy and no AUC": _measured("performance", accuracy=(0.9, 0.88, 0.92)),
    "another performance run is queued": _underway("queued"),
    "another performance run failed": _underway("failed"),
    # fairness
    "fairness was never measured": _runs("fairness", gone=True),
    "fairness was measured 400 days ago": _runs("fairness", finished_at=OLD),
    "groups are selected at a ratio of 0.79": _measured("fairness", selection_rate_ratio=(0.79, 0.75, 0.83)),
    "groups are selected at a ratio of exactly 0.80": _measured(
        "fairness", selection_rate_ratio=(0.80, 0.75, 0.85)
    ),
    "no data set declares a sensitive attribute": lambda evidence: replace(evidence, sensitive_attributes=()),
    "the use decides about people": lambda evidence: replace(evidence, decides_about_people=True),
    # explanations
    "nothing was explained": _runs("explainability", gone=True),
    "only 49 rows were explained": _measured("explainability", explained_rows=(49.0, None, None)),
    "50 rows were explained": _measured("explainability", explained_rows=(50.0, None, None)),
    # other kinds of model
    "it is a regression with an R² of 0.31": _kind("regression", r2=0.31),
    "it is a regression with an R² of 0.29": _kind("regression", r2=0.29),
    "it tells several classes at a balanced accuracy of 0.80": _kind(
        "multiclass_classification", balanced_accuracy=0.80
    ),
    "it tells several classes at a balanced accuracy of 0.79": _kind(
        "multiclass_classification", balanced_accuracy=0.79
    ),
    "it is a clustering, which nothing measures": _kind("clustering"),
    "somebody says that it is not a model": _kind("not_a_model"),
    # people
    "nobody holds any role": lambda evidence: replace(evidence, holders={}),
    "no review is open": lambda evidence: replace(evidence, review_open=False),
}

SINCE: dict[str, Facts] = {
    "the use changed since the tier was confirmed": _tier(use_changed=("purpose", "jurisdictions")),
    "the card changed since": lambda evidence: replace(
        evidence, card=evidence.card and replace(evidence.card, digest="sha256:card-8", revision=8)
    ),
    "the tier was answered anew since": _tier(digest="sha256:tier-anew"),
    "the tier was answered anew since without a confirmation": _tier(
        digest="sha256:tier-anew", confirmed_by=None, confirmed_at=None
    ),
    "performance was measured again since": _runs("performance", run=11, digest="sha256:performance-11"),
    "fairness was measured again since": _runs("fairness", run=12, digest="sha256:fairness-12"),
    "data quality was measured since": _more(
        replace(run("performance", 13, finished_at=NOW), kind="data_quality", digest="sha256:quality-13")
    ),
    "the files were verified again since": _artifact(verified_at=NOW),
    "the model was suspended since": lambda evidence: replace(evidence, suspended="Stopped for drift"),
}


def _decided(decision: str, **changes: object) -> Signing:
    def signed(found: Situation, role: str) -> None:
        found.signatures[role] = [sign(found.evidence, role, decision, **changes)]

    return signed


def _twice(first: str, second: str, **changes: object) -> Signing:
    """Two decisions of the same person in the same role, the second one later."""

    def signed(found: Situation, role: str) -> None:
        earlier = sign(found.evidence, role, first, signed_at=YESTERDAY - timedelta(days=1), **changes)
        found.signatures[role] = [earlier, sign(found.evidence, role, second)]

    return signed


def _gone(found: Situation, role: str) -> None:
    found.signatures.pop(role, None)


def _lost(found: Situation, role: str) -> None:
    found.since.append(
        lambda evidence: replace(
            evidence, holders={name: people for name, people in evidence.holders.items() if name != role}
        )
    )


def _joined(found: Situation, role: str) -> None:
    signer = SIGNERS[role].username
    found.since.append(
        lambda evidence: replace(evidence, involved={**evidence.involved, signer: ("develops this model",)})
    )


def _by(person: Person) -> Signing:
    """Signed by this person, who holds the role beside its usual holder."""

    def signed(found: Situation, role: str) -> None:
        found.signatures[role] = [sign(found.evidence, role, by=person)]
        found.since.append(
            lambda evidence: replace(
                evidence, holders={**evidence.holders, role: (*evidence.holders[role], person)}
            )
        )

    return signed


SIGNED: dict[str, Signing] = {
    "has not signed": _gone,
    "asked for changes": _decided("request_changes"),
    "rejected it": _decided("reject"),
    "rejected it and then withdrew that": _decided("reject", withdrawn=True),
    "rejected it and approved it a day later": _twice("reject", "approve"),
    "asked for changes and approved it a day later": _twice("request_changes", "approve"),
    "approved it and asked for changes a day later": _twice("approve", "request_changes"),
    "withdrew the signature": _decided("approve", withdrawn=True),
    "signed 366 days ago": _decided("approve", signed_at=NOW - timedelta(days=366)),
    "signed 364 days ago": _decided("approve", signed_at=NOW - timedelta(days=364)),
    "signed for a time that is over": _decided("approve", expires_at=YESTERDAY),
    "approved with a condition due in five days": _decided(
        "approve_with_conditions", conditions=(condition(5),)
    ),
    "approved with a condition due today": _decided("approve_with_conditions", conditions=(condition(0),)),
    "approved with a condition that is overdue": _decided(
        "approve_with_conditions", conditions=(condition(-1),)
    ),
    "approved with a condition that was met": _decided(
        "approve_with_conditions", conditions=(condition(-1, met=True),)
    ),
    "signed something that means nothing": _decided("acknowledge"),
    "lost the role": _lost,
    "joined the team": _joined,
    "is the developer": _by(DEV),
    "is a second person with the role": _by(VERA),
    "also signed as validator": lambda found, role: found.signatures.update(
        validator=[
            sign(found.evidence, "validator", by=SIGNERS[role], signed_at=YESTERDAY - timedelta(hours=1))
        ]
    ),
}
