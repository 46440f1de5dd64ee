"""The main navigation: what it holds for this person, and which entry the page belongs to."""

from dataclasses import dataclass, replace

from django.urls import NoReverseMatch, reverse


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
    Link("home", "My work", "inbox"),
    Link("accounts:inbox", "Inbox", "bell"),
    Link("portfolio:models", "Models", "box"),
    Link("riskreview:reviews", "Reviews", "check_list"),
    Link("riskreview:findings", "Findings", "flag"),
    Link("riskreview:risks", "Risks", "shield"),
    Link("riskreview:obligations", "Obligations", "calendar"),
    Link("evaluations:runs", "Evaluations", "flask"),
)
RECORD = (
    Link("gate:decisions", "Gate decisions", "gate"),
    Link("riskreview:waivers", "Waivers", "clock"),
    Link("riskreview:break_glass_list", "Break-glass", "alert"),
    Link("deployments:deployments", "Deployments", "play"),
    Link("trail:events", "Audit trail", "log"),
    Link("compliance:coverage", "Coverage", "filter"),
    Link("compliance:clocks", "Legal dates", "calendar"),
    Link("reports:reports", "Reports", "file"),
)
RULES = (
    Link("riskreview:tiers", "Tiers", "scale"),
    Link("riskreview:policy", "Policy pack", "policy"),
    Link("compliance:frameworks", "Frameworks", "check_list"),
    Link("compliance:programme", "Programme", "home"),
    Link("compliance:maturity", "Maturity", "users"),
    Link("registry:datasets", "Data sets", "db"),
)
ADMINISTRATION = (
    Link("accounts:people", "People", "users"),
    Link("entitlements:access", "Access", "check_list"),
    Link("scim:provisioning", "Provisioning", "refresh"),
    Link("accounts:keys", "API keys", "key"),
    Link("pipelines:rules", "Pipelines", "branch"),
    Link("webhooks:endpoints", "Webhooks", "bell"),
    Link("registry:fields", "Inventory fields", "edit"),
    Link("tracking:servers", "Tracking servers", "link"),
    Link("system", "System", "settings"),
)


def address(name: str) -> str:
    """The address of a page, or nothing while the page does not exist."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def sections(path: str, *, administrator: bool, forced: str = "") -> list[Section]:
    """The navigation as seen from `path`. The entry with the longest matching address is current."""
    plan = [("", WORK), ("Record", RECORD), ("Rules", RULES)]
    if administrator:
        plan.append(("Administration", ADMINISTRATION))
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
