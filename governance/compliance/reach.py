"""Which frameworks apply to each of very many models, without reading their rows."""

import json
from collections.abc import Iterator, Mapping
from functools import cache

from django.db.models import Exists, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast

from governance.compliance.applying import applicability
from governance.compliance.framework import Framework
from governance.compliance.queries import scopings_of
from registry.models import RegisteredModel
from riskreview.models import TierAssessment

Use = tuple[str, str]
Tier = tuple[str, str] | None
"""What the rules ask of a use and of its tier: JSON as text, because few of them differ."""


def reached(
    models: QuerySet[RegisteredModel], known: Mapping[str, Framework]
) -> Iterator[tuple[int, frozenset[str]]]:
    """Each model, in the order of the query, with those of these frameworks that apply to it.

    Models that say the same are asked about once.
    """
    followed, decided = scopings_of(models)
    by_hand = {pk for pk, _ in decided}

    def names(pk: int, use: Use, tier: Tier) -> frozenset[str]:
        model, answers = _said(use, tier)
        return frozenset(
            name
            for name, framework in known.items()
            if applicability(
                framework, model, answers, followed=followed.get(name), decided=decided.get((pk, name))
            ).applies
        )

    alike = cache(lambda use, tier: names(0, use, tier))
    tiers = _tiers(models)
    for pk, *use in models.values_list("pk", *(Cast(name, TextField()) for name in USE)):
        said, tier = (use[0], use[1]), tiers.get(pk)
        yield pk, names(pk, said, tier) if pk in by_hand else alike(said, tier)


USE = ("regulated_uses", "jurisdictions")


def _tiers(models: QuerySet[RegisteredModel]) -> dict[int, Tier]:
    newer = TierAssessment.objects.filter(model=OuterRef("model"), pk__gt=OuterRef("pk"))
    rows = TierAssessment.objects.filter(~Exists(newer), model__in=models).order_by()
    columns = rows.values_list("model_id", "confirmed_tier", "computed_tier", Cast("flags", TextField()))
    return {pk: (confirmed or computed, flags) for pk, confirmed, computed, flags in columns}


def _said(use: Use, tier: Tier) -> tuple[RegisteredModel, TierAssessment | None]:
    """A use and its tier, as the rules read them."""
    model = RegisteredModel(**{name: json.loads(text) for name, text in zip(USE, use, strict=True)})
    if tier is None:
        return model, None
    return model, TierAssessment(computed_tier=tier[0], flags=json.loads(tier[1]))
