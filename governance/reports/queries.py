"""What a report can be about, for whoever is typing its name, and which was the last one of the portfolio."""

from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import User
from evaluations.models import JobStatus
from governance.reports.models import OF_A_VERSION, Report, ReportKind
from registry.access import models_for_reader
from registry.models import ModelVersion

SUGGESTED = 20


def subjects(user: User, kind: str, asked: str) -> list[tuple[str, str]]:
    """Addresses such as `credit-default/3` with their names, the newest first; a word of the name or slug is enough."""
    slug, _, number = asked.strip().partition("/")
    models = models_for_reader(user).filter(Q(name__icontains=slug) | Q(slug__icontains=slug))
    if kind and kind not in OF_A_VERSION:
        return [(model.slug, model.name) for model in models.order_by("-pk")[:SUGGESTED]]
    versions = ModelVersion.objects.select_related("model").filter(model__in=models.values("pk"))
    versions = versions.filter(version__startswith=number) if number else versions
    rows = versions.order_by("-pk")[:SUGGESTED]
    return [(f"{row.model.slug}/{row.version}", str(row)) for row in rows]


def last_portfolio_report(*, until: datetime, among: QuerySet[Report] | None = None) -> Report | None:
    """The newest one that tells of a moment before `until`, `among` those that the reader may see."""
    rows = Report.objects.all() if among is None else among
    made = rows.filter(kind=ReportKind.PORTFOLIO, status=JobStatus.SUCCEEDED, as_of__lt=until)
    return made.order_by("-as_of", "-pk").first()
