"""One model card as a PDF, made while the reader waits: a card is short."""

from django.conf import settings
from django.template.loader import render_to_string

from accounts.languages import english
from audit.canonical import canonical
from governance.reports.short_pdf import short_pdf
from registry.card_formats import CardDocument
from registry.card_formats.own import content
from registry.cards import shown_sections


@english()
def card_pdf(document: CardDocument) -> bytes:
    """The card with its values filled in, its JSON attached. Raises Conflict where it cannot be made now."""
    revision = document.revision
    html = render_to_string(
        "reports/pdf/card_alone.html",
        {
            "document": document,
            "version": document.version,
            "revision": revision,
            "measures": document.measures,
            "sections": [item for item in shown_sections(revision.sections) if item.text],
            "organisation": settings.COUNTERSIGN_ORGANISATION,
            "product": settings.VERSION,
        },
    )
    saved = int(revision.saved_at.timestamp())
    return short_pdf(html=html, facts=canonical(content(document)), folder="cards", made_at=saved)
