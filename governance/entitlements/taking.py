"""Taking away what a review found that nobody needs, by the same actions as on the page of each thing."""

from datetime import datetime

from accounts.actions import revoke_key, revoke_role
from accounts.models import ApiKey, Role, User
from accounts.refusals import Conflict
from audit.actor import Actor
from governance.entitlements.kinds import Kind
from governance.entitlements.models import ReviewEntry
from governance.pipelines.actions import switch_off
from governance.pipelines.models import TrustRule
from registry.actions import change_team
from registry.models import Team
from riskreview.models import Delegation
from riskreview.reviews.delegating import revoke_delegation


def take_away(entry: ReviewEntry, *, why: str, reviewer: User, actor: Actor, at: datetime) -> None:
    """Take it away now. Raises Conflict for what can only be handed over, and what the action itself refuses."""
    last = entry.name.rpartition("/")[2]
    match Kind(entry.kind):
        case Kind.ROLE if entry.holder is not None:
            revoke_role(user=entry.holder, role=Role(last), actor=actor, at=at)
        case Kind.KEY:
            key = ApiKey.objects.filter(name=entry.name.removeprefix("key:")).first()
            if key is not None:
                revoke_key(key=key, actor=actor, at=at)
        case Kind.PIPELINE:
            rule = TrustRule.objects.filter(name=entry.name.removeprefix("pipeline:")).first()
            if rule is not None:
                switch_off(rule=rule, reason=why, actor=actor, at=at)
        case Kind.TEAM:
            _leave_team(entry.name.removeprefix("team:").rpartition("/"), why, actor, at)
        case Kind.STAND_IN:
            found = Delegation.objects.get(pk=entry.name.removeprefix("stand-in:"))
            if found.revoked_at is None and found.ends_on >= at.date():
                revoke_delegation(delegation=found, user=reviewer, actor=actor, at=at)
        case _:
            raise Conflict(
                f"What {entry.holder_name} owns, develops or has open is not taken away but handed over.",
                "Name somebody else on its own page; the entry then settles by itself when the review is finished.",
            )


def _leave_team(named: tuple[str, str, str], why: str, actor: Actor, at: datetime) -> None:
    name, _, username = named
    team = Team.objects.filter(name=name).first()
    left = list(team.members.exclude(username=username)) if team is not None else []
    if team is not None and team.members.filter(username=username).exists():
        change_team(name=name, closed=team.closed, members=left, reason=why, actor=actor, at=at)
