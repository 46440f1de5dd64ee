"""What people judge by and what they judged: policy packs, tiers, reviews, sign-offs and comments."""

from riskreview.models.policies import PolicyPack
from riskreview.models.reviews import Comment, Review
from riskreview.models.signoffs import Condition, Decision, SignOff
from riskreview.models.tiers import TIERS, TierAssessment

__all__ = [
    "TIERS",
    "Comment",
    "Condition",
    "Decision",
    "PolicyPack",
    "Review",
    "SignOff",
    "TierAssessment",
]
