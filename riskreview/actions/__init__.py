"""The verbs of a review: tier, submit, sign, withdraw, comment, meet a condition."""

from riskreview.actions.reviews import comment, open_review, submit_for_review
from riskreview.actions.signoffs import CannotSign, EvidenceMoved, WrongPassword, sign_off
from riskreview.actions.tiering import assess_tier, confirm_tier
from riskreview.actions.upkeep import meet_condition, withdraw

__all__ = [
    "CannotSign",
    "EvidenceMoved",
    "WrongPassword",
    "assess_tier",
    "comment",
    "confirm_tier",
    "meet_condition",
    "open_review",
    "sign_off",
    "submit_for_review",
    "withdraw",
]
