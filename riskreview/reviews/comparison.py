"""What changed since somebody's last signature, said in words and numbers that a reader can check."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.urls import reverse

from accounts.models import User
from evaluations.models import EvaluationRun, JobStatus
from evaluations.tiles import shown_of
from policy.cards import load_card_schema
from policy.evidence import canonical_digest, changed
from policy.metrics import label_of
from policy.words import component, listed
from registry.differences import Piece, near, word_diff
from registry.models import CardRevision, ModelVersion
from riskreview.judgement import Judged
from riskreview.models import Finding, Review, Risk, SignOff, TierAssessment

MOST_SECTIONS = 4


@dataclass(frozen=True)
class Words:
    """A text that changed, word by word."""

    title: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Figure:
    """A number then and now, with the interval of now."""

    label: str
    then: float | None
    now: float | None
    low: float | None
    high: float | None

    @property
    def change(self) -> str:
        """The difference with its sign."""
        if self.then is None or self.now is None:
            return ""
        difference = self.now - self.then
        return f"{difference:+.3f}" if abs(difference) >= 0.0005 else "0.000"


@dataclass(frozen=True)
class Part:
    """One part of the evidence that changed."""

    name: str
    text: str
    href: str = ""
    link: str = ""
    words: Sequence[Words] = ()
    figures: Sequence[Figure] = ()


@dataclass(frozen=True)
class Changes:
    """Everything that changed since a signature, and the names of what did not."""

    since: SignOff
    parts: Sequence[Part]
    unchanged: Sequence[str]

    @property
    def same(self) -> str:
        """What did not change, as a list in words."""
        return listed(self.unchanged)

    @property
    def total(self) -> int:
        """How many parts the evidence has, then or now."""
        return len(self.parts) + len(self.unchanged)


def last_signature(review: Review, user: User) -> SignOff | None:
    """The person's newest signature in this review that was not withdrawn."""
    return review.signoffs.filter(signer=user, withdrawn_at=None).order_by("-pk").first()


def changes_since(review: Review, signoff: SignOff, judged: Judged) -> Changes:
    """What of the evidence differs from what the signature was bound to."""
    version = review.version
    moved = changed(signoff.components, judged.components)
    parts = [_part(version, signoff, name) for name in moved]
    unchanged = [component(name) for name in judged.components if name not in moved]
    return Changes(signoff, parts, unchanged)


def _part(version: ModelVersion, signoff: SignOff, name: str) -> Part:
    if name == "card":
        return _card(version, signoff.components.get(name, ""))
    if name == "tier":
        return _tier(version, signoff.components.get(name, ""))
    if name == "risks":
        return _risks(version, signoff)
    if name.startswith("evaluation."):
        return _evaluation(version, signoff, name)
    if name == "findings":
        return _findings(version, signoff)
    href = reverse("registry:files", args=[version.model.slug, version.version])
    return Part(component(name), "It is not the same as then.", href, "Files")


def _findings(version: ModelVersion, signoff: SignOff) -> Part:
    rows = Finding.objects.filter(Q(version=version) | Q(version=None), model=version.model_id).order_by("pk")
    told = [f"{row} was raised." for row in rows.filter(raised_at__gt=signoff.signed_at, ended_at=None)] + [
        f"{row} is {row.get_state_display().lower()}." for row in rows.filter(ended_at__gt=signoff.signed_at)
    ]
    href = f"{reverse('riskreview:findings')}?view=all&model={version.model.slug}"
    return Part("findings", " ".join(told) or "They are not the same as then.", href, "Findings")


def _card(version: ModelVersion, before: str) -> Part:
    names = [version.model.slug, version.version]
    href = reverse("registry:card", args=names)
    now = version.cards.select_related("author").first()
    if now is None:
        return Part("card", "There is no card any more.", href, "Card")
    then = version.cards.filter(digest=before).order_by("-number").first()
    if then is None:
        return Part("card", f"Revision {now.number} by {now.author.name}; there was none then.", href, "Card")
    text = f"Revision {then.number} to {now.number}, by {now.author.name}."
    if now.note:
        text = f"{text} “{now.note}”"
    words = _sections(then, now)
    return Part("card", text, f"{href}?since={then.number}", "Whole card diff", words)


