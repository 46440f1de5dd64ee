"""Kinds of model that nothing measures yet never make the gate weaker."""

from types import SimpleNamespace

import pytest

from accounts.refusals import Invalid
from evaluations.actions import request_evaluation
from policy.words import KINDS, UNMEASURED
from registry.models import ModelKind, ModelVersion
from riskreview.judgement import judge_version
from tests import builders
from tests.conftest import AT, actor_of_user

pytestmark = pytest.mark.django_db
NEW = [kind for kind in ModelKind if kind not in KINDS]


def a_new_kind(cast: SimpleNamespace, kind: str, tier: str) -> ModelVersion:
    """Everything but the evaluations is there, and everybody whom the tier asks has signed."""
    builders.active_policy(cast)
    reason = "Adds up two columns of the ledger." if kind == ModelKind.NOT_A_MODEL else ""
    model = builders.a_model(cast, kind=kind, kind_reason=reason)
    builders.a_tier(cast, model, tier)
    version = builders.a_version(cast, model)
    builders.a_card(cast, version)
    review = builders.a_review(cast, version)
    for role, signer in (("business_approver", cast.bea), ("validator", cast.viktor)):
        builders.a_signature(review, signer, role)
    return version


def test_the_words_know_every_kind() -> None:
    assert set(KINDS) | set(UNMEASURED) == set(ModelKind.values)


@pytest.mark.parametrize("tier", ["low", "moderate"])
@pytest.mark.parametrize("kind", NEW)
def test_production_denies_each_new_kind_and_says_why(kind: str, tier: str, cast: SimpleNamespace) -> None:
    judged = judge_version(a_new_kind(cast, kind, tier), "production", at=AT)

    assert judged.verdict.decision == "deny"
    asked = {found.id: found for found in judged.verdict.requirements if found.kind == "evaluation"}
    assert asked
    for found in asked.values():
        assert found.result == "error"  # never "not applicable"
        assert "No check is meant for this kind of model" in found.reason
        assert UNMEASURED[kind] in found.reason
        assert found.remedy


@pytest.mark.parametrize("kind", NEW)
@pytest.mark.parametrize("evaluation", ["performance", "fairness", "explainability"])
def test_asking_for_what_nothing_measures_is_refused_at_once(
    kind: str, evaluation: str, cast: SimpleNamespace
) -> None:
    reason = "Adds up two columns of the ledger." if kind == ModelKind.NOT_A_MODEL else ""
    version = builders.a_version(cast, builders.a_model(cast, kind=kind, kind_reason=reason))
    with pytest.raises(Invalid, match=f"nothing measures the {evaluation} of that kind yet") as refused:
        request_evaluation(
            version=version,
            dataset=builders.a_dataset(cast),
            kind=evaluation,
            config={},
            requester=cast.dev,
            actor=actor_of_user(cast.dev),
            at=AT,
        )
    assert "binary classification" in refused.value.remedy
    assert not version.evaluations.exists()


def test_explanations_of_sets_of_labels_are_denied_with_a_remedy_that_helps(cast: SimpleNamespace) -> None:
    judged = judge_version(a_new_kind(cast, "multilabel_classification", "high"), "production", at=AT)
    found = next(item for item in judged.verdict.requirements if item.id == "evaluation.explainability")
    assert found.result == "error"
    assert found.remedy is not None
    assert "Nothing measures the explainability of such models yet" in found.remedy
