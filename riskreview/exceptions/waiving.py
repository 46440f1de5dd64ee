"""What can be waived here, who may ask for it, and whose approvals it takes."""

from dataclasses import dataclass

from accounts.models import Role, User
from policy.independence import reasons_against
from policy.result import RequirementResult
from policy.waivers import WaiverTerms, held_by, roles_missing, why_not_waivable, with_part
from policy.words import a_role, listed, named
from registry.access import may_edit
from registry.models import RegisteredModel
from riskreview.exceptions.facts import waiver_fact
from riskreview.judgement import Judged
from riskreview.models import Waiver, WaiverState
from riskreview.policies.packs import pack_of


def terms_of(judged: Judged) -> WaiverTerms | None:
    """What the policy in force says about waivers; None when it knows none."""
    return pack_of(judged.policy).waivers if judged.policy is not None else None


def result_named(judged: Judged, requirement: str) -> RequirementResult | None:
    """The result of a requirement that is asked here."""
    return next((item for item in judged.verdict.requirements if item.id == requirement), None)


def reason_not_to_waive(judged: Judged, requirement: str) -> str:
    """Why this requirement cannot be waived here, as a sentence; empty when it can be."""
    result = result_named(judged, requirement)
    if result is None:
        return f'The policy asks no requirement "{requirement}" of this version here.'
    return why_not_waivable(terms_of(judged), judged.verdict.tier or "", result)


def waivable(judged: Judged) -> frozenset[str]:
    """The ids of the unmet requirements for which a waiver can be asked."""
    terms, tier = terms_of(judged), judged.verdict.tier or ""
    return frozenset(
        item.id
        for item in judged.verdict.requirements
        if item.result == "unsatisfied" and not why_not_waivable(terms, tier, item)
    )


def may_ask(user: User, model: RegisteredModel) -> bool:
    """Whether the person may ask for a waiver: the model's team and every validator."""
    return may_edit(user, model) or user.holds(Role.VALIDATOR)


def may_end(user: User, waiver: Waiver, judged: Judged) -> bool:
    """Whether the person may end it: the team and who asked; once granted, also holders of a role that approves."""
    if user.pk == waiver.requested_by_id or may_edit(user, waiver.model):
        return True
    terms = terms_of(judged)
    roles = terms.approvers.get(judged.verdict.tier or waiver.tier, ()) if terms else ()
    officers = {*roles, Role.RISK_OFFICER.value, Role.COMPLIANCE_OFFICER.value}
    return waiver.state == WaiverState.GRANTED and bool(user.roles & officers)


@dataclass(frozen=True)
class Table:
    """Whose approval a waiver still lacks, and what this reader may do about it."""

    asked: tuple[str, ...]  # every role that must approve
    missing: tuple[str, ...]
    mine: tuple[str, ...]  # roles in which the reader may decide now
    reasons: tuple[str, ...]  # why the reader may not, as sentences to them
    who: tuple[str, ...]  # "Ada Okafor (risk officer)"


def table_for(waiver: Waiver, judged: Judged, user: User) -> Table:
    """How the waiver stands for this reader."""
    terms, tier, evidence = terms_of(judged), judged.verdict.tier or "", judged.evidence
    if terms is None or tier not in terms.approvers:
        return Table((), (), (), ("The policy in force lets nobody grant this waiver.",), ())
    asked = terms.approvers[tier]
    missing = tuple(roles_missing(waiver_fact(waiver), terms, tier, evidence))
    against = {role: reasons(waiver, judged, user.username, role) for role in missing}
    mine = tuple(role for role, found in against.items() if not found)
    who = [
        name
        for role in missing
        for name in named(
            [
                person
                for person in evidence.holders.get(role, ())
                if not reasons(waiver, judged, person.username, role)
            ],
            role,
        )
    ]
    mine_now = held_by(evidence, user.username)
    held = [role for role in missing if role in mine_now]
    said = [reason for role in held or missing[:1] for reason in against[role]]
    if not held and missing:
        waits = listed(a_role(role) for role in missing)
        said = [f"You hold no role that this waiver waits for: it waits for {waits}.", *said[1:]]
    return Table(asked, missing, mine, () if mine else tuple(dict.fromkeys(said)), tuple(who))


def reasons(waiver: Waiver, judged: Judged, username: str, role: str) -> tuple[str, ...]:
    """Each reason why this person may not decide on the waiver in this role, as sentences to them."""
    fact = waiver_fact(waiver)
    return reasons_against(
        username,
        role,
        involved=with_part(judged.evidence.involved, fact.requester, "asked for this waiver"),
        roles_held=held_by(judged.evidence, username),
        signed_roles={one.person: one.role for one in fact.approvals},
        recused=judged.evidence.recused,
    )
