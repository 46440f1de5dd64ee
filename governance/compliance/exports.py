"""Coverage as a file: a row for each model, framework and control. Who took it stands in the record."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice

from django.db.models import QuerySet
from django.http.response import HttpResponseBase

from audit.actor import Actor
from audit.verbs import Verb
from governance.compliance.coverage import Standing
from governance.compliance.library import every, frameworks
from governance.compliance.queries import ModelCoverage, coverage_of
from registry.models import RegisteredModel
from registry.spreadsheets import Export

CHUNK = 100
HEADER = (
    *("model", "name", "version", "tier", "framework", "framework_version", "applies_because"),
    *("control", "ref", "title", "state", "evidence_there", "evidence_stale", "evidence_missing"),
    *("conclusion", "concluded_by", "concluded_at", "until", "outdated", "rationale"),
    *("gap_owner", "gap_due_on"),
)
EXPORT = Export(Verb.COVERAGE_EXPORTED, name="coverage", sheet="Coverage", header=HEADER)


def download(
    kind: str,
    models: QuerySet[RegisteredModel] | Sequence[RegisteredModel],
    filters: Mapping[str, str],
    *,
    actor: Actor,
    at: datetime,
    only: str = "",
) -> HttpResponseBase:
    """All models that match, not only the page; `only` is one framework. Counted are models."""
    rows = _rows(models, only, at.date())
    return EXPORT.taken(kind, rows, count=len(models), filters=filters, actor=actor, at=at)


def _rows(
    models: QuerySet[RegisteredModel] | Sequence[RegisteredModel], only: str, today: date
) -> Iterator[list[str]]:
    known = {only: found} if (found := every().get(only)) else frameworks()
    rest = iter(models)
    while chunk := list(islice(rest, CHUNK)):
        for covered in coverage_of(chunk, today=today, known=known):
            for name, standings in covered.standings.items():
                if only in ("", name):
                    for row in standings:
                        yield _cells(covered, name, row)


def _cells(covered: ModelCoverage, framework: str, row: Standing) -> list[str]:
    answer, given, gap = covered.applicable[framework], row.conclusion, row.gap
    record = covered.record
    kinds = {
        state: " ".join(held.kind for held in row.held if held.state == state)
        for state in ("present", "stale", "missing")
    }
    return [
        *(covered.model.slug, covered.model.name, record.version.version if record.version else ""),
        *(record.tier.tier if record.tier else "", framework, answer.framework.version, answer.why),
        *(row.control.id, row.control.ref, row.control.title, row.state),
        *(kinds["present"], kinds["stale"], kinds["missing"]),
        *(given.verdict if given else "", given.by.name if given else ""),
        *(given.at.isoformat() if given else "", given.until.isoformat() if given and given.until else ""),
        *(" ".join(row.outdated), given.rationale if given else ""),
        *(gap.owner.username if gap else "", gap.due_on.isoformat() if gap else ""),
    ]
