"""What the policy says of kinds of model and what the engine measures are the same."""

import pytest

from evaluations.kinds import RULES
from policy.metrics import EVALUATIONS, NOT_FOR
from policy.words import KINDS


@pytest.mark.parametrize("evaluation", EVALUATIONS)
def test_the_policy_knows_what_an_evaluation_does_not_measure(evaluation: str) -> None:
    assert set(KINDS) - set(RULES[evaluation].model_kinds) == NOT_FOR.get(evaluation, frozenset())
