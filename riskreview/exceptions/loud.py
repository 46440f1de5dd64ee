"""What must not be overlooked about a version: the waivers and the break-glass that touch it, as banners."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from policy.context import after
from policy.evidence import BreakGlassFact, WaiverFact
from policy.words import ROLES, clause, day, listed
from registry.models import Environment
from riskreview.exceptions.waiving import result_named
from riskreview.judgement import Judged


@dataclass(frozen=True)
class Banner:
    """One banner; the names are those of partials/loud_banner.html."""

    kind: str
    shape: str
    title: str
    text: str
    href: str


def banners_of(judged: Mapping[str, Judged], *, at: datetime) -> list[Banner]:
    """Every exception in force in these environments, emergencies first. Reads nothing: it is part of the evidence."""
    emergencies = [
        _emergency(environment, fact, found, at)
        for environment, found in judged.items()
        for fact in found.evidence.break_glass
        if fact.began_at <= at < fact.ends_at
    ]
    return emergencies + [
        _waiver(environment, fact, found, at)
        for environment, found in judged.items()
        for fact in found.evidence.waivers
        if at < after(fact.last_day)
    ]


def _emergency(environment: str, fact: BreakGlassFact, judged: Judged, at: datetime) -> Banner:
    place = Environment(environment).label
    effect = {
        "break_glass": f"{place} answers allow against the policy",
        "policy": f"{place} follows the policy now",
        "waiver": f"{place} follows the policy now",
    }[judged.verdict.basis]
    if not judged.allows:
        effect = f"{place} answers deny all the same"
    people = listed(one.name for one in fact.people)
    until = f"{day(fact.ends_at, at)} {fact.ends_at:%H:%M} UTC"
    return Banner(
        kind="no",
        shape="glass",
        title=f"Break-glass BG-{fact.id} is live in {environment} until {until}.",
        text=f"{effect}. {people} took responsibility: {clause(fact.reason)}",
        href=fact.url,
    )


def _waiver(environment: str, fact: WaiverFact, judged: Judged, at: datetime) -> Banner:
    result = result_named(judged, fact.requirement)
    title = result.title if result is not None else fact.requirement
    if result is not None and result.detail.get("waiver") == fact.id:
        effect = f"{title} is not met and waived."
    elif result is not None and result.result in ("unsatisfied", "error"):
        effect = f"{title} is not met, and the waiver does not count now."
    else:
        effect = f"{title} is not in the way now."
    people = listed(f"{one.name} ({ROLES.get(one.role, one.role)})" for one in fact.approvals)
    return Banner(
        kind="waived",
        shape="waived",
        title=f"Waiver W-{fact.id} is in force in {environment} until {day(fact.last_day, at)}.",
        text=f"{effect} Granted by {people}. Instead: {clause(fact.controls)}",
        href=fact.url,
    )
