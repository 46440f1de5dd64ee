"""The technical documentation of a version: as a page, as PDF, as JSON."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import UserRequest, actor_of
from governance.compliance.annex.document import told
from governance.compliance.annex.filling import annex_iv
from governance.compliance.papers import as_json, as_pdf, download, record_taken
from registry.access import version_for_reader

PDF = "reports/pdf/annex_iv.html"


@require_GET
def annex_page(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """Section by section, what is missing first. `?as=json` and `?as=pdf` are files, and on the record."""
    found, now = version_for_reader(request.user, slug, version), timezone.now()
    document = annex_iv(found, request.user, today=now.date())
    kind = request.GET.get("as", "")
    if kind not in ("json", "pdf"):
        return render(request, "compliance/annex_iv.html", {"document": document, "version": found})
    facts = told(document)
    content = as_json(facts) if kind == "json" else as_pdf(PDF, {"document": document}, facts, on=document.on)
    record_taken(
        document=document.id,
        format=kind,
        subject=found.ref,
        digest=facts["digest"],
        actor=actor_of(request),
        at=now,
    )
    return download(content, kind, document.filename)
