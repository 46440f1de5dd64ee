"""Who stands in for whom, now and soon, and who could."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Role, User
from policy.delegation import stands_in
from riskreview.models import Delegation

MOST_SHOWN = 100


@dataclass(frozen=True)
class Shown:
    """A delegation, how it stands, and whether the reader may end it."""

    row: Delegation
    shape: str
    word: str
    may_end: bool


def delegations_shown(reader: User, *, at: datetime) -> list[Shown]:
    """All of them, for everybody may know in whose name a person signs: running and coming ones first."""
    rows = Delegation.objects.select_related("holder", "deputy", "given_by", "revoked_by")[:MOST_SHOWN]
    shown = [_shown(row, reader, at) for row in rows]
    return sorted(shown, key=lambda item: item.word not in ("Running", "To come"))


def _shown(row: Delegation, reader: User, at: datetime) -> Shown:
    today = at.date()
    if row.revoked_at is not None:
        return Shown(row, "na", "Ended early", False)
    if row.ends_on < today:
        return Shown(row, "na", "Ended", False)
    may_end = reader.pk in (row.holder_id, row.deputy_id) or reader.is_administrator
    if row.starts_on > today:
        return Shown(row, "todo", "To come", may_end)
    return Shown(row, "ok", "Running", may_end)


def deputies_for(roles: Iterable[str], holder: User) -> list[tuple[str, str]]:
    """User name and words of everybody who could stand in for one of these roles."""
    able = {name for role in roles for name in stands_in(role)}
    people = User.objects.filter(is_active=True, grants__role__in=able).exclude(pk=holder.pk).distinct()
    return [
        (
            person.username,
            f"{person.name} ({', '.join(Role(role).label.lower() for role in sorted(person.roles & able))})",
        )
        for person in people.order_by("last_name", "pk")
    ]
