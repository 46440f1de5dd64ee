"""Showing a refusal on the form, beside the field that it is about."""

from http import HTTPStatus

from django.forms import Form

from accounts.refusals import Conflict, Invalid, Unavailable


def complain(form: Form, refusal: Invalid | Conflict | Unavailable, field: str = "") -> HTTPStatus:
    """Put the refusal on the form, in the language of the reader, and answer the status that fits it."""
    place = getattr(refusal, "field", "") or field
    form.add_error(place if place in form.fields else None, refusal.said())
    if isinstance(refusal, Unavailable):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.CONFLICT if isinstance(refusal, Conflict) else HTTPStatus.BAD_REQUEST
