"""One thing that somebody can do, and what about it deserves a look."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models

UNUSED_AFTER = timedelta(days=90)


class Kind(models.TextChoices):
    """Where the right comes from."""

    ROLE = "role", "Role"
    MODEL = "model", "Model"
    TEAM = "team", "Team"
    KEY = "key", "API key"
    PIPELINE = "pipeline", "Pipeline"
    STAND_IN = "stand_in", "Stand-in"
    WORK = "work", "Open work"


class Flag(models.TextChoices):
    """Why it deserves a look."""

    UNUSED = "unused", "Not used for 90 days"
    BOTH = "both", "Administers and signs"
    ALONE = "alone", "Given by one person"
    DISABLED = "disabled", "Account disabled"
    NO_EXPIRY = "no_expiry", "Never ends"


@dataclass(frozen=True)
class Entitlement:
    """What somebody or something can do, since when and by whose hand. Unknown times are None, unknown names empty.

    `name` is stable text such as "role:ada/validator"; `holder` is a user name, or "" for a pipeline.
    """

    name: str
    kind: Kind
    holder: str
    holder_name: str
    what: str
    since: datetime | None = None
    given_by: str = ""
    last_used: datetime | None = None
    ends: datetime | None = None
    flags: tuple[Flag, ...] = ()

    @property
    def labels(self) -> list[str]:
        """The flags in words."""
        return [str(flag.label) for flag in self.flags]


def is_unused(since: datetime | None, last_used: datetime | None, at: datetime) -> bool:
    """Whether nobody used it for long. What is younger than that had no time to be used."""
    newest = max((moment for moment in (since, last_used) if moment is not None), default=None)
    return newest is not None and at - newest > UNUSED_AFTER
