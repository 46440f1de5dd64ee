"""What people judge by and what they judged: policy packs, tiers, reviews, sign-offs, risks and findings."""

from riskreview.models.findings import OPEN_FINDINGS, Finding, FindingOrigin, FindingState, Severity
from riskreview.models.policies import PolicyPack
from riskreview.models.reviews import Comment, Review
from riskreview.models.risks import SCALE, Risk, RiskState, Treatment
from riskreview.models.signoffs import Condition, Decision, SignOff
from riskreview.models.tiers import TIERS, TierAssessment

__all__ = [
    "OPEN_FINDINGS",
    "SCALE",
    "TIERS",
    "Comment",
    "Condition",
    "Decision",
    "Finding",
    "FindingOrigin",
    "FindingState",
    "PolicyPack",
    "Review",
    "Risk",
    "RiskState",
    "Severity",
    "SignOff",
    "TierAssessment",
    "Treatment",
]
