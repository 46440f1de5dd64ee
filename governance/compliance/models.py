"""Imported frameworks, which of them apply, what people conclude of their controls, and who closes the gaps."""

from datetime import date

from django.db import models
from django.db.models import Q

from accounts.models import User
from evaluations.models import EvaluationRun
from registry.models import ModelVersion, RegisteredModel


class Origin(models.TextChoices):
    """In which shape a framework came in."""

    OWN = "own", "Countersign YAML"
    OSCAL = "oscal", "OSCAL catalog"
    CISO_ASSISTANT = "ciso_assistant", "CISO Assistant library"


class FrameworkVersion(models.Model):
    """One version of a framework as somebody brought it in. Never changed: the newest one of its id counts."""

    framework = models.CharField(max_length=64)
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    digest = models.CharField(max_length=71, unique=True)
    content = models.JSONField()  # as framework.from_document reads it
    origin = models.CharField(max_length=16, choices=Origin)
    text = models.TextField()  # of the file, as it came
    note = models.TextField()
    imported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    imported_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["framework", "number"], name="framework_number_once"),
            models.CheckConstraint(condition=~Q(note=""), name="framework_imported_with_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, import {self.number}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"framework:{self.framework}"


class Stance(models.TextChoices):
    """What somebody decided by hand. By the rules: what jurisdiction, use and tier say counts again."""

    APPLIES = "applies", "Applies"
    DOES_NOT = "does_not", "Does not apply"
    BY_RULES = "by_rules", "As the rules say"


class Scoping(models.Model):
    """One decision about whether a framework applies to a model, or (no model) whether the organisation follows it.

    Never changed: the newest one counts.
    """

    framework = models.CharField(max_length=64)
    model = models.ForeignKey(
        RegisteredModel, on_delete=models.PROTECT, related_name="scopings", null=True, blank=True
    )
    stance = models.CharField(max_length=10, choices=Stance)
    from_tier = models.CharField(
        max_length=12, blank=True
    )  # the organisation's: the lowest tier that it is for
    rationale = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["model", "framework"], name="scoping_by_model")]
        constraints = [models.CheckConstraint(condition=~Q(rationale=""), name="scoped_with_reason")]

    def __str__(self) -> str:
        return f"{self.framework}: {self.get_stance_display()}"


class Verdict(models.TextChoices):
    """What a person says of a control. Taken back: nothing any more."""

    SATISFIED = "satisfied", "Satisfied"
    PARTLY = "partly", "Partly satisfied"
    NOT_SATISFIED = "not_satisfied", "Not satisfied"
    NOT_APPLICABLE = "not_applicable", "Not applicable"
    TAKEN_BACK = "taken_back", "Taken back"


GIVEN = (Verdict.SATISFIED, Verdict.PARTLY, Verdict.NOT_SATISFIED, Verdict.NOT_APPLICABLE)
"""What somebody can conclude."""


class Conclusion(models.Model):
    """What a person concluded of one control, for a model, for a team, or (neither) for the organisation.

    Bound to the control's own words and to the evidence as it was. Never changed: the newest one counts.
    """

    framework = models.CharField(max_length=64)
    control = models.CharField(max_length=80)
    model = models.ForeignKey(
        RegisteredModel, on_delete=models.PROTECT, related_name="conclusions", null=True, blank=True
    )
    team = models.CharField(max_length=80, blank=True)  # as the inventory names it
    verdict = models.CharField(max_length=16, choices=Verdict)
    rationale = models.TextField()
    until = models.DateField(null=True, blank=True)  # the last day on which it counts
    control_digest = models.CharField(max_length=71)
    control_title = models.CharField(max_length=500)  # as it read then
    framework_version = models.CharField(max_length=200)
    framework_digest = models.CharField(max_length=71)
    evidence = models.JSONField(default=dict)  # kind → digest of what was there
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["model", "framework", "control"], name="conclusion_by_control"),
            models.Index(fields=["until"], name="conclusion_until"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(rationale=""), name="concluded_with_reason"),
            models.CheckConstraint(
                condition=Q(verdict="taken_back") | Q(until__isnull=False), name="conclusion_ends"
            ),
            models.CheckConstraint(condition=Q(team="") | Q(model=None), name="concluded_of_team_or_model"),
        ]

    def __str__(self) -> str:
        return f"{self.control}: {self.get_verdict_display()}"


