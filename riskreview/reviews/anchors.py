"""The pieces of evidence that a thread can be about: requirements, parts, sections of the card, runs."""

from datetime import datetime

from evaluations.models import EvaluationRun, JobStatus
from policy.cards import load_card_schema
from policy.words import component
from riskreview.judgement import Judged, judge_review
from riskreview.models import Review

MOST_RUNS = 50


def anchors_of(review: Review, *, at: datetime, judged: Judged | None = None) -> dict[str, str]:
    """Anchor → its words, in the order in which the page shows them."""
    judged = judged or judge_review(review, at=at)
    found = {f"requirement.{item.id}": item.title for item in judged.verdict.requirements}
    found |= {f"part.{name}": component(name).capitalize() for name in judged.components}
    found |= {f"card.{section.id}": f"Card: {section.title}" for section in load_card_schema().sections}
    runs = EvaluationRun.objects.filter(version=review.version_id, status=JobStatus.SUCCEEDED).defer("result")
    for run in runs.order_by("-pk")[:MOST_RUNS]:
        found[f"run.{run.pk}"] = f"Run {run.pk}, {run.get_kind_display().lower()}"
    return found


def words_of(anchor: str, known: dict[str, str]) -> str:
    """What a thread is about, also when the policy or the evidence has moved on since."""
    return known.get(anchor) or anchor.partition(".")[2].replace(".", " ").replace("_", " ")
