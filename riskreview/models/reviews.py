"""Reviews, their rounds, and who is asked to answer them."""

from datetime import UTC, datetime, time

from django.db import models
from django.db.models import Q

from accounts.models import SIGNING_ROLES, Role, User
from policy.words import component, listed
from registry.models import Environment, ModelVersion

SIGNING = [(role.value, role.label) for role in SIGNING_ROLES]


class ReviewKind(models.TextChoices):
    """Why people are asked."""

    INITIAL = "initial", "Initial"
    CHANGE = "change", "Change"
    PERIODIC = "periodic", "Periodic"
    TARGETED = "targeted", "Targeted"
    INTERIM = "interim", "Interim"
    RETIREMENT = "retirement", "Retirement"


AFRESH = (ReviewKind.PERIODIC, ReviewKind.TARGETED, ReviewKind.RETIREMENT)
"""Kinds that every role answers anew, although earlier signatures may still count at the gate."""


class Review(models.Model):
    """The request that a version may run in an environment, and the place where people answer it.

    A retirement review asks the opposite: that the model may be taken out of use. Its signatures never open a gate.
    """

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="reviews")
    environment = models.CharField(max_length=16, choices=Environment)
    kind = models.CharField(max_length=12, choices=ReviewKind, default=ReviewKind.INITIAL)
    round = models.PositiveSmallIntegerField(default=1)
    note = models.TextField(blank=True)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="reviews_opened")
    opened_at = models.DateTimeField()
    due_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)  # interim: the last day on which an approval counts
    asked_at = models.DateTimeField(null=True, blank=True)  # the newest round after the first
    approved_at = models.DateTimeField(null=True, blank=True)  # first time that nothing was missing
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    closed_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "environment"],
                condition=Q(closed_at=None),
                name="one_open_review_per_environment",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | ~Q(closed_reason=""), name="review_closed_with_reason"
            ),
            models.CheckConstraint(
                condition=~Q(kind="interim") | Q(ends_on__isnull=False), name="interim_review_ends"
            ),
        ]

    def __str__(self) -> str:
        return f"Review of {self.version} for {self.environment}"

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"{self.version.ref}/review:{self.environment}"

    @property
    def is_open(self) -> bool:
        """Whether anybody may still act in it."""
        return self.closed_at is None

    @property
    def last_asked_at(self) -> datetime:
        """When the current round began."""
        return self.asked_at or self.opened_at

    @property
    def answered_at(self) -> datetime | None:
        """When this round had everything it asks for; None while it still waits."""
        since = self.approved_at
        return since if since is not None and since >= self.last_asked_at else None

    @property
    def approvals_end_at(self) -> datetime | None:
        """When the approvals of an interim review end: with its last day."""
        if self.kind != ReviewKind.INTERIM or self.ends_on is None:
            return None
        return datetime.combine(self.ends_on, time(23, 59, 59), UTC)

    @property
    def question(self) -> str:
        """What is asked, in a sentence."""
        if self.kind == ReviewKind.RETIREMENT:
            return f"May {self.version.model.name} be retired?"
        return f"May {self.version} run in {self.environment}?"


class ReviewRound(models.Model):
    """The owner's answer to a request for changes: what was changed, and asked again."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="rounds")
    number = models.PositiveSmallIntegerField()
    answer = models.TextField()
    changed = models.JSONField(default=list)  # names of the parts that moved since changes were requested
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["review", "number"], name="review_round_once"),
            models.CheckConstraint(condition=~Q(answer=""), name="review_round_with_answer"),
        ]

    def __str__(self) -> str:
        return f"{self.review}, round {self.number}"

    @property
    def changed_words(self) -> str:
        """The parts that moved, as a list in words."""
        return listed(component(name) for name in self.changed) if self.changed else ""


class ReviewAssignment(models.Model):
    """Somebody who is to answer a review in a role. Others of the role still may."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="assignments")
    role = models.CharField(max_length=32, choices=SIGNING)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assignments")
    assigned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    assigned_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["role", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["review", "role", "person"], condition=Q(ended_at=None), name="assigned_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} as {self.get_role_display()}"


class Recusal(models.Model):
    """Somebody who stepped back: they sign neither this review nor another of the same version and environment."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="recusals")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="recusals")
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["review", "person"], name="recused_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="recused_with_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.person}, recused from {self.review}"


class Delegation(models.Model):
    """For a period, another person may sign in a role in the name of its holder."""

    role = models.CharField(max_length=32, choices=SIGNING)
    holder = models.ForeignKey(User, on_delete=models.PROTECT, related_name="delegations_given")
    deputy = models.ForeignKey(User, on_delete=models.PROTECT, related_name="delegations_held")
    starts_on = models.DateField()
    ends_on = models.DateField()  # the last day
    reason = models.CharField(max_length=300)
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=models.F("starts_on")), name="delegation_ends_after_start"
            ),
            models.CheckConstraint(condition=~Q(holder=models.F("deputy")), name="delegation_to_another"),
            models.CheckConstraint(condition=~Q(reason=""), name="delegation_with_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.deputy} for {self.holder} as {self.get_role_display()}"

    @property
    def role_label(self) -> str:
        """The role in words."""
        return Role(self.role).label

    def is_live(self, at: datetime) -> bool:
        """Whether the deputy may act on it now."""
        return self.revoked_at is None and self.starts_on <= at.date() <= self.ends_on


class Comment(models.Model):
    """A remark in a review, or a reply to one. Decides nothing; a question stays open until it is resolved."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="comments")
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="replies", null=True, blank=True
    )
    anchor = models.CharField(max_length=120, blank=True)  # the piece of evidence that it is about
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="comments")
    text = models.TextField()
    written_at = models.DateTimeField()
    is_question = models.BooleanField(default=False)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)

    class Meta:
        ordering = ["written_at", "pk"]

    def __str__(self) -> str:
        return f"{self.author}: {self.text[:40]}"

    @property
    def is_open(self) -> bool:
        """Whether it is a question that nobody resolved."""
        return self.is_question and self.resolved_at is None