class OutsideEvidence(models.Model):
    """Evidence that is kept elsewhere: what it is, where, and until when it holds. No model: the organisation's."""

    model = models.ForeignKey(
        RegisteredModel, on_delete=models.PROTECT, related_name="outside_evidence", null=True, blank=True
    )
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    place = models.CharField(max_length=300)  # an address, or where to find it
    sha256 = models.CharField(max_length=64, blank=True)
    holds_until = models.DateField(null=True, blank=True)
    attached_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    attached_at = models.DateTimeField()
    detached_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    detached_at = models.DateTimeField(null=True, blank=True)
    detached_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(detached_at=None) | Q(detached_by__isnull=False) & ~Q(detached_reason=""),
                name="evidence_detached_with_reason",
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_link(self) -> bool:
        """Whether the place can be opened."""
        return self.place.startswith(("https://", "http://"))


class Gap(models.Model):
    """What a control lacks, given to somebody with a date. No model: the organisation's."""

    framework = models.CharField(max_length=64)
    control = models.CharField(max_length=80)
    model = models.ForeignKey(
        RegisteredModel, on_delete=models.PROTECT, related_name="coverage_gaps", null=True, blank=True
    )
    title = models.CharField(max_length=500)  # of the control, as it read then
    lacks = models.TextField()  # what is to be done
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="coverage_gaps")
    due_on = models.DateField()
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_note = models.TextField(blank=True)

    class Meta:
        ordering = ["due_on", "pk"]
        indexes = [models.Index(fields=["closed_at", "due_on"], name="gap_due")]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "framework", "control"],
                condition=Q(closed_at=None, model__isnull=False),
                name="one_open_gap_of_a_model",
            ),
            models.UniqueConstraint(
                fields=["framework", "control"],
                condition=Q(closed_at=None, model=None),
                name="one_open_gap_of_the_organisation",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closed_by__isnull=False) & ~Q(closed_note=""),
                name="gap_closed_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"G-{self.pk} {self.title}"

    def is_overdue(self, today: date) -> bool:
        """Whether its date has passed while it is open."""
        return self.closed_at is None and self.due_on < today


class AuditData(models.TextChoices):
    """Which data a bias audit rests on (6 RCNY 5-302)."""

    HISTORICAL = "historical", "Historical data of the tool"
    TEST = "test", "Test data"


class AuditRate(models.TextChoices):
    """Whether the tool selects people or scores them (6 RCNY 5-301 b, c)."""

    SELECTION = "selection", "It selects, or sorts into groups"
    SCORING = "scoring", "It scores"


class BiasAudit(models.Model):
    """A bias audit under New York City's Local Law 144, as somebody recorded it, on a fairness run that never changes.

    Never changed but for its withdrawal: the newest one of a model that stands counts.
    """

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="bias_audits")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="bias_audits")
    run = models.ForeignKey(EvaluationRun, on_delete=models.PROTECT, related_name="bias_audits")
    result_digest = models.CharField(max_length=71)  # of the run, as it was
    rate = models.CharField(max_length=12, choices=AuditRate)
    auditor = models.CharField(max_length=200)
    independence = models.TextField()  # why the auditor is independent
    audited_on = models.DateField()
    distributed_on = models.DateField()  # the first use of the tool
    data_kind = models.CharField(max_length=12, choices=AuditData)
    data_source = models.TextField()  # where the data are from, and why they fit
    data_until = models.DateField()  # the last day that they cover
    columns = models.JSONField()  # "sex", "race" → the column of the run, "" where none
    categories = models.JSONField()  # "sex", "race" → value of the column → category, "" for unknown
    left_out = models.JSONField(default=list, blank=True)  # categories under 2% without an impact ratio
    left_out_reason = models.TextField(blank=True)
    published_at = models.CharField(max_length=300, blank=True)  # where the summary is posted
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(left_out=[]) | ~Q(left_out_reason=""), name="categories_left_out_with_reason"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(withdrawn_by__isnull=False) & ~Q(withdrawn_reason=""),
                name="bias_audit_withdrawn_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"Bias audit of {self.audited_on.isoformat()} by {self.auditor}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"{self.model.ref}/bias-audit:{self.pk}"
