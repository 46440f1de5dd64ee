"""What the parts of the document are filled from: the record of one version, read once."""

from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse

from accounts.models import User
from evaluations.models import EvaluationKind, EvaluationRun, EvaluationSchedule, JobStatus
from governance.compliance.facts import Record
from governance.compliance.queries import ModelCoverage
from policy.cards import complete
from registry.measures import Measures
from registry.models import Dataset, ModelVersion, RegisteredModel


@dataclass(frozen=True)
class Given:
    """Everything that is known, with the version's runs and data sets read when a part first asks."""

    version: ModelVersion
    record: Record
    measures: Measures
    covered: ModelCoverage
    organisation: str
    reader: User | None

    @property
    def model(self) -> RegisteredModel:
        """The use that the version implements."""
        return self.version.model

    @property
    def names(self) -> list[str]:
        """The version in addresses."""
        return [self.model.slug, self.version.version]

    def section(self, name: str) -> str:
        """What the card says in a section; empty where it says too little to count."""
        text = str(self.record.card.sections.get(name, "")) if self.record.card else ""
        return text if complete(text) else ""

    @cached_property
    def card_href(self) -> str:
        """The page of the card."""
        return reverse("registry:card", args=self.names)

    @cached_property
    def datasets(self) -> list[Dataset]:
        """What it was trained and measured on, each once: training data first."""
        version = self.version
        found = [version.trained_on] if version.trained_on else []
        measured = Dataset.objects.filter(
            evaluations__version=version, evaluations__status=JobStatus.SUCCEEDED
        )
        found += [*version.evaluated_on.all(), *measured.distinct()]
        return list({row.pk: row for row in found}.values())

    @cached_property
    def by_group(self) -> EvaluationRun | None:
        """The newest fairness run that was measured, with its result."""
        rows = EvaluationRun.objects.filter(
            version=self.version, kind=EvaluationKind.FAIRNESS, status=JobStatus.SUCCEEDED
        )
        return rows.select_related("dataset").order_by("-pk").first()

    @cached_property
    def schedules(self) -> list[EvaluationSchedule]:
        """Measurements that start again and again."""
        rows = EvaluationSchedule.objects.filter(model=self.model, active=True)
        return [row for row in rows.select_related("version") if row.version_id in (None, self.version.pk)]
