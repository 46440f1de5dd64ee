"""Say who may sign for which role, and why somebody may not."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from policy.delegation import stands_in
from policy.evidence import SignOffFact
from policy.words import ROLES

SECOND_PERSON = {"is": "are", "was": "were", "has": "have", "does": "do"}
NOBODY: Mapping[str, str] = {}


@dataclass(frozen=True)
class ActingFor:
    """The holder of a role in whose name a deputy signs."""

    username: str
    name: str
    roles_held: Collection[str]


def reasons_against(
    username: str,
    role: str,
    *,
    involved: Mapping[str, tuple[str, ...]],
    roles_held: Collection[str],
    signed_roles: Mapping[str, str],
    name: str | None = None,
    recused: Mapping[str, str] = NOBODY,
    acting_for: ActingFor | None = None,
) -> tuple[str, ...]:
    """Return each reason, as a plain sentence, why this person may not sign; empty when they may.

    The sentences speak to the person ("You own this model."), or about them where a name is given. A deputy needs a
    role that may stand in, and both they and the holder must be independent: nobody signs through another.
    """
    label = ROLES.get(role, role)
    facts: list[str] = []
    if acting_for is None and role not in roles_held:
        facts.append(f"does not hold the role {label}")
    if acting_for is not None and not {*stands_in(role)} & {*roles_held}:
        facts.append(f"does not hold a role that may stand in for a {label}")
    facts += _ties(username, role, involved, signed_roles, recused)
    found = [_sentence(fact, name) for fact in facts]
    if acting_for is not None:
        theirs = [] if role in acting_for.roles_held else [f"does not hold the role {label}"]
        theirs += _ties(acting_for.username, role, involved, signed_roles, recused)
        found += [_sentence(fact, acting_for.name) for fact in theirs]
    return tuple(found)


def _ties(
    username: str,
    role: str,
    involved: Mapping[str, tuple[str, ...]],
    signed_roles: Mapping[str, str],
    recused: Mapping[str, str],
) -> list[str]:
    """What ties a person to the model or to another role, in words that follow a name."""
    facts = list(involved.get(username, ()))
    if username in recused:
        facts.append(f"is recused from this review: {recused[username].rstrip('. ')}")
    other = signed_roles.get(username, role)
    if other != role:
        facts.append(f"already signed as {ROLES.get(other, other)}, and one person signs for one role only")
    return facts


def standing(signoffs: Iterable[SignOffFact]) -> list[SignOffFact]:
    """Return the sign-offs that nobody withdrew, oldest first."""
    return sorted((fact for fact in signoffs if not fact.withdrawn), key=_moment)


def newest_decisions(signoffs: Iterable[SignOffFact]) -> list[SignOffFact]:
    """Return the newest standing decision of each signer in each person's name and role, oldest first.

    What a deputy signed stands in the name of the holder, whose own later decision replaces it. Never the other way:
    no deputy takes back what the holder asked for.
    """
    newest: dict[tuple[str, str], dict[str, SignOffFact]] = {}
    for fact in standing(signoffs):
        voice = newest.setdefault((fact.role, fact.voice), {})
        if fact.signer == fact.voice:
            voice.clear()
        voice[fact.signer] = fact
    return sorted((fact for voice in newest.values() for fact in voice.values()), key=_moment)


def signed_roles(signoffs: Iterable[SignOffFact], now: datetime) -> dict[str, str]:
    """Return for each person the one role they sign for: that of the first standing, unexpired decision.

    A deputy's decision takes both: neither the deputy nor the holder may then sign for another role.
    """
    roles: dict[str, str] = {}
    for fact in standing(signoffs):
        if fact.expires_at is None or fact.expires_at > now:
            roles.setdefault(fact.signer, fact.role)
            roles.setdefault(fact.voice, fact.role)
    return roles


def _moment(fact: SignOffFact) -> tuple[datetime, int]:
    return fact.signed_at, fact.id


def _sentence(fact: str, name: str | None) -> str:
    if name is not None:
        return f"{name} {fact}."
    verb, _, rest = fact.partition(" ")
    said = SECOND_PERSON.get(verb) or verb.removesuffix("s")
    return f"You {said} {rest}."
