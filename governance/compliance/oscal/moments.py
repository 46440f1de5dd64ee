"""When the newest of what a document tells of happened."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from governance.compliance.coverage import Standing
from governance.compliance.queries import ModelCoverage

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def changed_at(models: Iterable[ModelCoverage], programme: Iterable[Standing] = ()) -> datetime:
    """The newest moment among models, evidence, conclusions and gaps, and of conclusions that ran out.

    A change of a model's own entry has no moment here; the document's version tells it.
    """
    found = [moment for one in models for moment in _of_model(one)]
    found += [moment for row in programme for moment in _of_standing(row, None)]
    return max(found, default=BEGINNING)


def _of_model(covered: ModelCoverage) -> Iterator[datetime]:
    yield covered.model.created_at
    if covered.record.version is not None:
        yield covered.record.version.registered_at
    for rows in covered.standings.values():
        for row in rows:
            yield from _of_standing(row, covered.record.today)


def _of_standing(row: Standing, today: date | None) -> Iterator[datetime]:
    for held in row.held:
        for piece in held.pieces:
            if piece.on is not None:
                yield _midnight(piece.on)
    if row.gap is not None:
        yield row.gap.opened_at
    if (given := row.conclusion) is not None:
        yield given.at
        if given.until is not None and today is not None and given.until < today:
            yield _midnight(given.until + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
