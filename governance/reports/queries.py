"""What a report can be about, for whoever is typing its name."""

from django.db.models import Q

from accounts.models import User
from governance.reports.models import ReportKind
from registry.access import models_for_reader
from registry.models import ModelVersion

SUGGESTED = 20


def subjects(user: User, kind: str, asked: str) -> list[tuple[str, str]]:
    """Addresses such as `credit-default/3` with their names, the newest first; a word of the name or slug is enough."""
    slug, _, number = asked.strip().partition("/")
    models = models_for_reader(user).filter(Q(name__icontains=slug) | Q(slug__icontains=slug))
    if kind == ReportKind.MODEL:
        return [(model.slug, model.name) for model in models.order_by("-pk")[:SUGGESTED]]
    versions = ModelVersion.objects.select_related("model").filter(model__in=models.values("pk"))
    versions = versions.filter(version__startswith=number) if number else versions
    rows = versions.order_by("-pk")[:SUGGESTED]
    return [(f"{row.model.slug}/{row.version}", str(row)) for row in rows]
