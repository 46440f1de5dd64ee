"""Membership inference: can the model's certainty tell the rows that it learnt from others?

The attack takes a threshold on how sure the model is of the true answer: Yeom et al. (2018), CSF, 268-282; read by
AUC and at a low rate of false alarms as Carlini et al. (2022), IEEE S&P, 1897-1914, ask. No shadow model is trained.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evaluations.metrics.closed_form import newcombe, wilson
from evaluations.metrics.groups import Coded
from evaluations.metrics.intervals import delong
from evaluations.metrics.values import (
    FEW_ROWS,
    Bools,
    CannotMeasure,
    Check,
    Estimate,
    Floats,
    Group,
    Measured,
)

FALSE_ALARMS = 0.01
FEWEST_FOR_ALARMS = 1_000
TELLING = 0.6
CONVENTIONS = {
    "membership_auc": "As many rows of the reference (members) as rows of the data set that are not in it; the score "
    "is how sure the model is of the true answer. DeLong 95% interval. 0.5: members cannot be told.",
    "membership_advantage": "Members caught less false alarms, at a threshold learnt on one half and tried on the "
    "other. Newcombe 95% interval.",
    "membership_caught_at_1": f"Members caught where {FALSE_ALARMS:.0%} of the others are taken for members. Wilson "
    f"95% interval, threshold taken as given; from {FEWEST_FOR_ALARMS:,} rows of each on.",
}
NOTE = (
    "The attack reads the model's certainty and trains no model of its own. That it fails does not prove that no "
    "other attack succeeds; that it succeeds shows that the model remembers rows. Differences between the two data "
    "sets, such as their dates, look like memory too."
)


@dataclass(frozen=True, slots=True)
class Attack:
    """How sure the model is of each row's true answer, higher is surer, and which rows are members; shape (n,)."""

    certainty: Floats
    member: Bools


def membership(attack: Attack, groups: Mapping[str, Coded], *, seed: int, min_n: int = FEW_ROWS) -> Measured:
    """The attack's success on all rows and by group. Raises CannotMeasure for fewer than two rows of either kind."""
    member, score = attack.member, attack.certainty
    n = len(member)
    if min(int(member.sum()), int((~member).sum())) < 2:
        raise CannotMeasure("There are too few rows to try to tell members from others.")
    auc = Estimate(*delong(member, score), n)
    overall = {
        "membership_auc": auc,
        "membership_advantage": advantage(member, score, seed=seed),
        "membership_caught_at_1": caught(member, score),
    }
    found = []
    for name, column in groups.items():
        for place, level in enumerate(column.levels):
            inside = column.codes == place
            told = Estimate(*delong(member[inside], score[inside]), int(inside.sum()))
            few = min(int((member & inside).sum()), int((~member & inside).sum())) < min_n
            found.append(Group({name: level}, told.n, {"membership_auc": told}, too_few=few))
    low = auc.low if auc.low is not None else 0.5
    said = (
        f"Members are told with an AUC of {auc.value or 0.5:.3f} [{low:.3f}, {auc.high or 1:.3f}]; 0.5 is chance and "
        f"from {TELLING} on the model remembers rows."
    )
    check = Check("privacy.membership", "The model does not remember rows", (auc.high or 1.0) < TELLING, said)
    return Measured(overall, CONVENTIONS, groups=found, checks=[check], notes=[NOTE])


def advantage(member: Bools, score: Floats, *, seed: int) -> Estimate:
    """Members caught less false alarms, on the half of the rows that the threshold was not learnt on."""
    order = np.random.default_rng(seed).permutation(len(member))
    learn, tried = order[: len(order) // 2], order[len(order) // 2 :]
    threshold = best_threshold(member[learn], score[learn])
    inside, said = member[tried], score[tried] >= threshold
    m, others = int(inside.sum()), int((~inside).sum())
    if threshold == np.inf or m == 0 or others == 0:
        return Estimate(None, None, None, len(tried))
    hits, alarms = int((said & inside).sum()), int((said & ~inside).sum())
    return Estimate(hits / m - alarms / others, *newcombe(hits, m, alarms, others), len(tried))


def best_threshold(member: Bools, score: Floats) -> float:
    """The score from which on catching members pays most; infinity where there are only members or none."""
    m, others = int(member.sum()), int((~member).sum())
    if m == 0 or others == 0:
        return float("inf")
    order = np.argsort(-score, kind="stable")
    gain = np.cumsum(np.where(member[order], 1 / m, -1 / others))
    last = np.append(score[order][1:] != score[order][:-1], True)  # equal scores fall on one side
    places = np.flatnonzero(last)
    return float(score[order][places[int(np.argmax(gain[places]))]])


def caught(member: Bools, score: Floats) -> Estimate:
    """Members above the score that FALSE_ALARMS of the others reach."""
    m, others = int(member.sum()), int((~member).sum())
    if min(m, others) < FEWEST_FOR_ALARMS:
        return Estimate(None, None, None, len(member))
    threshold = np.quantile(score[~member], 1 - FALSE_ALARMS, method="higher")
    hits = int((score[member] > threshold).sum())
    return Estimate(hits / m, *wilson(hits, m), m)
