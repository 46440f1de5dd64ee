"""The whole comparison of two versions of one model, in a fixed number of queries."""

from evaluations.models import EvaluationRun, JobStatus
from governance.portfolio.comparing import figures, parts
from governance.portfolio.comparing.data import data
from governance.portfolio.comparing.values import Comparison, Words
from policy.cards import load_card_schema
from registry.differences import near, word_diff
from registry.models import CardRevision, ModelVersion


def compare(then: ModelVersion, now: ModelVersion) -> Comparison:
    """What is different in `now`. Nothing of the model itself is compared: it is the same for both."""
    all_figures = [
        *figures.measured(_runs(then), _runs(now), names=(then.version, now.version)),
        figures.training(then.training_metrics, now.training_metrics),
    ]
    all_parts = [
        data(
            (then.trained_on, now.trained_on), (list(then.evaluated_on.all()), list(now.evaluated_on.all()))
        ),
        *parts.settings_of(then, now),
        parts.requirements(then.requirements, now.requirements),
        parts.columns(then, now),
        parts.files(then.files.all(), now.files.all()),
        parts.facts(then, now),
    ]
    cards = then.cards.select_related("author").first(), now.cards.select_related("author").first()
    words = _words(*cards)
    same = [part.title.lower() for part in all_parts if not part.rows and part.same]
    same += [_lowered(table.title) for table in all_figures if table.rows and not table.differs]
    same += ["card"] if cards[0] and cards[1] and not words else []
    return Comparison(
        figures=[table for table in all_figures if table.differs],
        parts=[part for part in all_parts if part.rows],
        card=words,
        card_note=_card_note(*cards, names=(then.version, now.version)) if words else "",
        unchanged=same,
    )


def _lowered(title: str) -> str:
    return title[:1].lower() + title[1:]


def _runs(version: ModelVersion) -> list[EvaluationRun]:
    """Those that succeeded, newest first."""
    rows = version.evaluations.filter(status=JobStatus.SUCCEEDED).select_related("dataset")
    return list(rows.order_by("-finished_at", "-pk"))


def _words(then: CardRevision | None, now: CardRevision | None) -> list[Words]:
    found = []
    for section in load_card_schema().sections:
        old = then.sections.get(section.id, "") if then else ""
        new = now.sections.get(section.id, "") if now else ""
        if old != new:
            found.append(Words(section.id, section.title, tuple(near(word_diff(old, new)))))
    return found


def _card_note(then: CardRevision | None, now: CardRevision | None, *, names: tuple[str, str]) -> str:
    if then is None or now is None:
        return f"Only version {names[1] if then is None else names[0]} has a card."
    return (
        f"Revision {then.number} by {then.author.name} against revision {now.number} by {now.author.name}, "
        "both as last saved."
    )
