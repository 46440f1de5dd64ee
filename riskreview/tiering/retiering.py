"""What another questionnaire would make of the answers that exist: the preview before it comes into force."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from policy.questionnaire import Questionnaire, Tier
from policy.tiering import fitting, tier_of
from registry.models import RUNNING, Deployment, Environment, Lifecycle, RegisteredModel
from riskreview.models import TierAssessment


@dataclass(frozen=True)
class Move:
    """A model whose tier would be another one."""

    assessment: TierAssessment
    now: Tier
    unanswered: tuple[str, ...]  # questions that its answers leave open
    live: tuple[Deployment, ...]  # what runs of it

    @property
    def model(self) -> RegisteredModel:
        """The model."""
        return self.assessment.model

    @property
    def was(self) -> Tier:
        """The tier that counts today."""
        return Tier(self.assessment.tier)

    @property
    def up(self) -> bool:
        """Whether it would rise."""
        return self.now.order > self.was.order

    @property
    def runs_in(self) -> list[str]:
        """Labels of the environments where it runs, the most critical first."""
        found = {deployment.environment for deployment in self.live}
        return [label for name, label in reversed(Environment.choices) if name in found]


@dataclass(frozen=True)
class Preview:
    """What a questionnaire would change: the moves, those that rise first, among so many models with answers."""

    moves: tuple[Move, ...]
    models: int
    incomplete: int  # models that leave a question of it open

    @property
    def up(self) -> list[Move]:
        """What would rise."""
        return [move for move in self.moves if move.up]

    @property
    def down(self) -> list[Move]:
        """What would fall."""
        return [move for move in self.moves if not move.up]

    @property
    def deployments(self) -> int:
        """How much of that runs."""
        return sum(len(move.live) for move in self.moves)


def newest_assessments() -> QuerySet[TierAssessment]:
    """The answers that count: the newest ones of each model that is not retired."""
    newer = TierAssessment.objects.filter(model=OuterRef("model"), pk__gt=OuterRef("pk"))
    rows = TierAssessment.objects.exclude(model__lifecycle=Lifecycle.RETIRED).filter(~Exists(newer))
    return rows.select_related("model__owner").order_by("model__name", "pk")


def preview_of(questionnaire: Questionnaire) -> Preview:
    """Every model's tier today against the one under this questionnaire. What it asks anew counts as the worst."""
    moved: list[tuple[TierAssessment, Tier, tuple[str, ...]]] = []
    models = incomplete = 0
    for row in newest_assessments().iterator(chunk_size=500):
        models += 1
        kept = fitting(questionnaire, row.answers, row.flags)
        tier, floor = tier_of(questionnaire, kept.answers, kept.flags)
        unanswered = tuple(item.name for item in questionnaire.questions if item.id not in kept.answers)
        incomplete += bool(unanswered)
        if _moves(row, tier, floor):
            moved.append((row, tier, unanswered))
    live = running({row.model_id for row, *_ in moved})
    moves = [Move(row, tier, names, tuple(live[row.model_id])) for row, tier, names in moved]
    moves.sort(key=lambda move: (not move.up, -move.now.order, -len(move.live), move.model.name))
    return Preview(tuple(moves), models, incomplete)


def _moves(row: TierAssessment, tier: Tier, floor: Tier) -> bool:
    """Whether the tier that counts no longer follows from the answers, or lies under a floor.

    What an officer raised or lowered stays, as long as the answers give what they gave.
    """
    under = Tier(row.tier).order < floor.order
    return under or (tier != row.computed_tier and tier != row.tier)


def running(models: Collection[int]) -> dict[int, list[Deployment]]:
    """Model → what runs of it now."""
    found: dict[int, list[Deployment]] = defaultdict(list)
    rows = Deployment.objects.filter(RUNNING, version__model__in=models).select_related("version")
    for row in rows:
        found[row.version.model_id].append(row)
    return found
