"""A bias audit as it is shown: the tables, what was recorded about it, and what is missing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from evaluations.models import EvaluationRun
from governance.compliance.bias_audit.measured import (
    columns_of,
    counts_by,
    guessed_category,
    guessed_columns,
    people_in,
    values_of,
)
from governance.compliance.bias_audit.table import CATEGORIES, AuditTable, audit_table
from governance.compliance.models import AuditData, AuditRate, BiasAudit
from policy.evidence import canonical_digest
from policy.words import listed
from registry.models import RegisteredModel

WORDS = {"sex": "sex", "race": "race and ethnicity"}
NOTE = (
    "The law and its rule set no threshold. The four-fifths rule is another one's (29 CFR 1607.4 D) and decides "
    "nothing here. Nor do they ask for intervals: these show how far chance alone could move a ratio (95%, on the log "
    "scale, by Katz and others 1978, Biometrics 34, 469-474), each category against the one with the highest rate, as "
    "if that had been named beforehand."
)


@dataclass(frozen=True)
class Meant:
    """How the columns of a run are read: which is sex, which is race, and the category of each value."""

    rate: str
    columns: Mapping[str, str]
    categories: Mapping[str, Mapping[str, str]]
    left_out: Sequence[str] = ()


@dataclass(frozen=True)
class Shown:
    """One audit: recorded, or (no `audit`) a draft of what the newest run would give."""

    model: RegisteredModel
    run: EvaluationRun
    audit: BiasAudit | None
    meant: Meant
    tables: tuple[AuditTable, ...]
    people: int
    median: float | None
    missing: tuple[str, ...]

    @property
    def scores(self) -> bool:
        """Whether rates are scoring rates."""
        return self.meant.rate == AuditRate.SCORING

    @property
    def rate_label(self) -> str:
        """What the rate is called."""
        return "Scoring rate" if self.scores else "Selection rate"

    @property
    def hits_label(self) -> str:
        """What those are who count for the rate."""
        return "Above the median" if self.scores else "Selected"

    @property
    def filename(self) -> str:
        """Without an ending."""
        on = self.audit.audited_on.isoformat() if self.audit else "draft"
        return f"{self.model.slug}-bias-audit-{on}"


def drafted(model: RegisteredModel, run: EvaluationRun, *, today: date) -> Shown:
    """What a run would give, read by the names of its columns and values."""
    result = run.result or {}
    columns = guessed_columns(result)
    categories = {
        part: {value: guessed_category(part, value) for value in values_of(result, column)} if column else {}
        for part, column in columns.items()
    }
    meant = Meant(AuditRate.SELECTION, columns, categories)
    return _shown(model, run, None, meant, today)


def recorded(audit: BiasAudit, *, today: date) -> Shown:
    """An audit that somebody recorded, with its tables."""
    meant = Meant(audit.rate, audit.columns, audit.categories, tuple(audit.left_out))
    return _shown(audit.model, audit.run, audit, meant, today)


def tables_of(run: EvaluationRun, meant: Meant) -> tuple[AuditTable, ...]:
    """By sex, by race and ethnicity, and by both, as far as the run was measured by them."""
    result, columns = run.result or {}, meant.columns
    total = people_in(result)
    found = []
    for part, names in (("sex", ("sex",)), ("race", ("race",)), ("both", ("sex", "race"))):
        if not total or not all(columns.get(name) for name in names):
            continue
        counts = counts_by(result, [columns[name] for name in names], meant.rate)
        maps = [meant.categories.get(name, {}) for name in names]
        table = audit_table(part, counts, maps, total=total, left_out=meant.left_out)
        if table.lines:
            found.append(table)
    return tuple(found)


def _shown(
    model: RegisteredModel, run: EvaluationRun, audit: BiasAudit | None, meant: Meant, today: date
) -> Shown:
    tables = tables_of(run, meant)
    result = run.result or {}
    median = result.get("curves", {}).get("median_score") if meant.rate == AuditRate.SCORING else None
    missing = (*_not_measured(run, meant, tables, median), *_not_said(audit, today))
    return Shown(model, run, audit, meant, tables, people_in(result), median, missing)


def _not_measured(
    run: EvaluationRun, meant: Meant, tables: Sequence[AuditTable], median: float | None
) -> Iterator[str]:
    result, given = run.result or {}, {table.id for table in tables}
    by = listed(columns_of(result) or ["nothing"])
    for part, word in WORDS.items():
        if not meant.columns.get(part):
            yield f"No column of run {run.pk} holds {word}: people were grouped by {by}. Measure on data that hold it."
        elif part not in given:
            yield f"No value of column {meant.columns[part]} is mapped to a category of {word}."
        unmapped = [value for value, name in meant.categories.get(part, {}).items() if not name]
        if part in given and unmapped:
            yield f"Counted as unknown {word}: {listed(unmapped)}. Map them if they are known."
    if {"sex", "race"} <= given and "both" not in given:
        yield "The run holds no groups of sex and race together, so intersections cannot be told."
    if meant.rate == AuditRate.SCORING and median is None:
        yield "The run does not hold the median score of all people, which the rule asks for. Measure again."
    absent = [name for name in CATEGORIES["race"] if "race" in given and name not in _named(tables)]
    if absent:
        yield f"Nobody in the data is of these categories: {listed(absent)}."


def _named(tables: Sequence[AuditTable]) -> set[str]:
    return {line.category for table in tables for line in table.lines}


def _not_said(audit: BiasAudit | None, today: date) -> Iterator[str]:
    if audit is None:
        yield (
            "Nobody recorded an audit: the auditor, the dates and the source of the data are not known. This is a "
            "draft, read by the names of columns and values."
        )
        return
    if (today - audit.audited_on).days > 365:
        yield f"The audit is older than one year: it was done on {audit.audited_on.isoformat()}."
    if not audit.published_at:
        yield "Where the summary is posted is not recorded. It stays up for six months after the last use."
    if audit.data_kind == AuditData.TEST:
        yield "It rests on test data: the summary must say why history was not used, and how the data were made."
    if audit.withdrawn_at is not None:
        yield f"It was withdrawn: {audit.withdrawn_reason}"


def told(shown: Shown) -> dict[str, Any]:
    """The audit as plain values, with the digest of all that it says."""
    audit = shown.audit
    content: dict[str, Any] = {
        "document": "nyc-ll144-bias-audit",
        "model": shown.model.slug,
        "version": shown.run.version.version,
        "run": str(shown.run.uuid),
        "result_digest": shown.run.result_digest,
        "dataset": str(shown.run.dataset),
        "recorded": _recorded(audit) if audit else None,
        "rate": shown.meant.rate,
        "median_score": shown.median,
        "people": shown.people,
        "columns": dict(shown.meant.columns),
        "categories": {part: dict(known) for part, known in shown.meant.categories.items()},
        "tables": [
            {
                "by": table.id,
                "unknown": table.unknown,
                "categories": [{**asdict(line), "rate": line.rate} for line in table.lines],
            }
            for table in shown.tables
        ],
        "missing": list(shown.missing),
        "note": NOTE,
    }
    return {**content, "digest": canonical_digest(content)}


def _recorded(audit: BiasAudit) -> dict[str, Any]:
    return {
        "auditor": audit.auditor,
        "independence": audit.independence,
        "audited_on": audit.audited_on.isoformat(),
        "distributed_on": audit.distributed_on.isoformat(),
        "data_kind": audit.data_kind,
        "data_source": audit.data_source,
        "data_until": audit.data_until.isoformat(),
        "left_out_reason": audit.left_out_reason,
        "published_at": audit.published_at,
        "recorded_by": audit.recorded_by.username,
        "recorded_at": audit.recorded_at.isoformat(),
        "withdrawn": audit.withdrawn_at is not None,
    }
