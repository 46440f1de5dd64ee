"""Whom a review could go to: who is free and eligible in each role, and why others are not."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Role, User
from riskreview.judgement import Judged
from riskreview.models import Review, ReviewAssignment
from riskreview.reviews.eligibility import reasons_why_not
from riskreview.reviews.queries.reviews import given_in, missing_roles

MOST_LISTED = 50


@dataclass(frozen=True)
class Candidate:
    """A holder of a role: how many open reviews they have, or why they cannot."""

    person: User
    load: int
    why_not: str = ""

    @property
    def words(self) -> str:
        """For a list: the name and the load."""
        load = f"{self.load} open review{'' if self.load == 1 else 's'}" if self.load else "free"
        return f"{self.person.name}, {load}"


@dataclass(frozen=True)
class Seat:
    """A role that a review asks for: how far it is, who has it, who could."""

    role: str
    asked: int
    counting: int
    missing: bool
    assigned: tuple[ReviewAssignment, ...]
    free: tuple[Candidate, ...]
    others: tuple[Candidate, ...]

    @property
    def label(self) -> str:
        """The role in words."""
        return Role(self.role).label

    @property
    def quorum(self) -> str:
        """ "1 of 2" where more than one must sign."""
        return f"{self.counting} of {self.asked}" if self.asked > 1 else ""


def seats_of(review: Review, judged: Judged, *, at: datetime) -> list[Seat]:
    """Each role that is asked for, in the order of the policy; eligible people with the fewest reviews first."""
    roles = [item.role for item in judged.asked]
    missing = missing_roles(judged, review)
    open_now = ReviewAssignment.objects.filter(ended_at=None, review__closed_at=None)
    assigned = list(open_now.filter(review=review).select_related("person", "assigned_by"))
    loads = Counter(open_now.filter(review__approved_at=None).values_list("person_id", flat=True))
    holders = _holders(roles)
    found = []
    for item in judged.asked:
        mine = tuple(row for row in assigned if row.role == item.role)
        people = [
            candidate(judged, person, item.role, loads[person.pk], at=at) for person in holders[item.role]
        ]
        taken = {row.person_id for row in mine}
        free = sorted(
            (one for one in people if not one.why_not and one.person.pk not in taken),
            key=lambda one: (one.load, one.person.name),
        )
        others = tuple(one for one in people if one.why_not)[:MOST_LISTED]
        counting = _counting(judged, review, item.id, item.role, item.count)
        found.append(
            Seat(
                item.role, item.count, counting, item.role in missing, mine, tuple(free[:MOST_LISTED]), others
            )
        )
    return found


def candidate(judged: Judged, person: User, role: str, load: int, *, at: datetime) -> Candidate:
    """A holder of the role, with every reason against them."""
    reasons = reasons_why_not(judged, person.username, role, at=at, about=person.name)
    return Candidate(person, load, " ".join(reasons))


def _holders(roles: list[str]) -> dict[str, list[User]]:
    found: dict[str, list[User]] = {role: [] for role in roles}
    people = User.objects.filter(is_active=True, grants__role__in=roles).distinct()
    for person in people.prefetch_related("grants").order_by("last_name", "pk"):
        for grant in person.grants.all():
            if grant.role in found:
                found[grant.role].append(person)
    return found


def _counting(judged: Judged, review: Review, requirement: str, role: str, asked: int) -> int:
    """How many signatures of the role count."""
    result = next((item for item in judged.verdict.requirements if item.id == requirement), None)
    if result is not None and "signed" in result.detail:
        return int(result.detail["signed"])
    if result is not None and result.result == "satisfied":
        return asked
    return given_in(judged, review, role) if asked == 1 else 0
