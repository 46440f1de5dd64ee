"""What `manage.py check --deploy` says of the certificate that signs PDFs."""

from typing import Any

from django.core.checks import CheckMessage, Error, Warning
from django.utils import timezone

from governance.reports.certificate import WARN_BEFORE, CertificateUnusable, configured, holder


def certificate_check(**kwargs: Any) -> list[CheckMessage]:
    """That it can sign, and will for some time yet."""
    if not configured():
        return []
    now = timezone.now()
    try:
        found = holder(now)
    except CertificateUnusable as problem:
        return [Error(str(problem), hint="Reports fail until it can sign.", id="reports.E001")]
    if found.until - now < WARN_BEFORE:
        words = f"The certificate that signs reports, of {found.subject}, ends on {found.until:%Y-%m-%d}."
        return [Warning(words, hint="Reports fail from then on; have it renewed.", id="reports.W001")]
    return []
