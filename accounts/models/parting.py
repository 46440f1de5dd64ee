"""Taking the name of somebody who left out of the tables: asked by one person, done by another."""

from django.db import models
from django.db.models import F, Q

from accounts.models.people import User


class Parting(models.Model):
    """One person asked that a leaver's name goes; once another confirmed, it is gone, and the account closed."""

    person = models.OneToOneField(User, on_delete=models.PROTECT, related_name="parting")
    why = models.TextField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at=None, confirmed_by=None)
                | Q(done_at__isnull=False, confirmed_by__isnull=False) & ~Q(confirmed_by=F("asked_by")),
                name="two_people_part",
            )
        ]

    def __str__(self) -> str:
        return f"Parting of {self.person}"
