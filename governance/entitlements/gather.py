"""Everything that anybody can do now, read in a fixed number of queries."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time

from django.db.models import Count, OuterRef, Q, Subquery, Value
from django.db.models.functions import Concat

from accounts.granting.models import RoleWish, WishState
from accounts.models import SIGNING_ROLES, ApiKey, Role, User
from audit.models import Event
from governance.entitlements.kinds import Entitlement, Flag, Kind, is_unused
from governance.pipelines.models import TrustRule
from registry.models import Lifecycle, RegisteredModel, Team
from riskreview.models import OPEN_FINDINGS, Condition, Delegation, Finding, Risk, RiskState


@dataclass(frozen=True)
class _Holder:
    """A person as the entries need them."""

    user: User
    last_act: datetime | None

    def flags(self, since: datetime | None, at: datetime) -> list[Flag]:
        """What holds of everything that the person can do."""
        found = [] if self.user.is_active else [Flag.DISABLED]
        return [*found, Flag.UNUSED] if is_unused(since, self.last_act, at) else found


def entitlements(at: datetime) -> list[Entitlement]:
    """All of them, person by person, then the pipelines."""
    people = _people()
    found = [
        *_roles(people, at),
        *_models(people, at),
        *_teams(people, at),
        *_keys(people, at),
        *_stand_ins(people, at),
    ]
    found += _open_work(people)
    return sorted(found, key=lambda item: (item.holder_name, item.holder, item.kind != Kind.ROLE)) + list(
        _pipelines(at)
    )


def _people() -> dict[int, _Holder]:
    """Everybody, with when they last did or logged in to anything."""
    acts = Event.objects.filter(actor=Concat(Value("user:"), OuterRef("username"))).order_by("-at")
    found = {}
    for user in User.objects.annotate(acted_at=Subquery(acts.values("at")[:1])).prefetch_related("grants"):
        moments = [moment for moment in (user.last_login, user.acted_at) if moment is not None]
        found[user.pk] = _Holder(user, max(moments, default=None))
    return found


def _entry(
    holder: _Holder, kind: Kind, name: str, what: str, at: datetime, *, since: datetime | None
) -> Entitlement:
    user = holder.user
    return Entitlement(
        name,
        kind,
        user.username,
        user.name,
        what,
        since=since,
        last_used=holder.last_act,
        flags=tuple(holder.flags(since, at)),
    )


def _with(entry: Entitlement, *flags: Flag, given_by: str = "") -> Entitlement:
    from_all = dict.fromkeys([*flags, *entry.flags])
    return Entitlement(**(vars(entry) | {"flags": tuple(from_all), "given_by": given_by}))


def _roles(people: dict[int, _Holder], at: datetime) -> Iterator[Entitlement]:
    alone = set(RoleWish.objects.filter(state=WishState.ALONE).values_list("person_id", "role"))
    signing = {role.value for role in SIGNING_ROLES}
    for holder in people.values():
        grants = list(holder.user.grants.all())
        roles = {grant.role for grant in grants}
        both = Role.ADMINISTRATOR in roles and bool(roles & signing)
        for grant in grants:
            name = f"role:{holder.user.username}/{grant.role}"
            entry = _entry(holder, Kind.ROLE, name, grant.get_role_display(), at, since=grant.granted_at)
            flags = [Flag.BOTH] if both and grant.role in signing | {Role.ADMINISTRATOR} else []
            flags += [Flag.ALONE] if (grant.user_id, grant.role) in alone else []
            giver = people.get(grant.granted_by_id or 0)
            by = giver.user.name if giver else grant.provider or "whoever runs this installation"
            yield _with(entry, *flags, given_by=by)


def _models(people: dict[int, _Holder], at: datetime) -> Iterator[Entitlement]:
    """Plain values, and what is the same for all models of a person once: a register has tens of thousands."""
    told = {
        pk: (one.user.username, one.user.name, one.last_act, tuple(one.flags(None, at)))
        for pk, one in people.items()
    }
    live = RegisteredModel.objects.exclude(lifecycle=Lifecycle.RETIRED).order_by("name")
    owned = live.values_list("owner_id", "slug", "name")
    developed = live.filter(developers__isnull=False).values_list("developers", "slug", "name")
    for tie, verb, rows in (("owner", "Owns", owned), ("developer", "Develops", developed)):
        for pk, slug, model in rows:
            username, name, used, flags = told[pk]
            what = f"{verb} {model}"
            yield Entitlement(
                f"model:{slug}/{tie}:{username}",
                Kind.MODEL,
                username,
                name,
                what,
                last_used=used,
                flags=flags,
            )


def _teams(people: dict[int, _Holder], at: datetime) -> Iterator[Entitlement]:
    """Who sees the models of a team because they are of it; of one that is open, would if it were closed."""
    for team in Team.objects.prefetch_related("members"):
        what = f"Is of the team {team.name}" + (", sees its closed models" if team.closed else "")
        for person in team.members.all():
            name = f"{team.ref}/{person.username}"
            yield _entry(people[person.pk], Kind.TEAM, name, what, at, since=None)


def _keys(people: dict[int, _Holder], at: datetime) -> Iterator[Entitlement]:
    live = ApiKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=at), revoked_at=None)
    for key in live.order_by("name"):
        user = people[key.owner_id].user
        flags = [] if user.is_active else [Flag.DISABLED]
        flags += [Flag.NO_EXPIRY] if key.expires_at is None else []
        flags += [Flag.UNUSED] if is_unused(key.created_at, key.last_used_at, at) else []
        yield Entitlement(
            key.ref,
            Kind.KEY,
            user.username,
            user.name,
            f"Key {key.name}: {', '.join(key.scopes)}",
            since=key.created_at,
            given_by=user.name,
            last_used=key.last_used_at,
            ends=key.expires_at,
            flags=tuple(flags),
        )


def _stand_ins(people: dict[int, _Holder], at: datetime) -> Iterator[Entitlement]:
    for row in Delegation.objects.filter(revoked_at=None, ends_on__gte=at.date()).order_by("pk"):
        deputy, holder = people[row.deputy_id], people[row.holder_id].user
        user = deputy.user
        yield Entitlement(
            f"stand-in:{row.pk}",
            Kind.STAND_IN,
            user.username,
            user.name,
            f"Signs as {row.get_role_display().lower()} for {holder.name}",
            since=datetime.combine(row.starts_on, time.min, UTC),
            given_by=people[row.given_by_id].user.name,
            last_used=deputy.last_act,
            ends=datetime.combine(row.ends_on, time.max, UTC),
            flags=() if user.is_active else (Flag.DISABLED,),
        )


def _open_work(people: dict[int, _Holder]) -> Iterator[Entitlement]:
    """What people who can no longer log in have left: it waits for nobody until it is handed over."""
    gone = Q(owner__is_active=False)
    counts = {
        "finding": Finding.objects.filter(gone, state__in=OPEN_FINDINGS),
        "risk": Risk.objects.filter(gone).exclude(state=RiskState.CLOSED),
        "obligation": Condition.objects.filter(gone, verified_at=None),
    }
    for word, rows in counts.items():
        for pk, number in rows.order_by().values_list("owner_id").annotate(Count("pk")):
            user = people[pk].user
            yield Entitlement(
                f"work:{user.username}/{word}",
                Kind.WORK,
                user.username,
                user.name,
                f"{number} open {word}{'' if number == 1 else 's'}",
                last_used=people[pk].last_act,
                flags=(Flag.DISABLED,),
            )


def _pipelines(at: datetime) -> Iterator[Entitlement]:
    for rule in TrustRule.objects.filter(off_at=None).select_related("created_by").order_by("name"):
        yield Entitlement(
            rule.ref,
            Kind.PIPELINE,
            "",
            rule.repository,
            f"Rule {rule.name}: asks the gate in {', '.join(rule.environments)}",
            since=rule.created_at,
            given_by=rule.created_by.name,
            last_used=rule.last_used_at,
            flags=(Flag.UNUSED,) if is_unused(rule.created_at, rule.last_used_at, at) else (),
        )
