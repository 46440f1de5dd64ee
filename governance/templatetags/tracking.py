"""Words about tracking servers. A library that the pages under templates/tracking load."""

from django import template

from registry.tracking_stores import shown

register = template.Library()


@register.filter
def rhythm(minutes: int) -> str:
    """`read every hour`, from a number of minutes; 0 is only when asked."""
    if not minutes:
        return "read when asked"
    if minutes == 1440:
        return "read once a day"
    if minutes % 60 == 0:
        hours = minutes // 60
        return "read every hour" if hours == 1 else f"read every {hours} hours"
    return f"read every {minutes} minutes"


@register.filter
def without_user(uri: str) -> str:
    """An address without a user or password in it."""
    return shown(uri)
