"""Which environments on GitHub wait for the gate, what GitHub asked, and every attempt to answer."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import User
from governance.gate.models import GateDecision
from governance.pipelines.models import TrustRule
from registry.models import Environment, RegisteredModel


class Guard(models.Model):
    """An environment on GitHub that waits for the gate: which model deploys there, and where that is here.

    Never changed: taken away, and another one made.
    """

    rule = models.ForeignKey(TrustRule, on_delete=models.PROTECT, related_name="guards")
    github_environment = models.CharField(max_length=120)
    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="+")
    environment = models.CharField(max_length=16, choices=Environment)
    tag_prefix = models.CharField(max_length=100, blank=True)  # "": the commit alone names the version
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    off_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["github_environment", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "github_environment"], condition=Q(off_at=None), name="one_guard_each"
            )
        ]

    def __str__(self) -> str:
        return self.github_environment


class QuestionState(models.TextChoices):
    """How a question of GitHub's fares."""

    WAITING = "waiting", "Waiting"
    ANSWERED = "answered", "Answered"
    GIVEN_UP = "given_up", "Not answered"


class Question(models.Model):
    """One delivery of GitHub's webhook. Whoever holds the lease answers; one that ran out is anybody's.

    GitHub signs the body alone, so a body counts once, whatever delivery it comes with.
    """

    NOT_ATTESTED: ClassVar = "A message and how it fares; what was decided and answered is on the record"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    delivery_id = models.CharField(max_length=100, unique=True)
    body_sha256 = models.CharField(max_length=64, unique=True)
    asked = models.JSONField()  # what GitHub said; see asked.py
    state = models.CharField(max_length=10, choices=QuestionState, default=QuestionState.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    try_at = models.DateTimeField()
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=10, blank=True)  # as GitHub took it: approved or rejected
    comment = models.TextField(blank=True)
    decision = models.ForeignKey(
        GateDecision, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["try_at"], condition=Q(state="waiting"), name="question_to_try")]

    def __str__(self) -> str:
        return self.delivery_id


class Attempt(models.Model):
    """One attempt to answer: what was said to GitHub, and why it was not taken."""

    NOT_ATTESTED: ClassVar = "Tells how a message fared; each decision is on the record by itself"

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    answer = models.CharField(max_length=10, blank=True)
    problem = models.CharField(max_length=300, blank=True)  # "" where it was taken

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.problem or self.answer
