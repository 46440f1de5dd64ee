"""What every PDF begins with."""

from typing import Any

from django.conf import settings
from django.template import Library

register = Library()


@register.inclusion_tag("reports/pdf/brand.html")
def house(kind: str) -> dict[str, Any]:
    """The organisation with its logo, and the product; `kind` is what pages say at their head, such as Audit report."""
    return {
        "kind": kind,
        "logo": settings.REPORT_LOOK.logo,
        "organisation": settings.COUNTERSIGN_ORGANISATION,
    }
