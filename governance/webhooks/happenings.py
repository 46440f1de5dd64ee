"""What an endpoint may be told of: events of the audit trail that others act on, by their own names."""

from audit.verbs import Verb

HAPPENINGS: dict[str, tuple[Verb, ...]] = {
    "Gate": (Verb.GATE_DENIED, Verb.GATE_ALLOWED, Verb.GATE_REFUSED),
    "Versions": (
        Verb.VERSION_REGISTERED,
        Verb.VERSION_APPROVED,
        Verb.VERSION_LAPSED,
        Verb.ARTIFACT_FAILED,
    ),
    "Models": (
        Verb.MODEL_CREATED,
        Verb.MODEL_SUSPENDED,
        Verb.MODEL_RESUMED,
        Verb.MODEL_RETIRED,
        Verb.MODEL_PUBLISHED,
        Verb.MODEL_WITHDRAWN,
        Verb.TIER_CONFIRMED,
    ),
    "Reviews": (
        Verb.REVIEW_OPENED,
        Verb.REVIEW_SIGNED,
        Verb.REVIEW_SIGN_REFUSED,
        Verb.SIGNOFF_WITHDRAWN,
        Verb.REVIEW_CLOSED,
    ),
    "Findings": (Verb.FINDING_RAISED, Verb.FINDING_ESCALATED, Verb.FINDING_CLOSED, Verb.FINDING_OVERRIDDEN),
    "Waivers and break-glass": (
        Verb.WAIVER_REQUESTED,
        Verb.WAIVER_GRANTED,
        Verb.WAIVER_ENDING,
        Verb.WAIVER_REVOKED,
        Verb.BREAK_GLASS_REQUESTED,
        Verb.BREAK_GLASS_ACTIVATED,
        Verb.BREAK_GLASS_ENDED,
    ),
    "Deployments": (
        Verb.DEPLOYMENT_RECORDED,
        Verb.DEPLOYMENT_FAILED,
        Verb.DEPLOYMENT_ROLLED_BACK,
        Verb.DEPLOYMENT_UNDECIDED,
    ),
    "Evaluations": (Verb.EVALUATION_SUCCEEDED, Verb.EVALUATION_FAILED),
    "Rules": (Verb.POLICY_ACTIVATED, Verb.POLICY_ACTIVATED_ALONE, Verb.SIGNING_KEY_ROTATED),
}
KNOWN = {verb.value for verbs in HAPPENINGS.values() for verb in verbs}
CHOICES = [(area, [(verb.value, verb.label) for verb in verbs]) for area, verbs in HAPPENINGS.items()]
TEST = "webhook.test"
"""The name of a message that somebody sent to try an endpoint; it is no event."""
