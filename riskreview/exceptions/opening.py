"""What happens when the glass breaks: the end is set, a finding opens, and people are told."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.urls import reverse

from accounts.models import Role, User
from accounts.notices import notify
from audit.actions import record
from audit.actor import Actor
from audit.verbs import Verb
from policy.break_glass import LONGEST_HOURS, BreakGlassTerms
from policy.words import clause, listed
from registry.models import Environment
from registry.sight import who_see
from riskreview.findings.raising import raise_finding
from riskreview.models import BreakGlass, BreakGlassState, Finding, FindingOrigin, Severity


def open_glass(
    found: BreakGlass, terms: BreakGlassTerms, *, person: User, actor: Actor, at: datetime
) -> BreakGlass:
    """Let the version run from now on, raise the finding that follows, and tell who has to know."""
    found.state, found.began_at = BreakGlassState.ACTIVE, at
    found.ends_at = at + timedelta(hours=min(found.hours, terms.hours, LONGEST_HOURS))
    finding = _raise_finding(found, terms, person, actor, at)
    found.finding = finding
    found.save(update_fields=["state", "began_at", "ends_at", "finding"])
    detail = {
        "reason": found.reason,
        "people": [one.person.ref for one in found.people.select_related("person")],
        "ends_at": found.ends_at.isoformat(),
        "finding": finding.pk,
        "unmet": found.unmet,
    }
    record_about(Verb.BREAK_GLASS_ACTIVATED, found, actor, at, **detail)
    text = (
        f"Break-glass: {found.version} may run in {found.environment} against the policy until "
        f"{found.ends_at:%d %b %H:%M} UTC. {clause(found.reason, 120)}"
    )
    tell(watchers(found), found, text, "opened", at)
    return found


def _raise_finding(
    found: BreakGlass, terms: BreakGlassTerms, raiser: User, actor: Actor, at: datetime
) -> Finding:
    """What follows an emergency: the owner says what happened, and sees that the next time is not one."""
    model, place = found.version.model, Environment(found.environment).label.lower()
    people = listed(str(one) for one in found.people.select_related("person"))
    return raise_finding(
        model=model,
        version=found.version,
        origin=FindingOrigin.BREAK_GLASS,
        severity=Severity.HIGH,
        title=f"Version {found.version.version} ran in {place} by break-glass BG-{found.pk}",
        description=f"{people} let it run against the policy for up to {found.hours} hours.\n\n"
        f"Reason: {found.reason}\n\nNot met then: {', '.join(found.unmet)}.\n\n"
        "Say what happened, and what makes sure that the policy is met from now on.",
        owner=model.owner,
        due_on=(at + terms.due).date(),
        raiser=raiser,
        actor=actor,
        at=at,
    )


def record_about(verb: Verb, found: BreakGlass, actor: Actor, at: datetime, **detail: object) -> None:
    """Put it on the record, with what it is about."""
    known = {"break_glass": found.pk, "environment": found.environment}
    record(verb, subject=found.ref, actor=actor, at=at, detail={**known, **detail})


def watchers(found: BreakGlass) -> list[User]:
    """The owner, and everybody who is a risk or a compliance officer."""
    officers = User.objects.filter(grants__role__in=[Role.RISK_OFFICER, Role.COMPLIANCE_OFFICER]).distinct()
    return [found.version.model.owner, *officers]


def tell(people: Iterable[User], found: BreakGlass, text: str, what: str, at: datetime) -> None:
    """Tell people once about one step."""
    notify(
        who_see(people, found.version.model),
        kind="break_glass",
        text=text,
        url=reverse("riskreview:break_glass", args=[found.pk]),
        key=f"break-glass-{found.pk}-{what}",
        at=at,
    )
