"""Say who may sign for which role, and why somebody may not."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from policy.evidence import SignOffFact
from policy.words import ROLES

SECOND_PERSON = {"is": "are", "was": "were", "has": "have", "does": "do"}


def reasons_against(
    username: str,
    role: str,
    *,
    involved: Mapping[str, tuple[str, ...]],
    roles_held: Collection[str],
    signed_roles: Mapping[str, str],
    name: str | None = None,
) -> tuple[str, ...]:
    """Return each reason, as a plain sentence, why this person may not sign; empty when they may.

    The sentences speak to the person ("You own this model."), or about them where a name is given.
    """
    label = ROLES.get(role, role)
    facts: list[str] = []
    if role not in roles_held:
        facts.append(f"does not hold the role {label}")
    facts.extend(involved.get(username, ()))
    other = signed_roles.get(username, role)
    if other != role:
        facts.append(f"already signed as {ROLES.get(other, other)}, and one person signs for one role only")
    return tuple(_sentence(fact, name) for fact in facts)


def standing(signoffs: Iterable[SignOffFact]) -> list[SignOffFact]:
    """Return the sign-offs that nobody withdrew, oldest first."""
    return sorted((fact for fact in signoffs if not fact.withdrawn), key=_moment)


def newest_decisions(signoffs: Iterable[SignOffFact]) -> list[SignOffFact]:
    """Return the newest standing decision of each signer in each role, oldest first."""
    newest = {(fact.role, fact.signer): fact for fact in standing(signoffs)}
    return sorted(newest.values(), key=_moment)


def signed_roles(signoffs: Iterable[SignOffFact], now: datetime) -> dict[str, str]:
    """Return for each signer the one role they sign for: that of their first standing, unexpired decision."""
    roles: dict[str, str] = {}
    for fact in standing(signoffs):
        if fact.expires_at is None or fact.expires_at > now:
            roles.setdefault(fact.signer, fact.role)
    return roles


def _moment(fact: SignOffFact) -> tuple[datetime, int]:
    return fact.signed_at, fact.id


def _sentence(fact: str, name: str | None) -> str:
    if name is not None:
        return f"{name} {fact}."
    verb, _, rest = fact.partition(" ")
    said = SECOND_PERSON.get(verb) or verb.removesuffix("s")
    return f"You {said} {rest}."
