"""Which original column each output of fitted preprocessing comes from, so that one-hot columns can be
summed back."""

import copy
import re
from contextlib import suppress
from typing import Any

MARK = re.compile("\x00(\\d+)\x00")


def sources(preprocessing: Any, columns: int) -> list[int] | None:
    """For each output column the index of its input column; None where one output mixes several inputs or
    none.

    The fitted steps are copied, made to forget the names they were fitted with, and asked what they call
    their outputs when their inputs have unmistakable names. Matching by prefix could take a_b for category b
    of column a.
    """
    if preprocessing is None:
        return list(range(columns))
    nameless = _without_names(copy.deepcopy(preprocessing))
    try:
        names = nameless.get_feature_names_out([f"\x00{index}\x00" for index in range(columns)])
    except (AttributeError, ValueError):  # scikit-learn: a step that cannot name its outputs
        return None
    found = [MARK.findall(str(name)) for name in names]
    if any(len(inputs) != 1 for inputs in found):
        return None
    return [int(inputs[0]) for inputs in found]


def _without_names(step: Any) -> Any:
    if hasattr(step, "feature_names_in_"):
        with suppress(AttributeError):  # a property that asks the inner step, which is cleaned below
            del step.feature_names_in_
    for inner in _inner_steps(step):
        _without_names(inner)
    return step


def _inner_steps(step: Any) -> list[Any]:
    if hasattr(step, "transformers_"):
        return [transformer for _, transformer, _ in step.transformers_ if not isinstance(transformer, str)]
    if hasattr(step, "steps"):
        return [inner for _, inner in step.steps if not isinstance(inner, str) and inner is not None]
    if hasattr(step, "transformer_list"):
        return [inner for _, inner in step.transformer_list if not isinstance(inner, str)]
    return []
