"""The exceptions of the demo: a waiver that stands, and an emergency that is over."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import Role
from governance.demo.cast import Cast
from registry.models import Environment, ModelVersion
from riskreview.exceptions.break_glass import ask_to_break_glass, consent_to_break_glass, end_break_glass
from riskreview.exceptions.waivers import WaiverEntry, ask_for_waiver, decide_on_waiver
from riskreview.models import BreakGlass

WAIVER_DAYS = 60
APPROVERS = {
    "ada": (Role.RISK_OFFICER, "Bearable while a senior underwriter decides each case and writes down why."),
    "carl": (
        Role.COMPLIANCE_OFFICER,
        "Applicants are told who checks their data, and nobody is refused by it.",
    ),
}


def waive_explanations(version: ModelVersion, cast: Cast) -> None:
    """The vendor keeps the model, so nothing can explain it; risk and compliance accept that for sixty days."""
    olga, now = cast["olga"], timezone.now()
    waiver = ask_for_waiver(
        version=version,
        environment=Environment.PRODUCTION,
        entry=WaiverEntry(
            requirement="evaluation.explainability",
            why="The vendor keeps the model. We have its decisions and scores only, so there is nothing to explain "
            "them with. The list of inputs is promised with the next release.",
            controls="A senior underwriter decides each case that the vendor's check finds, and notes whether it "
            "helped. Risk measures it again on fresh loans each quarter.",
            last_day=(now + timedelta(days=WAIVER_DAYS)).date(),
        ),
        requester=olga.user,
        actor=olga.actor,
        at=now,
    )
    for name, (role, note) in APPROVERS.items():
        member = cast[name]
        decide_on_waiver(
            waiver=waiver,
            role=role,
            approves=True,
            note=note,
            password=member.password,
            approver=member.user,
            actor=member.actor,
            at=timezone.now(),
        )


def break_the_glass(version: ModelVersion, cast: Cast) -> BreakGlass:
    """The changed card made the signatures stale on an evening when the list could not wait."""
    ada, carl = cast["ada"], cast["carl"]
    found = ask_to_break_glass(
        version=version,
        environment=Environment.PRODUCTION,
        reason="The card was narrowed today and nobody can sign again before tomorrow. Without tonight's list "
        "the clinic would call its patients in the order in which they came.",
        hours=12,
        role=Role.RISK_OFFICER,
        password=ada.password,
        requester=ada.user,
        actor=ada.actor,
        at=timezone.now(),
    )
    return consent_to_break_glass(
        found=found,
        role=Role.COMPLIANCE_OFFICER,
        agrees=True,
        reason="",
        password=carl.password,
        person=carl.user,
        actor=carl.actor,
        at=timezone.now(),
    )


def end_it(found: BreakGlass, cast: Cast) -> None:
    """The list is out, so the gate follows the policy again."""
    ada = cast["ada"]
    end_break_glass(
        found=found,
        reason="Tonight's list is out; the signers look at the card tomorrow.",
        user=ada.user,
        actor=ada.actor,
        at=timezone.now(),
    )
