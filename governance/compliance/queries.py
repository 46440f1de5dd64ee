"""Coverage read for many models at once, in a fixed number of queries."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from governance.compliance.applying import Applicability, applicability
from governance.compliance.coverage import Standing, Summary, stand, summed
from governance.compliance.facts import (
    OrganisationRecord,
    Record,
    organisation_record,
    records_of,
)
from governance.compliance.framework import Framework
from governance.compliance.holdings import Held, holdings, holdings_of_organisation
from governance.compliance.library import frameworks
from governance.compliance.models import Conclusion, Gap, Scoping, Verdict
from registry.models import ModelVersion, RegisteredModel
from riskreview.models import TierAssessment

ByControl = dict[tuple[int | None, str], dict[str, Conclusion]]
GapsByControl = dict[tuple[int | None, str], dict[str, Gap]]


@dataclass(frozen=True)
class ModelCoverage:
    """A model, which frameworks apply to it, and how their controls stand."""

    model: RegisteredModel
    record: Record
    held: Mapping[str, Held]
    applicable: Mapping[str, Applicability]  # framework → whether and why, all frameworks
    standings: Mapping[str, list[Standing]]  # framework → its model-level controls; only those that apply

    def summary(self, framework: str) -> Summary | None:
        """Counts for one framework; None where it does not apply."""
        return summed(self.standings[framework]) if framework in self.standings else None


@dataclass(frozen=True)
class ProgrammeCoverage:
    """The organisation's own controls, of every framework that has any."""

    record: OrganisationRecord
    held: Mapping[str, Held]
    frameworks: Mapping[str, Framework]
    followed: Mapping[str, Scoping]
    standings: Mapping[str, list[Standing]]


def coverage_of(
    models: Sequence[RegisteredModel],
    *,
    today: date,
    known: Mapping[str, Framework] | None = None,
    of: Mapping[int, ModelVersion] | None = None,
) -> list[ModelCoverage]:
    """How these models stand, in a fixed number of queries. `of` names the version to look at, by model."""
    every = frameworks() if known is None else known
    pks = [model.pk for model in models]
    records = records_of(models, today=today, of=of)
    followed, decided = scopings_of(pks)
    conclusions, gaps = conclusions_of(pks), gaps_of(pks)
    found = []
    for model in models:
        record = records[model.pk]
        held = holdings(record)
        applicable = {
            name: applicability(
                framework,
                model,
                record.tier,
                followed=followed.get(name),
                decided=decided.get((model.pk, name)),
            )
            for name, framework in every.items()
        }
        standings = {
            name: stand(
                answer.framework,
                answer.framework.of_level("model"),
                held,
                conclusions.get((model.pk, name), {}),
                gaps.get((model.pk, name), {}),
                today=today,
            )
            for name, answer in applicable.items()
            if answer.applies
        }
        found.append(ModelCoverage(model, record, held, applicable, standings))
    return found


def programme_coverage(*, today: date) -> ProgrammeCoverage:
    """How the organisation's own controls stand."""
    every = frameworks()
    record = organisation_record(today=today)
    held = holdings_of_organisation(record)
    followed, _ = scopings_of(())
    conclusions, gaps = conclusions_of((None,)), gaps_of((None,))
    standings = {
        name: stand(
            framework,
            controls,
            held,
            conclusions.get((None, name), {}),
            gaps.get((None, name), {}),
            today=today,
        )
        for name, framework in every.items()
        if (controls := framework.of_level("organisation"))
    }
    return ProgrammeCoverage(record, held, every, followed, standings)


def scopings_of(
    models: Collection[int] | QuerySet[RegisteredModel],
) -> tuple[dict[str, Scoping], dict[tuple[int, str], Scoping]]:
    """The newest decisions: of the organisation by framework, and of these models by model and framework."""
    followed: dict[str, Scoping] = {}
    decided: dict[tuple[int, str], Scoping] = {}
    for row in Scoping.objects.filter(Q(model=None) | Q(model__in=models)).select_related("by"):
        if row.model_id is None:
            followed.setdefault(row.framework, row)
        else:
            decided.setdefault((row.model_id, row.framework), row)
    return followed, decided


def conclusions_of(models: Collection[int | None]) -> ByControl:
    """The newest conclusion on each control, by model (None: the organisation) and framework."""
    newest: dict[tuple[int | None, str, str], Conclusion] = {}
    for row in Conclusion.objects.filter(_of(models), team="").select_related("by").order_by("-pk"):
        newest.setdefault((row.model_id, row.framework, row.control), row)
    found: ByControl = {}
    for (model, framework, control), row in newest.items():
        if row.verdict != Verdict.TAKEN_BACK:
            found.setdefault((model, framework), {})[control] = row
    return found


def gaps_of(models: Collection[int | None]) -> GapsByControl:
    """The open gap of each control, by model (None: the organisation) and framework."""
    found: GapsByControl = {}
    for row in Gap.objects.filter(_of(models), closed_at=None).select_related("owner"):
        found.setdefault((row.model_id, row.framework), {})[row.control] = row
    return found


def newest_tiers(models: Collection[int]) -> dict[int, TierAssessment]:
    """The newest tier of each model."""
    found: dict[int, TierAssessment] = {}
    for row in TierAssessment.objects.filter(model__in=models).order_by("-pk"):
        found.setdefault(row.model_id, row)
    return found


def left_behind(framework: Framework, model: RegisteredModel | None) -> list[Conclusion]:
    """Conclusions on controls that the framework no longer has: kept, and shown apart."""
    rows = Conclusion.objects.filter(model=model, team="", framework=framework.id).select_related("by")
    newest: dict[str, Conclusion] = {}
    for row in rows.exclude(control__in=list(framework.by_id)).order_by("-pk"):
        newest.setdefault(row.control, row)
    return [row for row in newest.values() if row.verdict != Verdict.TAKEN_BACK]


def _of(models: Collection[int | None]) -> Q:
    return Q(model=None) if None in models else Q(model__in=models)