def _sections(then: CardRevision, now: CardRevision) -> list[Words]:
    found = []
    for section in load_card_schema().sections:
        before, after = then.sections.get(section.id, ""), now.sections.get(section.id, "")
        if before != after:
            found.append(Words(section.title, tuple(near(word_diff(before, after)))))
    return found[:MOST_SECTIONS]


def _tier(version: ModelVersion, before: str) -> Part:
    href = reverse("riskreview:tier", args=[version.model.slug])
    rows = TierAssessment.objects.filter(model=version.model_id).select_related("confirmed_by")
    now, then = rows.first(), rows.filter(digest=before).first()
    if now is None:
        return Part("tier", "There is no tier any more.", href, "Answers")
    state = f"confirmed by {now.confirmed_by.name}" if now.confirmed_by else "not confirmed yet"
    if then is None:
        return Part("tier", f"{now.tier.capitalize()}, {state}.", href, "Answers")
    same = "again" if then.tier == now.tier else f"from {then.tier}"
    return Part("tier", f"{now.tier.capitalize()} {same}, {state}.", href, "Answers")


def _risks(version: ModelVersion, signoff: SignOff) -> Part:
    href = reverse("riskreview:model_risks", args=[version.model.slug])
    rows = Risk.objects.filter(model=version.model_id, changed_at__gt=signoff.signed_at).order_by(
        "-changed_at"
    )
    moved = [f"R-{risk.pk} ({risk.title.lower()}, {risk.get_state_display().lower()})" for risk in rows]
    if not moved:
        return Part("risks", "The register is not the same as then.", href, "Risks")
    more = f" and {len(moved) - MOST_SECTIONS} more" if len(moved) > MOST_SECTIONS else ""
    told = ", ".join(moved[:MOST_SECTIONS]) if more else listed(moved)
    return Part("risks", f"Changed since: {told}{more}.", href, "Risks")


def _evaluation(version: ModelVersion, signoff: SignOff, name: str) -> Part:
    kind = name.removeprefix("evaluation.")
    rows = EvaluationRun.objects.filter(version=version, kind=kind, status=JobStatus.SUCCEEDED)
    runs = list(rows.select_related("dataset").order_by("finished_at", "pk"))
    now = _newest(runs)
    if not now:
        return Part(component(name), "No run of this kind counts any more.")
    href = reverse("evaluations:run", args=[now[-1].pk])
    then = _newest([run for run in runs if run.finished_at and run.finished_at <= signoff.signed_at])
    if canonical_digest(sorted(run.result_digest for run in then)) != signoff.components.get(name):
        then = []
    known = {run.dataset_id: run for run in then}
    fresh = [run for run in now if run.result_digest not in {old.result_digest for old in then}]
    texts = [_runs(known.get(run.dataset_id), run) for run in fresh]
    figures = [figure for run in fresh for figure in _figures(known.get(run.dataset_id), run)]
    return Part(component(name), " ".join(texts), href, f"Run {now[-1].pk}", figures=figures)


def _newest(runs: Iterable[EvaluationRun]) -> list[EvaluationRun]:
    """The newest of each data set, from runs in order of time."""
    newest: dict[int, EvaluationRun] = {}
    for run in runs:
        newest.pop(run.dataset_id, None)
        newest[run.dataset_id] = run
    return list(newest.values())


def _runs(then: EvaluationRun | None, now: EvaluationRun) -> str:
    if then is None:
        return f"Run {now.pk} on {now.dataset}; there was none then."
    return f"Run {then.pk} to run {now.pk}, on {now.dataset}."


def _figures(then: EvaluationRun | None, now: EvaluationRun) -> list[Figure]:
    before: Mapping[str, Any] = ((then.result if then else None) or {}).get("overall", {})
    after: Mapping[str, Any] = (now.result or {}).get("overall", {})
    return [
        Figure(
            label_of(name),
            before.get(name, {}).get("value"),
            after[name].get("value"),
            after[name].get("low"),
            after[name].get("high"),
        )
        for name in shown_of(now.kind)
        if name in after
    ]
