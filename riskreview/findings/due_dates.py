"""The table of days by severity and tier: the one that counts, and the date that it gives."""

from datetime import date, datetime, timedelta

from policy.due_days import TIERS, Days, days_for, default_days
from policy.words import SEVERITIES
from registry.models import RegisteredModel
from riskreview.models import DueDays


def days_in_force() -> tuple[Days, DueDays | None]:
    """The table and its edition; None while nobody has set one."""
    newest = DueDays.objects.select_related("set_by").first()
    return (newest.days, newest) if newest is not None else (default_days(), None)


def in_order(days: Days) -> list[tuple[str, list[tuple[str, int]]]]:
    """The table as a page shows it: by severity, then by tier, the worst first."""
    return [(severity, [(str(tier), days[severity][tier]) for tier in TIERS]) for severity in SEVERITIES]


def due_date(model: RegisteredModel, severity: str, at: datetime) -> date:
    """When a finding of this severity, raised now, falls due."""
    assessment = model.tier_assessments.first()
    days, _ = days_in_force()
    return at.date() + timedelta(days=days_for(days, severity, assessment.tier if assessment else ""))
