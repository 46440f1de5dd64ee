"""The verbs: tier, submit, assign, ask, sign, delegate, withdraw, meet a condition, waive, break the glass."""

from riskreview.actions.assigning import assign, recuse, unassign
from riskreview.actions.break_glass import ask_to_break_glass, consent_to_break_glass, end_break_glass
from riskreview.actions.conditions import meet_condition, verify_condition
from riskreview.actions.delegating import delegate, revoke_delegation
from riskreview.actions.given import (
    CannotSign,
    ConditionAsked,
    EvidenceMoved,
    SignedAlready,
    WrongPassword,
)
from riskreview.actions.renewing import attest_again
from riskreview.actions.reviews import (
    Wish,
    ask_again,
    change_due,
    close_review,
    open_review,
    submit_for_review,
)
from riskreview.actions.signoffs import sign_off
from riskreview.actions.threads import comment, resolve_question
from riskreview.actions.tiering import assess_tier, confirm_tier
from riskreview.actions.upkeep import withdraw
from riskreview.actions.waivers import WaiverEntry, ask_for_waiver, decide_on_waiver, end_waiver

__all__ = [
    "CannotSign",
    "ConditionAsked",
    "EvidenceMoved",
    "SignedAlready",
    "WaiverEntry",
    "Wish",
    "WrongPassword",
    "ask_again",
    "ask_for_waiver",
    "ask_to_break_glass",
    "assess_tier",
    "assign",
    "attest_again",
    "change_due",
    "close_review",
    "comment",
    "confirm_tier",
    "consent_to_break_glass",
    "decide_on_waiver",
    "delegate",
    "end_break_glass",
    "end_waiver",
    "meet_condition",
    "open_review",
    "recuse",
    "resolve_question",
    "revoke_delegation",
    "sign_off",
    "submit_for_review",
    "unassign",
    "verify_condition",
    "withdraw",
]
