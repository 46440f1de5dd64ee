"""What a browser calls itself, in words that its owner knows it by."""

from django.utils.translation import gettext, gettext_noop

BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
UNKNOWN = gettext_noop("A browser")


def browser_name(agent: str) -> str:
    """`Firefox on Linux`, as far as it can be known."""
    browser = next((name for mark, name in BROWSERS if mark in agent), UNKNOWN)
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    browser = gettext(browser)
    return gettext("{browser} on {system}").format(browser=browser, system=system) if system else browser
