"""Who says who sees a model, and who reads and changes teams."""

from django.http import Http404

from accounts.access import require_role
from accounts.models import User
from accounts.refusals import NotAllowed
from registry.access import STOPPERS, may_change_team, model_for_reader
from registry.models import RegisteredModel, Team
from registry.queries import known_teams
from registry.sight import WHOLE


def model_for_closer(user: User, slug: str) -> RegisteredModel:
    """The model, for somebody who says who sees it. Raises Http404, NotAllowed."""
    model = model_for_reader(user, slug)
    if not may_close(user, model):
        raise NotAllowed(
            f"Only the owner of {model.name}, or an officer who does not develop it, says who sees it.",
            f"Ask {model.owner.name}, who owns it.",
        )
    return model


def teams_for_reader(user: User) -> dict[str, Team]:
    """Every team by name, with what is decided about it; for those who see all of the models. Raises NotAllowed."""
    require_role(user, *WHOLE, to="see the teams")
    return known_teams()


def team_for_reader(user: User, name: str) -> Team:
    """One of them. Raises NotAllowed, Http404."""
    found = teams_for_reader(user).get(name)
    if found is None:
        raise Http404(f"There is no team {name[:80]}: no model names it.")
    return found


def may_change_teams(user: User) -> bool:
    """Whether the person says who belongs to a team. Not an administrator, who would let themselves in."""
    return user.holds(*STOPPERS)


def refuse_unless_keeper_of_teams(user: User) -> None:
    """Raises NotAllowed for everybody but risk and compliance officers."""
    require_role(user, *STOPPERS, to="change a team")


def may_close(user: User, model: RegisteredModel) -> bool:
    """Whether the person says who sees the model: as with its team, the owner, and officers who are not on it."""
    return may_change_team(user, model)
