"""What somebody may want to go to, from a few letters: pages, what has a number, models, data sets, findings, risks.

A handful of each, with a fixed number of queries: whoever wants the whole list has its page.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db.models import Model, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from accounts.said import label
from audit.models import LogEntry
from evaluations.models import EvaluationRun
from governance.gate.queries import decision_named
from governance.portfolio.inventory import suggested
from governance.reports.access import reports_seen
from governance.reports.models import Report
from governance.templatetags.navigation import Link, sections
from governance.trail.sight import entries_seen
from policy.terms import glossary
from registry.models import Dataset, Deployment, ModelVersion
from registry.sight import seen_by
from riskreview.models import BreakGlass, Finding, Review, Risk, Waiver

MOST = 5
NUMBERED = re.compile(r"(?P<kind>[a-z]*)[\s#-]*(?P<number>[0-9]{1,12})")
DIGEST = re.compile(r"(?:sha256:)?(?P<hex>[0-9a-f]{8,64})")


@dataclass(frozen=True)
class Hit:
    """Somewhere to go: what it is called, a word about it, where it is."""

    label: str
    href: str
    note: str = ""
    icon: str = "arrow"
    quoted: bool = False  # in the words of the record, which are English


@dataclass(frozen=True)
class Group:
    """Hits of one kind."""

    heading: str
    hits: tuple[Hit, ...]


@dataclass(frozen=True)
class Numbered:
    """A kind of thing that people call by its number."""

    prefixes: tuple[str, ...]
    rows: Callable[[], QuerySet[Model]]
    address: str
    heading: str
    icon: str
    seen: Callable[[User], Q]
    by: str = "pk"


def _by(path: str) -> Callable[[User], Q]:
    return lambda user: seen_by(user, path)


OF_VERSION, OF_MODEL = _by("version__model"), _by("model")
NUMBERS = (
    Numbered(
        ("f", "finding"), Finding.objects.all, "riskreview:finding", gettext_noop("Finding"), "flag", OF_MODEL
    ),
    Numbered(("r", "risk"), Risk.objects.all, "riskreview:risk", gettext_noop("Risk"), "shield", OF_MODEL),
    Numbered(
        ("w", "waiver"), Waiver.objects.all, "riskreview:waiver", gettext_noop("Waiver"), "clock", OF_MODEL
    ),
    Numbered(
        ("bg",),
        BreakGlass.objects.all,
        "riskreview:break_glass",
        "Break-glass",
        "alert",
        OF_VERSION,
    ),
    Numbered(
        ("run", "evaluation"),
        EvaluationRun.objects.all,
        "evaluations:run",
        gettext_noop("Evaluation"),
        "flask",
        OF_VERSION,
    ),
    Numbered(
        ("review",), Review.objects.all, "riskreview:review", gettext_noop("Review"), "check_list", OF_VERSION
    ),
    Numbered(
        ("deployment",),
        Deployment.objects.all,
        "deployments:deployment",
        gettext_noop("Deployment"),
        "play",
        OF_VERSION,
    ),
    Numbered(("report",), Report.objects.all, "reports:report", gettext_noop("Report"), "file", reports_seen),
    Numbered(
        ("entry", "event"),
        LogEntry.objects.all,
        "trail:entry",
        gettext_noop("Audit trail, entry"),
        "log",
        entries_seen,
        "seq",
    ),
)
WHATEVER = ("finding", "risk", "run", "review", "entry")
"""What a number alone may mean."""


def found(asked: str, reader: User, *, administrator: bool) -> list[Group]:
    """Return what fits, the surest first; every page while nothing is asked yet."""
    asked = " ".join(asked.split())
    groups = [(gettext_noop("Go to"), _pages(asked, administrator=administrator))]
    if asked:
        lists = {gettext_noop("Models"): _models(asked, reader), gettext_noop("Data sets"): _datasets(asked)}
        lists |= {
            gettext_noop("Findings"): _findings(asked, reader),
            gettext_noop("Risks"): _risks(asked, reader),
        }
        lists |= {gettext_noop("Words"): _words(asked)}
        groups = [
            (gettext_noop("By number"), [*_numbered(asked, reader), *_identified(asked, reader)]),
            *groups,
            *lists.items(),
        ]
    return [Group(heading, tuple(hits)) for heading, hits in groups if hits]


def _pages(asked: str, *, administrator: bool) -> list[Hit]:
    """Entries of the navigation in which some word begins so."""
    wanted = asked.casefold()
    links = [link for section in sections("/", administrator=administrator) for link in section.links]
    return [
        Hit(label(link.label), link.href, icon=link.icon)
        for link in links
        if not wanted or _begins(link, wanted)
    ]


def _begins(link: Link, wanted: str) -> bool:
    """In the language of the reader, or in English, as the docs call the page."""
    names = {label(link.label).casefold(), link.label.casefold()}
    return any(
        name.startswith(wanted) or any(word.startswith(wanted) for word in name.split()) for name in names
    )


def _words(asked: str) -> list[Hit]:
    """Explained words that begin so, by what people or policies call them."""
    wanted, page = asked.casefold(), reverse("glossary")
    return [
        Hit(term.label, f"{page}#word-{name}", note=term.meaning, icon="question", quoted=True)
        for terms in glossary().values()
        for name, term in terms.items()
        if term.label.casefold().startswith(wanted) or name.startswith(wanted)
    ][:MOST]


def _numbered(asked: str, reader: User) -> Iterator[Hit]:
    match = NUMBERED.fullmatch(asked.casefold())
    if match is None:
        return
    for kind in NUMBERS:
        named = match["kind"] in kind.prefixes
        if not named and (match["kind"] or not {*WHATEVER} & {*kind.prefixes}):
            continue
        number = int(match["number"])
        row = kind.rows().filter(kind.seen(reader), **{kind.by: number}).first()
        if row is not None:
            yield Hit(
                f"{gettext(kind.heading)} {number}",
                reverse(kind.address, args=[number]),
                _title(row),
                kind.icon,
            )


def _title(row: Model) -> str:
    return str(getattr(row, "title", "") or "")


def _identified(asked: str, reader: User) -> Iterator[Hit]:
    """A decision by its identifier, versions by the digest of their artifact or its beginning."""
    decision = decision_named(asked, reader)
    if decision is not None:
        address = reverse("gate:decision", args=[decision.pk])
        yield Hit(
            gettext("Gate decision {number}").format(number=str(decision.pk)[:8]),
            address,
            gettext(decision.decision),
            "gate",
        )
    match = DIGEST.fullmatch(asked.casefold())
    if match is not None:
        begins = f"sha256:{match['hex']}"
        seen = ModelVersion.objects.filter(seen_by(reader, "model"))
        versions = seen.filter(artifact_digest__gte=begins, artifact_digest__lt=f"{begins}g")
        for version in versions.select_related("model")[:MOST]:
            yield _version(version, version.artifact_digest[:19] + "…")


def _version(version: ModelVersion, note: str) -> Hit:
    address = reverse("portfolio:version", args=[version.model.slug, version.version])
    return Hit(f"{version.model.name} v{version.version}", address, note, "box")


def _models(asked: str, reader: User) -> list[Hit]:
    hits = []
    for row in suggested(asked, reader, limit=MOST):
        if row.version is not None:
            hits.append(_version(row.version, label(row.tier.capitalize())))
        else:
            hits.append(Hit(row.model.name, reverse("portfolio:model", args=[row.model.slug]), icon="box"))
    return hits


def _datasets(asked: str) -> list[Hit]:
    rows = Dataset.objects.filter(name__icontains=asked).order_by("name", "-pk")[:MOST]
    return [
        Hit(row.name, reverse("registry:dataset", args=[row.name, row.version]), f"v{row.version}", "db")
        for row in rows
    ]


def _findings(asked: str, reader: User) -> list[Hit]:
    rows = Finding.objects.filter(seen_by(reader, "model"), title__icontains=asked).order_by("-pk")[:MOST]
    return [Hit(row.title, reverse("riskreview:finding", args=[row.pk]), row.name, "flag") for row in rows]


def _risks(asked: str, reader: User) -> list[Hit]:
    rows = Risk.objects.filter(seen_by(reader, "model"), title__icontains=asked).order_by("-pk")[:MOST]
    return [
        Hit(row.title, reverse("riskreview:risk", args=[row.pk]), f"R-{row.pk}", "shield") for row in rows
    ]
