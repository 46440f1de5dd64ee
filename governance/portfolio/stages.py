"""How far a model has come, from what is known of it. Never stored as the truth."""

from collections.abc import Collection, Sequence

STAGES = {
    "proposed": "Proposed",
    "in_development": "In development",
    "in_validation": "In validation",
    "approved": "Approved",
    "in_use": "In use",
    "suspended": "Suspended",
    "retired": "Retired",
}
WAY = tuple(STAGES)[:5]
"""The stages that lie on the way; the two others break it or end it."""


def stage_of(
    lifecycle: str, statuses: Sequence[str], deployed_in: Collection[str], *, review_open: bool = False
) -> str:
    """The stage of a model from its lifecycle, the statuses of its versions and where it runs.

    What is stopped is stopped, whatever else is true of it. What production runs is in use, approved or not. A
    version being measured is in validation while its review is open (`review_open`), else in development.
    """
    if lifecycle in ("suspended", "retired"):
        return lifecycle
    if "production" in deployed_in:
        return "in_use"
    if "approved" in statuses:
        return "approved"
    if review_open or any(status in ("in_review", "lapsed") for status in statuses):
        return "in_validation"
    return "in_development" if statuses else "proposed"
