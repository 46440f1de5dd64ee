"""Who may do what with frameworks, coverage and gaps: actions refuse by it, pages tell it."""

from collections.abc import Sequence
from datetime import datetime

from accounts.models import Role, User
from governance.compliance.facts import Record
from registry.models import ModelVersion, RegisteredModel

IMPORTERS = (Role.COMPLIANCE_OFFICER, Role.ADMINISTRATOR)
CONCLUDERS = (Role.COMPLIANCE_OFFICER,)
"""The second line concludes. Auditors read: who concluded could not audit the conclusion afterwards."""
SCOPERS = (Role.COMPLIANCE_OFFICER,)
ASSIGNERS = (Role.COMPLIANCE_OFFICER, Role.RISK_OFFICER)


def why_not_conclude(user: User, model: RegisteredModel | None, version: ModelVersion | None) -> str:
    """Why this person may not conclude on a model, or (no model) on the organisation; empty if they may."""
    if not user.holds(*CONCLUDERS):
        return "A compliance officer concludes on controls."
    if model is None:
        return ""
    if model.owner_id == user.pk:
        return f"You own {model.name}."
    if user.pk in {person.pk for person in model.developers.all()}:
        return f"You develop {model.name}."
    if version is not None and version.registered_by_id == user.pk:
        return f"You registered version {version.version}."
    left = model.former_team.get(user.username)
    if left and version is not None and datetime.fromisoformat(left) >= version.registered_at:
        return f"You belonged to the team of {model.name} when version {version.version} was registered."
    return ""


def why_not_conclude_on_team(user: User, records: Sequence[Record]) -> str:
    """Why this person may not conclude on a team: they need no part in any of its models; empty if they may."""
    if not records:
        return "No model in use names this team."
    return next(filter(None, (why_not_conclude(user, row.model, row.version) for row in records)), "")
