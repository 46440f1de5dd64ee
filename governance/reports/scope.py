"""What belongs in the evidence bundle of a report: which events, which decisions, which policies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from audit.queries import subject_begins
from audit.verbs import Verb
from governance.gate.models import GateDecision
from governance.reports.gate_activity import decisions_of
from governance.reports.models import Report, ReportKind
from registry.models import ModelVersion
from riskreview.models import PolicyPack

CONCLUDED = (Verb.CONTROL_CONCLUDED, Verb.CONTROL_TAKEN_BACK)
OF_THE_GATE = ("gate.", "waiver.", "break_glass.", "policy.")
"""What a report of a period brings of the log: the answers, the exceptions, the rules."""


@dataclass(frozen=True)
class Scope:
    """What a bundle brings. `events` leaves out those of the policies and of the signing keys, which always come."""

    events: Q
    decisions: QuerySet[GateDecision]
    packs: list[PolicyPack]


def scope_of(report: Report, facts: Mapping[str, Any], *, until: datetime) -> Scope:
    """The scope of a report with these facts, as of the moment that it tells of."""
    match report.kind:
        case ReportKind.MODEL:
            return _of_model(report, facts, until)
        case ReportKind.GATE:
            return _of_period(report, until)
        case ReportKind.FRAMEWORK:
            return _of_framework(report)
    version = report.its_version
    decided = GateDecision.objects.filter(version=version, decided_at__lte=until)
    told = decided.filter(environment=report.environment)
    return Scope(_of_version(version), told, _packs(decided, [facts.get("policy")]))


def _of_version(version: ModelVersion) -> Q:
    """Its own events, and its model's without those of other versions."""
    model = version.model
    own = Q(subject=version.ref) | subject_begins(f"{version.ref}/")
    of_model = subject_begins(f"{model.ref}/") & ~subject_begins(f"{model.ref}/version:")
    return own | Q(subject=model.ref) | of_model


def _of_model(report: Report, facts: Mapping[str, Any], until: datetime) -> Scope:
    """Everything about the model; of decisions, those about what the file tells in full."""
    model = report.its_model
    decided = GateDecision.objects.filter(version__model=model, decided_at__lte=until)
    parts = Q(pk__in=[])
    for part in facts["parts"]:
        parts |= Q(version__version=part["version"], environment=part["environment"])
    judged = [part["policy"] for part in facts["parts"]]
    return Scope(
        Q(subject=model.ref) | subject_begins(f"{model.ref}/"), decided.filter(parts), _packs(decided, judged)
    )


def _of_period(report: Report, until: datetime) -> Scope:
    decided = decisions_of(report, until)
    verbs = Q(pk__in=[])
    for beginning in OF_THE_GATE:
        verbs |= Q(verb__startswith=beginning)
    when = Q(at__gte=report.since, at__lt=until)
    of_report = Q(subject=report.ref)
    return Scope(of_report | when & verbs, decided, _packs(decided, []))


def _of_framework(report: Report) -> Scope:
    """What people concluded of its controls, for all models and the organisation or for the one, and its own events."""
    framework = f"framework:{report.framework}"
    concluded = Q(subject__contains=f"/control:{report.framework}.")
    if report.model is not None:
        concluded &= subject_begins(f"{report.model.ref}/")
    of_controls = Q(verb__in=CONCLUDED) & (concluded | subject_begins(f"{framework}/"))
    events = Q(subject=report.ref) | Q(subject=framework) | of_controls
    return Scope(events, GateDecision.objects.none(), [])


def _packs(decided: QuerySet[GateDecision], judged: list[str | None]) -> list[PolicyPack]:
    """The policies that judged: for the report, and for the gate before it."""
    found = PolicyPack.objects.filter(
        Q(pk__in=decided.order_by().values("policy")) | Q(digest__in=[one for one in judged if one])
    )
    return list(found.order_by("name", "version"))
