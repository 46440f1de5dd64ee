"""Where finished reports lie, and what their layout reads."""

from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders

from governance.reports.render import RenderFailed


def reports_folder() -> Path:
    """Where finished reports lie."""
    return Path(settings.MEDIA_ROOT) / "reports"


def static_folder() -> Path:
    """The folder that holds css/ and fonts/."""
    found = finders.find("css/report.css")
    if not isinstance(found, str):
        raise RenderFailed("The report's style sheet is missing from this installation.")
    return Path(found).parent.parent
