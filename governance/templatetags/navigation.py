"""The main navigation: what it holds for this person, and which entry the page belongs to."""

from dataclasses import dataclass, replace

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_noop


@dataclass(frozen=True)
class Link:
    """One entry of the navigation."""

    name: str
    label: str
    icon: str
    href: str = ""
    current: bool = False

    @property
    def place(self) -> str:
        """What app.js calls the page after the key g."""
        return self.name.rpartition(":")[2]


@dataclass(frozen=True)
class Section:
    """Entries under one heading; the first section has none."""

    heading: str
    links: tuple[Link, ...]


WORK = (
    Link("home", gettext_noop("My work"), "inbox"),
    Link("accounts:inbox", gettext_noop("Inbox"), "bell"),
    Link("portfolio:models", gettext_noop("Models"), "box"),
    Link("riskreview:reviews", gettext_noop("Reviews"), "check_list"),
    Link("riskreview:findings", gettext_noop("Findings"), "flag"),
    Link("riskreview:risks", gettext_noop("Risks"), "shield"),
    Link("riskreview:obligations", gettext_noop("Obligations"), "calendar"),
    Link("evaluations:runs", gettext_noop("Evaluations"), "flask"),
)
RECORD = (
    Link("gate:decisions", gettext_noop("Gate decisions"), "gate"),
    Link("riskreview:waivers", gettext_noop("Waivers"), "clock"),
    Link("riskreview:break_glass_list", gettext_noop("Break-glass"), "alert"),
    Link("deployments:deployments", gettext_noop("Deployments"), "play"),
    Link("trail:events", gettext_noop("Audit trail"), "log"),
    Link("compliance:coverage", gettext_noop("Coverage"), "filter"),
    Link("compliance:clocks", gettext_noop("Legal dates"), "calendar"),
    Link("reports:reports", gettext_noop("Reports"), "file"),
)
RULES = (
    Link("riskreview:tiers", gettext_noop("Tiers"), "scale"),
    Link("riskreview:policy", gettext_noop("Policy pack"), "policy"),
    Link("compliance:frameworks", gettext_noop("Frameworks"), "check_list"),
    Link("compliance:programme", gettext_noop("Programme"), "home"),
    Link("compliance:maturity", gettext_noop("Maturity"), "users"),
    Link("registry:datasets", gettext_noop("Data sets"), "db"),
    Link("glossary", gettext_noop("Glossary"), "question"),
)
ADMINISTRATION = (
    Link("accounts:people", gettext_noop("People"), "users"),
    Link("entitlements:access", gettext_noop("Access"), "check_list"),
    Link("scim:provisioning", gettext_noop("Provisioning"), "refresh"),
    Link("accounts:keys", gettext_noop("API keys"), "key"),
    Link("pipelines:rules", gettext_noop("Pipelines"), "branch"),
    Link("webhooks:endpoints", gettext_noop("Webhooks"), "bell"),
    Link("registry:fields", gettext_noop("Inventory fields"), "edit"),
    Link("tracking:servers", gettext_noop("Tracking servers"), "link"),
    Link("system", gettext_noop("System"), "settings"),
)


def address(name: str) -> str:
    """The address of a page, or nothing while the page does not exist."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def sections(path: str, *, administrator: bool, forced: str = "") -> list[Section]:
    """The navigation as seen from `path`. The entry with the longest matching address is current."""
    plan = [("", WORK), (gettext_noop("Record"), RECORD), (gettext_noop("Rules"), RULES)]
    if administrator:
        plan.append((gettext_noop("Administration"), ADMINISTRATION))
    linked = [(head, [replace(link, href=address(link.name)) for link in links]) for head, links in plan]
    current = forced or _owner(path, [link for _, links in linked for link in links])
    return [
        Section(heading, tuple(replace(link, current=link.name == current) for link in links if link.href))
        for heading, links in linked
    ]


def _owner(path: str, links: list[Link]) -> str:
    fits = [link for link in links if link.href and (path == link.href or _is_under(path, link))]
    return max(fits, key=lambda link: len(link.href)).name if fits else ""


def _is_under(path: str, link: Link) -> bool:
    return link.name != "home" and path.startswith(link.href)
