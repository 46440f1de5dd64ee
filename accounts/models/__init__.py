"""Who: people, roles and keys; how people prove who they are; what they are told."""

from accounts.models.parting import Parting
from accounts.models.people import (
    SIGNING_ROLES,
    ApiKey,
    MailChoice,
    Notice,
    Role,
    RoleGrant,
    Scope,
    Theme,
    User,
)
from accounts.models.proofs import Factor, FactorKind, Identity, ProofTicket, RecoveryCode, Throttle
from accounts.models.sessions import Session

__all__ = [
    "SIGNING_ROLES",
    "ApiKey",
    "Factor",
    "FactorKind",
    "Identity",
    "MailChoice",
    "Notice",
    "Parting",
    "ProofTicket",
    "RecoveryCode",
    "Role",
    "RoleGrant",
    "Scope",
    "Session",
    "Theme",
    "Throttle",
    "User",
]
