"""What forms share: reading what was sent."""

from typing import Any

from django.http import HttpRequest

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
