"""Every verb of the audit trail. Append only: none is ever renamed, removed or given a second meaning."""

from enum import StrEnum


class Outcome(StrEnum):
    """The shape shown beside an event; the names are those of the result colours and of the sprite."""

    OK = "ok"
    NO = "no"
    STALE = "stale"
    WAIVED = "waived"
    ERROR = "error"
    RUNNING = "run"
    NEUTRAL = "na"


class Verb(StrEnum):
    """What was done, as `area.deed`, with its label in plain words and the outcome that its shape shows."""

    label: str
    outcome: Outcome

    def __new__(cls, value: str, label: str = "", outcome: Outcome = Outcome.NEUTRAL) -> "Verb":
        verb = str.__new__(cls, value)
        verb._value_ = value
        verb.label = label
        verb.outcome = outcome
        return verb

    USER_LOGGED_IN = "user.logged_in", "Signed in", Outcome.OK
    USER_LOGIN_FAILED = "user.login_failed", "Sign-in refused", Outcome.NO
    USER_LOGGED_OUT = "user.logged_out", "Signed out", Outcome.NEUTRAL
    PASSWORD_CHANGED = "user.password_changed", "Password changed", Outcome.NEUTRAL
    USER_HELD_BACK = "user.held_back", "Held back after wrong tries", Outcome.NO
    USER_PROVED_AGAIN = "user.proved_again", "Identity proved again", Outcome.OK
    FACTOR_ADDED = "factor.added", "Second factor added", Outcome.OK
    FACTOR_REMOVED = "factor.removed", "Second factor removed", Outcome.STALE
    FACTORS_RESET = "factor.reset", "Second factors reset by an administrator", Outcome.NO
    RECOVERY_CODES_MADE = "factor.recovery_codes_made", "Recovery codes made", Outcome.NEUTRAL
    FACTOR_USED = "factor.used", "Second factor used", Outcome.OK
    IDENTITY_LINKED = "identity.linked", "Identity linked to an account", Outcome.OK
    IDENTITY_UNLINKED = "identity.unlinked", "Identity no longer linked", Outcome.STALE
    SESSION_ENDED = "session.ended", "Session ended", Outcome.NEUTRAL
    ROLE_GRANTED = "role.granted", "Role granted", Outcome.OK
    ROLE_GRANTED_ALONE = "role.granted_alone", "Role granted by one person", Outcome.NO
    ROLE_ASKED = "role.asked", "Role asked for", Outcome.NEUTRAL
    ROLE_REFUSED = "role.refused", "Role refused", Outcome.NO
    ROLE_WISH_WITHDRAWN = "role.wish_withdrawn", "Wish for a role withdrawn", Outcome.STALE
    ROLE_CONFIRM_REFUSED = "role.confirm_refused", "Confirmation of a role refused", Outcome.NO
    ROLE_REVOKED = "role.revoked", "Role revoked", Outcome.NO
    USER_CREATED = "user.created", "User created", Outcome.OK
    USER_DISABLED = "user.disabled", "User disabled", Outcome.NO
    USER_ENABLED = "user.enabled", "User enabled", Outcome.OK
    USER_CHANGED = "user.changed", "User changed", Outcome.NEUTRAL
    USER_PROVISIONED = "user.provisioned", "User added by an identity provider", Outcome.OK
    USER_LINKED_TO_SCIM = "user.linked_to_scim", "User given to an identity provider", Outcome.NEUTRAL
    PARTING_ASKED = "user.parting_asked", "Pseudonym asked for", Outcome.NEUTRAL
    PARTING_WITHDRAWN = "user.parting_withdrawn", "Wish for a pseudonym withdrawn", Outcome.STALE
    USER_PSEUDONYMISED = "user.pseudonymised", "Name replaced by a pseudonym", Outcome.NEUTRAL
    HANDED_OVER = "user.handed_over", "What a person held handed over", Outcome.OK
    USER_LEFT = "user.left", "User removed by an identity provider", Outcome.NO
    SCIM_TOKEN_MADE = "scim_token.made", "Token of an identity provider made", Outcome.OK
    SCIM_TOKEN_REVOKED = "scim_token.revoked", "Token of an identity provider revoked", Outcome.NO
    KEY_CREATED = "key.created", "API key created", Outcome.OK
    KEY_REVOKED = "key.revoked", "API key revoked", Outcome.NO
    PIPELINE_TRUSTED = "pipeline.trusted", "Pipeline may ask the gate", Outcome.OK
    PIPELINE_SWITCHED_OFF = "pipeline.switched_off", "Pipeline may no longer ask the gate", Outcome.NO
    PIPELINE_REFUSED = "pipeline.refused", "Pipeline turned away", Outcome.NO
    PIPELINE_GUARDED = "pipeline.guarded", "GitHub's environment waits for the gate", Outcome.OK
    PIPELINE_UNGUARDED = "pipeline.unguarded", "GitHub's environment no longer answered", Outcome.NO
    PIPELINE_ANSWERED = "pipeline.answered", "GitHub answered", Outcome.NEUTRAL
    PIPELINE_UNANSWERED = "pipeline.unanswered", "GitHub could not be answered", Outcome.NO
    PIPELINE_ANSWERED_AGAIN = "pipeline.answered_again", "Answer to GitHub tried again", Outcome.NEUTRAL

    MODEL_CREATED = "model.created", "Model created", Outcome.OK
    MODEL_CHANGED = "model.changed", "Model changed", Outcome.NEUTRAL
    MODEL_TAGGED = "model.tagged", "Model tagged", Outcome.NEUTRAL
    MODEL_VISIBILITY = "model.visibility_changed", "Who sees a model changed", Outcome.NEUTRAL
    TEAM_CHANGED = "team.changed", "Team changed", Outcome.NEUTRAL
    DEPENDENCIES_CHANGED = "model.dependencies_changed", "Dependencies changed", Outcome.NEUTRAL
    FIELD_DEFINED = "field.defined", "Inventory field defined", Outcome.NEUTRAL
    FIELD_CHANGED = "field.changed", "Inventory field changed", Outcome.NEUTRAL
    FIELD_RETIRED = "field.retired", "Inventory field retired", Outcome.NEUTRAL
    MODEL_SUSPENDED = "model.suspended", "Model suspended", Outcome.NO
    MODEL_RESUMED = "model.resumed", "Model resumed", Outcome.OK
    MODEL_RETIRED = "model.retired", "Model retired", Outcome.NEUTRAL
    VERSION_APPROVED = "version.approved", "Version approved for production", Outcome.OK
    VERSION_LAPSED = "version.lapsed", "Approval of a version lapsed", Outcome.STALE
    VERSION_REGISTERED = "version.registered", "Version registered", Outcome.OK
    ARTIFACT_VERIFIED = "artifact.verified", "Artifact verified", Outcome.OK
    ARTIFACT_FAILED = "artifact.failed", "Artifact does not match its manifest", Outcome.NO
    ARTIFACT_MADE_HERE = "artifact.made_here", "Artifact made by the demo itself", Outcome.NEUTRAL
    ARTIFACT_DOWNLOADED = "artifact.downloaded", "Artifact downloaded", Outcome.NEUTRAL
    DATASET_REGISTERED = "dataset.registered", "Data set registered", Outcome.OK
    DATASET_DOWNLOADED = "dataset.downloaded", "Data set downloaded", Outcome.NEUTRAL
    CARD_COMMENTED = "card.commented", "Comment on a card", Outcome.NEUTRAL
    CARD_COMMENT_RESOLVED = "card.comment_resolved", "Comment on a card resolved", Outcome.OK
    CARD_REVISED = "card.revised", "Model card revised", Outcome.NEUTRAL
    CARD_DOWNLOADED = "card.downloaded", "Model card downloaded", Outcome.NEUTRAL
    DEPLOYMENT_RECORDED = "deployment.recorded", "Deployment recorded", Outcome.OK
    DEPLOYMENT_STARTED = "deployment.started", "Deployment started", Outcome.RUNNING
    DEPLOYMENT_FAILED = "deployment.failed", "Deployment failed", Outcome.ERROR
    DEPLOYMENT_ROLLED_BACK = "deployment.rolled_back", "Deployment rolled back", Outcome.STALE
    DEPLOYMENT_ENDED = "deployment.ended", "Deployment ended", Outcome.NEUTRAL
    DEPLOYMENTS_EXPORTED = "deployment.exported", "Deployments exported", Outcome.NEUTRAL
    DEPLOYMENT_UNDECIDED = "deployment.undecided", "Deployed without a valid decision", Outcome.NO
    INVENTORY_EXPORTED = "inventory.exported", "Inventory exported", Outcome.NEUTRAL
    INVENTORY_IMPORTED = "inventory.imported", "Inventory imported", Outcome.NEUTRAL

    MLFLOW_CONNECTED = "mlflow.connected", "Tracking server connected", Outcome.OK
    MLFLOW_CHANGED = "mlflow.changed", "Tracking server changed", Outcome.NEUTRAL
    MLFLOW_REMOVED = "mlflow.removed", "Tracking server removed", Outcome.NEUTRAL
    MLFLOW_SYNCED = "mlflow.synced", "Tracking server read", Outcome.OK
    MLFLOW_SYNC_FAILED = "mlflow.sync_failed", "Tracking server could not be read", Outcome.ERROR
    MLFLOW_WRITTEN = "mlflow.written", "Tags written to MLflow", Outcome.NEUTRAL
    MLFLOW_HOOK_REFUSED = "mlflow.hook_refused", "Message from MLflow refused", Outcome.NO

    EVALUATION_REQUESTED = "evaluation.requested", "Evaluation requested", Outcome.RUNNING
    EVALUATION_STARTED = "evaluation.started", "Evaluation started", Outcome.RUNNING
    EVALUATION_SUCCEEDED = "evaluation.succeeded", "Evaluation finished", Outcome.OK
    EVALUATION_FAILED = "evaluation.failed", "Evaluation failed", Outcome.ERROR
    EVALUATION_RETRIED = "evaluation.retried", "Evaluation put off", Outcome.STALE
    EVALUATION_REPORTED = "evaluation.reported", "Evaluation reported from elsewhere", Outcome.NEUTRAL
    EVALUATION_SCHEDULED = "evaluation.scheduled", "Evaluations scheduled", Outcome.NEUTRAL
    SCHEDULE_PAUSED = "evaluation.schedule_paused", "Schedule of evaluations paused", Outcome.STALE
    SCHEDULE_RESUMED = "evaluation.schedule_resumed", "Schedule of evaluations resumed", Outcome.OK
    SCHEDULE_REMOVED = "evaluation.schedule_removed", "Schedule of evaluations removed", Outcome.NEUTRAL
    EVALUATION_CANCELLED = "evaluation.cancelled", "Evaluation cancelled", Outcome.NEUTRAL
    EVALUATION_DOWNLOADED = "evaluation.downloaded", "Result of an evaluation downloaded", Outcome.NEUTRAL

    ENVIRONMENT_ASKED = "environment.asked", "Environment to be built", Outcome.RUNNING
    ENVIRONMENT_BUILT = "environment.built", "Environment built", Outcome.OK
    ENVIRONMENT_FAILED = "environment.failed", "Environment could not be built", Outcome.ERROR
    ENVIRONMENT_REMOVED = "environment.removed", "Unused environment removed", Outcome.NEUTRAL

    ENDPOINT_SET = "endpoint.set", "Scoring endpoint set", Outcome.NEUTRAL
    ENDPOINT_REMOVED = "endpoint.removed", "Scoring endpoint removed", Outcome.NEUTRAL
    ENDPOINT_TRIED = "endpoint.tried", "Scoring endpoint tried", Outcome.NEUTRAL

    TIER_ASSESSED = "tier.assessed", "Tier questionnaire answered", Outcome.NEUTRAL
    TIER_CONFIRMED = "tier.confirmed", "Tier confirmed", Outcome.OK
    TIERS_EXPORTED = "tier.exported", "Tiers exported", Outcome.NEUTRAL
    QUESTIONNAIRE_PROPOSED = "questionnaire.proposed", "Questionnaire proposed", Outcome.NEUTRAL
    QUESTIONNAIRE_ACTIVATED = "questionnaire.activated", "Questionnaire activated", Outcome.OK
    REVIEW_OPENED = "review.opened", "Review opened", Outcome.NEUTRAL
    REVIEW_SIGNED = "review.signed", "Review signed", Outcome.OK
    REVIEW_SIGN_REFUSED = "review.sign_refused", "Sign-off refused", Outcome.NO
    SIGNOFF_WITHDRAWN = "signoff.withdrawn", "Sign-off withdrawn", Outcome.STALE
    CONDITION_MET = "condition.met", "Condition met", Outcome.OK
    REVIEW_COMMENTED = "review.commented", "Comment on a review", Outcome.NEUTRAL
    REVIEW_QUESTION_RESOLVED = "review.question_resolved", "Question in a review resolved", Outcome.OK
    REVIEW_ASSIGNED = "review.assigned", "Review assigned", Outcome.NEUTRAL
    REVIEW_UNASSIGNED = "review.unassigned", "Assignment of a review ended", Outcome.NEUTRAL
    REVIEW_RECUSED = "review.recused", "Reviewer recused", Outcome.NEUTRAL
    REVIEW_DUE_CHANGED = "review.due_changed", "Due date of a review changed", Outcome.NEUTRAL
    REVIEW_ASKED_AGAIN = "review.asked_again", "Review asked for again", Outcome.NEUTRAL
    REVIEW_CLOSED = "review.closed", "Review closed", Outcome.NEUTRAL
    CONDITION_HANDED_OVER = "condition.handed_over", "Condition handed over", Outcome.NEUTRAL
    CONDITION_VERIFIED = "condition.verified", "Condition verified", Outcome.OK
    CONDITION_SENT_BACK = "condition.sent_back", "Condition sent back", Outcome.NO
    ROLE_DELEGATED = "role.delegated", "Role delegated", Outcome.NEUTRAL
    DELEGATION_REVOKED = "role.delegation_revoked", "Delegation ended", Outcome.NEUTRAL

    RISK_RAISED = "risk.raised", "Risk added", Outcome.NEUTRAL
    RISK_LINKED = "risk.linked", "Evidence tied to a risk", Outcome.NEUTRAL
    RISK_RATED = "risk.rated", "Risk rated", Outcome.NEUTRAL
    RISK_TREATED = "risk.treated", "Treatment of a risk set", Outcome.NEUTRAL
    RISK_ASSIGNED = "risk.assigned", "Risk handed over", Outcome.NEUTRAL
    RISK_ACCEPTED = "risk.accepted", "Risk accepted", Outcome.WAIVED
    RISK_ACCEPT_REFUSED = "risk.accept_refused", "Acceptance of a risk refused", Outcome.NO
    RISK_ACCEPTANCE_WITHDRAWN = "risk.acceptance_withdrawn", "Acceptance of a risk withdrawn", Outcome.STALE
    RISK_CLOSED = "risk.closed", "Risk closed", Outcome.OK
    RISK_REOPENED = "risk.reopened", "Risk opened again", Outcome.STALE
    RISKS_EXPORTED = "risk.exported", "Risks exported", Outcome.NEUTRAL
    RISK_SCALES_CHANGED = "risk.scales_changed", "Scales of risks changed", Outcome.NEUTRAL

    FINDING_RAISED = "finding.raised", "Finding raised", Outcome.NO
    FINDING_RESPONDED = "finding.responded", "Finding answered with a plan", Outcome.NEUTRAL
    FINDING_REBUTTED = "finding.rebutted", "Finding rebutted", Outcome.STALE
    FINDING_REBUTTAL_ACCEPTED = "finding.rebuttal_accepted", "Rebuttal of a finding accepted", Outcome.OK
    FINDING_REBUTTAL_REFUSED = "finding.rebuttal_refused", "Rebuttal of a finding refused", Outcome.NO
    FINDING_REMEDIATED = "finding.remediated", "Finding remediated", Outcome.NEUTRAL
    FINDING_VERIFIED = "finding.verified", "Remediation verified", Outcome.OK
    FINDING_NOT_VERIFIED = "finding.not_verified", "Remediation not verified", Outcome.NO
    FINDING_CLOSED = "finding.closed", "Finding closed", Outcome.OK
    FINDING_EXTENSION_ASKED = "finding.extension_asked", "Extension of a finding asked", Outcome.NEUTRAL
    FINDING_EXTENSION_GRANTED = "finding.extension_granted", "Extension of a finding granted", Outcome.STALE
    FINDING_EXTENSION_REFUSED = "finding.extension_refused", "Extension of a finding refused", Outcome.NO
    FINDING_OVERRIDDEN = "finding.overridden", "Finding overridden", Outcome.WAIVED
    FINDING_REOPENED = "finding.reopened", "Finding re-opened", Outcome.NO
    FINDING_REASSIGNED = "finding.reassigned", "Finding reassigned", Outcome.NEUTRAL
    FINDING_ESCALATED = "finding.escalated", "Finding escalated", Outcome.STALE
    FINDING_CLASSIFIED = "finding.classified", "Kind of an incident said", Outcome.NEUTRAL
    FINDING_STEP_REFUSED = "finding.step_refused", "Step of a finding refused", Outcome.NO
    FINDINGS_EXPORTED = "finding.exported", "Findings exported", Outcome.NEUTRAL
    DUE_DAYS_SET = "finding.due_days_set", "Due dates of findings set", Outcome.NEUTRAL

    WAIVER_REQUESTED = "waiver.requested", "Waiver asked for", Outcome.NEUTRAL
    WAIVER_APPROVED = "waiver.approved", "Waiver approved by one role", Outcome.OK
    WAIVER_GRANTED = "waiver.granted", "Waiver granted", Outcome.WAIVED
    WAIVER_REFUSED = "waiver.refused", "Waiver refused", Outcome.NO
    WAIVER_WITHDRAWN = "waiver.withdrawn", "Waiver no longer asked for", Outcome.NEUTRAL
    WAIVER_ENDING = "waiver.ending", "End of a waiver comes near", Outcome.STALE
    WAIVER_REVOKED = "waiver.revoked", "Waiver revoked", Outcome.STALE
    WAIVER_DENIED = "waiver.denied", "Word on a waiver not accepted", Outcome.NO
    WAIVERS_EXPORTED = "waiver.exported", "Waivers exported", Outcome.NEUTRAL
    BREAK_GLASS_REQUESTED = "break_glass.requested", "Break-glass asked for", Outcome.STALE
    BREAK_GLASS_CONSENTED = "break_glass.consented", "Break-glass agreed to by one person", Outcome.STALE
    BREAK_GLASS_ACTIVATED = "break_glass.activated", "Break-glass activated", Outcome.NO
    BREAK_GLASS_REFUSED = "break_glass.refused", "Break-glass refused", Outcome.NO
    BREAK_GLASS_WITHDRAWN = "break_glass.withdrawn", "Break-glass no longer asked for", Outcome.NEUTRAL
    BREAK_GLASS_ENDED = "break_glass.ended", "Break-glass ended early", Outcome.OK
    BREAK_GLASS_DENIED = "break_glass.denied", "Word on a break-glass not accepted", Outcome.NO
    BREAK_GLASS_EXPORTED = "break_glass.exported", "Emergencies exported", Outcome.NEUTRAL

    FRAMEWORK_IMPORTED = "framework.imported", "Control framework imported", Outcome.NEUTRAL
    FRAMEWORK_SCOPED = "framework.scoped", "Applicability of a framework decided", Outcome.NEUTRAL
    CONTROL_CONCLUDED = "control.concluded", "Control concluded", Outcome.NEUTRAL
    CONTROL_TAKEN_BACK = "control.taken_back", "Conclusion on a control taken back", Outcome.STALE
    CONTROL_REFUSED = "control.refused", "Conclusion on a control refused", Outcome.NO
    EVIDENCE_ATTACHED = "evidence.attached", "Outside evidence attached", Outcome.NEUTRAL
    EVIDENCE_DETACHED = "evidence.detached", "Outside evidence taken away", Outcome.STALE
    GAP_OPENED = "gap.opened", "Gap in the coverage assigned", Outcome.NO
    GAP_REASSIGNED = "gap.reassigned", "Gap in the coverage reassigned", Outcome.NEUTRAL
    GAP_CLOSED = "gap.closed", "Gap in the coverage closed", Outcome.OK
    COVERAGE_EXPORTED = "coverage.exported", "Coverage exported", Outcome.NEUTRAL
    DOCUMENT_DOWNLOADED = "document.downloaded", "Legal document downloaded", Outcome.NEUTRAL
    BIAS_AUDIT_RECORDED = "bias_audit.recorded", "Bias audit recorded", Outcome.NEUTRAL
    BIAS_AUDIT_WITHDRAWN = "bias_audit.withdrawn", "Bias audit withdrawn", Outcome.STALE

    MODEL_PUBLISHED = "model.published", "Model published in the register", Outcome.OK
    MODEL_WITHDRAWN = "model.withdrawn", "Model taken out of the register", Outcome.NEUTRAL

    WEBHOOK_ADDED = "webhook.added", "Webhook added", Outcome.NEUTRAL
    WEBHOOK_CHANGED = "webhook.changed", "Webhook changed", Outcome.NEUTRAL
    WEBHOOK_SWITCHED_OFF = "webhook.switched_off", "Webhook switched off", Outcome.NO
    WEBHOOK_SWITCHED_ON = "webhook.switched_on", "Webhook switched on", Outcome.OK
    WEBHOOK_SECRET_CHANGED = "webhook.secret_changed", "Secret of a webhook changed", Outcome.STALE
    WEBHOOK_TRIED = "webhook.tried", "Webhook tried out", Outcome.NEUTRAL
    WEBHOOK_SENT_AGAIN = "webhook.sent_again", "Message of a webhook sent again", Outcome.NEUTRAL

    POLICY_IMPORTED = "policy.imported", "Policy pack imported", Outcome.NEUTRAL
    POLICY_ACTIVATED = "policy.activated", "Policy pack activated", Outcome.OK
    POLICY_ACTIVATED_ALONE = "policy.activated_alone", "Policy pack activated by one person", Outcome.NO
    POLICY_IMPACT_EXPORTED = "policy.impact_exported", "Impact preview exported", Outcome.NEUTRAL
    POLICY_ACTIVATION_ASKED = "policy.activation_asked", "Activation of a pack asked for", Outcome.NEUTRAL
    POLICY_ACTIVATION_REFUSED = "policy.activation_refused", "Activation of a pack refused", Outcome.NO
    POLICY_ACTIVATION_WITHDRAWN = "policy.activation_withdrawn", "Wish to activate withdrawn", Outcome.STALE
    POLICY_CONFIRM_REFUSED = "policy.confirm_refused", "Confirmation of a pack refused", Outcome.NO
    POLICY_SIMULATION_REQUESTED = "policy.simulation_requested", "Impact preview asked for", Outcome.RUNNING
    POLICY_SIMULATED = "policy.simulated", "Impact preview finished", Outcome.OK
    POLICY_SIMULATION_FAILED = "policy.simulation_failed", "Impact preview failed", Outcome.ERROR
    POLICY_SIMULATION_CANCELLED = "policy.simulation_cancelled", "Impact preview stopped", Outcome.NEUTRAL
    GATE_ALLOWED = "gate.allowed", "Gate allowed", Outcome.OK
    GATE_DENIED = "gate.denied", "Gate denied", Outcome.NO
    GATE_REFUSED = "gate.refused", "Gate call refused", Outcome.ERROR

    PERSONAL_DATA_EXPORTED = "user.data_exported", "Data about a person exported", Outcome.NEUTRAL
    ACCESS_EXPORTED = "access.exported", "List of who can do what exported", Outcome.NEUTRAL
    ACCESS_REVIEW_STARTED = "access.review_started", "Access review started", Outcome.NEUTRAL
    ACCESS_KEPT = "access.kept", "Access kept in a review", Outcome.OK
    ACCESS_TAKEN = "access.taken_away", "Access taken away in a review", Outcome.NO
    ACCESS_REVIEW_FINISHED = "access.review_finished", "Access review finished", Outcome.OK

    REPORT_REQUESTED = "report.requested", "Report requested", Outcome.RUNNING
    REPORT_SUCCEEDED = "report.succeeded", "Report finished", Outcome.OK
    REPORT_FAILED = "report.failed", "Report failed", Outcome.ERROR
    REPORT_DOWNLOADED = "report.downloaded", "Report downloaded", Outcome.NEUTRAL

    SIGNING_KEY_INTRODUCED = "signing_key.introduced", "Signing key introduced", Outcome.NEUTRAL
    SIGNING_KEY_ROTATED = "signing_key.rotated", "Signing key rotated", Outcome.STALE
    AUDIT_EXPORTED = "audit.exported", "Audit trail exported", Outcome.NEUTRAL
    ROWS_ADOPTED = "rows.adopted", "Rows taken into the record as they stood", Outcome.NEUTRAL

    DEMO_LOADED = "demo.loaded", "Demo portfolio loaded", Outcome.NEUTRAL
