"""The wish of an administrator that somebody holds a role of consequence, and what a second person made of it."""

from django.db import models
from django.db.models import F, Q

from accounts.models import Role, User


class WishState(models.TextChoices):
    """What became of the wish."""

    ASKED = "asked", "Waits for a second person"
    CONFIRMED = "confirmed", "Confirmed"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"
    ALONE = "alone", "Granted by one person"


class RoleWish(models.Model):
    """One administrator asked that a person holds a role; another person decided."""

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="role_wishes")
    role = models.CharField(max_length=32, choices=Role)
    state = models.CharField(max_length=12, choices=WishState, default=WishState.ASKED)
    why = models.TextField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "role"], condition=Q(state="asked"), name="one_open_role_wish"
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed")
                | Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by")) & ~Q(decided_by=F("person")),
                name="two_people_grant",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} as {self.get_role_display().lower()}"
