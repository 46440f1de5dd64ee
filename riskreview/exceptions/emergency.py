"""Break-glass: whether it exists here, whose consent it takes, and what this reader may do about it."""

from collections.abc import Collection
from dataclasses import dataclass

from accounts.models import Role, User
from policy.break_glass import BreakGlassTerms, counting_people, why_never
from policy.independence import reasons_against
from policy.waivers import held_by
from policy.words import a_role, counted, listed, named
from registry.access import may_edit
from riskreview.exceptions.facts import break_glass_fact
from riskreview.judgement import Judged
from riskreview.models import BreakGlass, BreakGlassState
from riskreview.policies.packs import pack_of


def terms_of(judged: Judged) -> BreakGlassTerms | None:
    """What the policy in force says about break-glass; None when it knows none."""
    return pack_of(judged.policy).break_glass if judged.policy is not None else None


def reason_against_opening(judged: Judged) -> str:
    """Why nobody can break the glass here, as a sentence; empty when two people could."""
    if problem := why_never(terms_of(judged), judged.evidence):
        return problem
    if judged.verdict.decision == "allow":
        return (
            f"{judged.verdict.environment.capitalize()} answers allow already, so there is nothing to break."
        )
    if any(item.kind in ("policy", "environment") for item in judged.verdict.requirements):
        return "The policy does not cover this version here, so it cannot be set aside."
    return ""


def roles_of(judged: Judged, user: User) -> list[str]:
    """The roles in which this person is authorised here: named by the policy, held, and without a part in the model."""
    terms = terms_of(judged)
    return [role for role in terms.roles if not _against(judged, user.username, role)] if terms else []


@dataclass(frozen=True)
class Authority:
    """Why a person is not authorised here, and who is."""

    reasons: tuple[str, ...]
    who: tuple[str, ...]


def authority(judged: Judged, user: User) -> Authority:
    """What the page says to somebody who may not decide."""
    terms = terms_of(judged)
    if terms is None:
        return Authority(("The policy in force knows no break-glass.",), ())
    held = [role for role in terms.roles if user.holds(Role(role))]
    said = [reason for role in held for reason in _against(judged, user.username, role)]
    if not held:
        said = [
            f"The policy authorises {listed(a_role(role) for role in terms.roles)}; you hold none of these roles."
        ]
    return Authority(tuple(dict.fromkeys(said)), tuple(_free(judged, terms)))


def still_needed(found: BreakGlass, judged: Judged) -> str:
    """How many more people it takes to open this one as things stand, why somebody does not count, and who can.

    Who agreed counts while nothing speaks against it: not after joining the team, stepping back or losing the role.
    """
    terms = terms_of(judged)
    if terms is None:
        return "The policy in force knows no break-glass."
    given = list(found.people.all())
    missing = terms.needs - len(counting_people(break_glass_fact(found), terms, judged.evidence))
    lost = [
        reason
        for one in given
        for reason in _against(judged, one.person.username, one.role, name=one.person.name)
    ]
    gave = {one.person.username for one in given}
    who = _free(judged, terms, gave)
    said = [f"It waits for {counted(missing, 'more person', 'more people')}."] if missing > 0 else []
    said += [f"Not counted: {' '.join(lost)}"] if lost else []
    said += [f"Who can: {listed(who)}."] if who else ["Nobody else can now."]
    return " ".join(said)


def may_end(user: User, found: BreakGlass, judged: Judged) -> bool:
    """Whether the person may end it: the team, who asked, and whoever holds a role that could have opened it."""
    terms = terms_of(judged)
    officers = {*(terms.roles if terms else ()), Role.RISK_OFFICER.value, Role.COMPLIANCE_OFFICER.value}
    if user.pk == found.requested_by_id or may_edit(user, found.version.model):
        return True
    return found.state == BreakGlassState.ACTIVE and bool(user.roles & officers)


def _free(judged: Judged, terms: BreakGlassTerms, without: Collection[str] = ()) -> list[str]:
    """Everybody who is authorised here, except these user names: "Ada Okafor (risk officer)"."""
    return [
        name
        for role in terms.roles
        for name in named(
            [
                person
                for person in judged.evidence.holders.get(role, ())
                if person.username not in without and not _against(judged, person.username, role)
            ],
            role,
        )
    ]


def _against(judged: Judged, username: str, role: str, name: str | None = None) -> tuple[str, ...]:
    evidence = judged.evidence
    return reasons_against(
        username,
        role,
        involved=evidence.involved,
        roles_held=held_by(evidence, username),
        signed_roles={},
        name=name,
        recused=evidence.recused,
    )
