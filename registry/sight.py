"""Who sees which model: one rule, asked as a condition in SQL by every list, count and fetch.

A model is open, so that everybody in the organisation reads it, or closed: then its own people see it, whoever was
asked to judge or to act on it, and the roles that answer for the whole. What somebody may not see answers them as
if it did not exist. `hidden_from` is the rule; all else here is derived from it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import Role, User
from registry.models import RegisteredModel, Team

WHOLE = (Role.RISK_OFFICER, Role.COMPLIANCE_OFFICER, Role.AUDITOR)
"""Roles whose duty is every model. The administrator's is not: who manages accounts need not read models, and the
officers, who see all of them, give a model that lost its people to others."""

UNSEEN = "a model you may not see"
"""All that is told about a neighbour that is hidden."""


@dataclass(frozen=True)
class Ground:
    """Why somebody sees a closed model. `word` says it; `models` is a condition on models, `people` turns it round."""

    word: str
    models: Callable[[User], Q]
    people: Callable[[RegisteredModel], QuerySet[User]]


def along(word: str, path: str, only: Callable[[], Mapping[str, Any]] = dict) -> Ground:
    """The people that the path of relations from a model leads to, as far as `only` holds on the way."""
    return Ground(
        word,
        lambda user: Q(
            pk__in=RegisteredModel.objects.order_by().filter(**{path: user.pk}, **only()).values("pk")
        ),
        lambda model: User.objects.filter(
            pk__in=RegisteredModel.objects.order_by().filter(pk=model.pk, **only()).values(path)
        ),
    )


def _team_members(model: RegisteredModel) -> QuerySet[User]:
    return User.objects.filter(teams__name=model.team)


GROUNDS: list[Ground] = [
    Ground("owns it", lambda user: Q(owner=user.pk), lambda model: User.objects.filter(pk=model.owner_id)),
    along("develops it", "developers"),
    Ground(
        "is on its team",
        lambda user: Q(team__in=Team.objects.filter(members=user.pk).order_by().values("name")),
        _team_members,
    ),
]


def register_grounds(*grounds: Ground) -> None:
    """Let the apps above say who else is asked about a model. Called once, when Django starts."""
    GROUNDS.extend(grounds)


def sees_all(user: User) -> bool:
    """Whether a role of the person answers for every model."""
    return user.holds(*WHOLE)


def closed_models() -> QuerySet[RegisteredModel]:
    """Models that not everybody sees: those that say so, and those that leave it to a team that does."""
    teams = Team.objects.filter(closed=True).order_by().values("name")
    return RegisteredModel.objects.order_by().filter(Q(closed=True) | Q(closed=None, team__in=teams))


def hidden_from(user: User) -> QuerySet[RegisteredModel]:
    """The models that the person may not see: closed ones on which they have no ground. This is the rule."""
    if sees_all(user):
        return RegisteredModel.objects.none()
    return closed_models().exclude(reduce(or_, (ground.models(user) for ground in GROUNDS)))


def seen_by(user: User | None, path: str = "pk") -> Q:
    """The condition on rows whose `path` leads to a model: that the person may see it. Rows without a model stay.

    None is the product itself, which works for nobody in particular.
    """
    if user is None or sees_all(user):
        return Q()
    return ~Q(**{f"{path}__in": hidden_from(user).values("pk")})


def visible_to(user: User | None) -> QuerySet[RegisteredModel]:
    """Every model that the person may see."""
    return RegisteredModel.objects.filter(seen_by(user))


def sees(user: User, model: RegisteredModel) -> bool:
    """Whether the person may see this one."""
    return not hidden_from(user).filter(pk=model.pk).exists()


def is_closed(model: RegisteredModel) -> bool:
    """Whether only its own people see it. Asks the database only where the team decides."""
    if model.closed is not None or not model.team:
        return bool(model.closed)
    return Team.objects.filter(name=model.team, closed=True).exists()


def those_who_see(model: RegisteredModel) -> Q:
    """The condition on people: that they may see this model."""
    if not is_closed(model):
        return Q()
    found = Q(pk__in=User.objects.filter(grants__role__in=WHOLE).order_by().values("pk"))
    return reduce(or_, (Q(pk__in=ground.people(model).order_by().values("pk")) for ground in GROUNDS), found)


def who_see(people: Iterable[User], model: RegisteredModel) -> list[User]:
    """Those of the people who may see the model: nobody else is told of it."""
    found = list(people)
    if not is_closed(model):
        return found
    seen = set(
        User.objects.filter(those_who_see(model), pk__in=[one.pk for one in found]).values_list(
            "pk", flat=True
        )
    )
    return [one for one in found if one.pk in seen]


def reasons_to_see(user: User, model: RegisteredModel) -> list[str]:
    """Why the person sees a closed model, completing "You see it because …"; the words of every ground that holds."""
    roles = [f"your role is {role.label.lower()}" for role in WHOLE if user.holds(role)]
    mine = RegisteredModel.objects.filter(pk=model.pk)
    return roles + [ground.word for ground in GROUNDS if mine.filter(ground.models(user)).exists()]


def people_by_ground(model: RegisteredModel) -> list[tuple[str, list[User]]]:
    """Everybody who sees it when it is closed, by the ground that lets them; who can log in no more is left out."""
    active = User.objects.filter(is_active=True).order_by("last_name", "first_name", "pk")
    found = [(role.label.lower(), list(active.filter(grants__role=role))) for role in WHOLE] + [
        (ground.word, list(active.filter(pk__in=ground.people(model).values("pk")))) for ground in GROUNDS
    ]
    return [(word, people) for word, people in found if people]
