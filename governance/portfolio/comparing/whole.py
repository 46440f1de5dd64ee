"""The whole comparison of two versions of one model, in a fixed number of queries."""

from collections.abc import Sequence

from evaluations.models import EvaluationRun
from evaluations.queries import measurements_of
from governance.portfolio.comparing import figures, parts
from governance.portfolio.comparing.data import data
from governance.portfolio.comparing.values import Comparison, Figures, Part, Row, Words
from policy.cards import load_card_schema
from registry.differences import near, word_diff
from registry.models import CardRevision, ModelVersion


def compare(then: ModelVersion, now: ModelVersion) -> Comparison:
    """What is different in `now`. Nothing of the model itself is compared: it is the same for both."""
    all_figures = [
        *figures.measured(_runs(then), _runs(now)),
        figures.training(then.training_metrics, now.training_metrics),
    ]
    cards = then.cards.select_related("author").first(), now.cards.select_related("author").first()
    all_parts = [
        one_sided([table for table in all_figures if table.is_one_sided], cards),
        data(
            (then.trained_on, now.trained_on), (list(then.evaluated_on.all()), list(now.evaluated_on.all()))
        ),
        *parts.settings_of(then, now),
        parts.requirements(then.requirements, now.requirements),
        parts.columns(then, now),
        parts.files(then.files.all(), now.files.all()),
        parts.facts(then, now),
    ]
    words = _words(*cards)
    same = [part.title.lower() for part in all_parts if not part.rows and part.same]
    same += [_lowered(table.title) for table in all_figures if table.rows and not table.differs]
    same += ["card"] if cards[0] and cards[1] and not words else []
    return Comparison(
        figures=[table for table in all_figures if table.differs and not table.is_one_sided],
        parts=[part for part in all_parts if part.rows],
        card=words,
        card_note=_card_note(*cards) if words else "",
        unchanged=same,
    )


def one_sided(tables: Sequence[Figures], cards: tuple[CardRevision | None, CardRevision | None]) -> Part:
    """Measurements and cards that only one of the two has."""
    rows = [
        Row(table.title, *(f"run {run}" if run is not None else "" for run in table.runs)) for table in tables
    ]
    if (cards[0] is None) != (cards[1] is None):
        said = (f"revision {card.number} by {card.author.name}" if card else "" for card in cards)
        rows.append(Row("Card", *said))
    return Part("one-sided", "Only one of them has", rows)


def _lowered(title: str) -> str:
    return title[:1].lower() + title[1:]


def _runs(version: ModelVersion) -> list[EvaluationRun]:
    """Those that succeeded, newest first."""
    return list(measurements_of(version).order_by("-finished_at", "-pk"))


def _words(then: CardRevision | None, now: CardRevision | None) -> list[Words]:
    found: list[Words] = []
    if then is None or now is None:
        return found
    for section in load_card_schema().sections:
        old, new = then.sections.get(section.id, ""), now.sections.get(section.id, "")
        if old != new:
            found.append(Words(section.id, section.title, tuple(near(word_diff(old, new)))))
    return found


def _card_note(then: CardRevision | None, now: CardRevision | None) -> str:
    if then is None or now is None:
        return ""
    return (
        f"Revision {then.number} by {then.author.name} against revision {now.number} by {now.author.name}, "
        "both as last saved."
    )
