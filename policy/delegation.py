"""Say which roles may stand in for which, when the holder of one delegates it for a time."""

STANDS_IN = {
    "validator": ("validator",),
    "risk_officer": ("risk_officer", "compliance_officer"),
    "compliance_officer": ("compliance_officer", "risk_officer"),
    "ethics_committee": ("ethics_committee",),
    "business_approver": ("business_approver",),
}
"""Role → the roles whose holders may be its deputies. Risk and compliance are one line of defence (the second), so
each may stand in for the other; validation, ethics and business answer for what no other role is qualified for."""


def stands_in(role: str) -> tuple[str, ...]:
    """Return the roles of which a deputy for this role must hold one."""
    return STANDS_IN.get(role, ())
