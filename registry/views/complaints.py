"""What forms share: reading what was sent, and showing refusals beside the field that they are about."""

from typing import Any

from django.forms import Form
from django.http import HttpRequest

from accounts.refusals import Conflict, Invalid
from registry.receiving import refuse_bad_upload


def sent(request: HttpRequest) -> tuple[Any, Any]:
    """Data and files for a form: both of a POST, neither of a GET. An empty POST is still one.

    Raises Invalid for files that were refused while they came in.
    """
    if request.method != "POST":
        return None, None
    data, files = request.POST, request.FILES
    refuse_bad_upload(request)
    return data, files


def complain(form: Form, refusal: Invalid | Conflict, field: str = "") -> int:
    """Put the refusal on the form and answer the status that fits it."""
    place = getattr(refusal, "field", "") or field
    form.add_error(place if place in form.fields else None, f"{refusal} {refusal.remedy}".strip())
    return 409 if isinstance(refusal, Conflict) else 400
