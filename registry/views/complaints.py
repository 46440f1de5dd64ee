"""What forms share: reading what was sent, and showing refusals beside the field that they are about."""

from typing import Any

from django.forms import Form
from django.http import HttpRequest

from accounts.refusals import Conflict, Invalid


def sent(request: HttpRequest) -> tuple[Any, Any]:
    """Data and files for a form: both of a POST, neither of a GET. An empty POST is still one."""
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


def complain(form: Form, refusal: Invalid | Conflict, field: str = "") -> int:
    """Put the refusal on the form and answer the status that fits it."""
    place = getattr(refusal, "field", "") or field
    form.add_error(place if place in form.fields else None, f"{refusal} {refusal.remedy}".strip())
    return 409 if isinstance(refusal, Conflict) else 400
