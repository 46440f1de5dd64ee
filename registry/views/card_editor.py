"""Writing a card: the editor, its live preview, and what happens when two people write at once."""

from collections.abc import Collection, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.refusals import Conflict, Invalid
from policy.cards import load_card_schema
from registry.access import card_for_reader, version_for_editor, version_for_reader
from registry.actions import CardMoved, revise_card
from registry.actions.cards import LONGEST_SECTION
from registry.cards import completed, shown_sections, unmeasured
from registry.drafts import draft_sections
from registry.forms.cards import CardForm
from registry.measures import measures_of
from registry.models import CardRevision, ModelVersion
from registry.queries import card_comments_of


@require_http_methods(["GET", "POST"])
def card_edit(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """Write the card. Two people at once: the second keeps their text and sees what the first saved."""
    found = version_for_editor(request.user, slug, version)
    current = card_for_reader(request.user, found)
    if request.method == "GET":
        return _begin(request, found, current)
    form = CardForm(request.POST)
    if not form.is_valid():
        return _editor(request, found, current, form, form.cleaned_data, status=400)
    if "preview" in request.POST:
        return _editor(request, found, current, form, form.sections, previewed=True)
    try:
        saved = revise_card(
            version=found,
            sections=form.sections,
            author=request.user,
            note=form.cleaned_data["note"],
            expected_revision=form.cleaned_data["revision"],
            actor=actor_of(request),
            at=timezone.now(),
        )
    except CardMoved as moved:
        return _moved(request, found, form, moved)
    except (Invalid, Conflict) as refused:
        return _editor(request, found, current, form, form.sections, status=complain(form, refused))
    messages.success(request, f"Revision {saved.number} of the card is saved.")
    return redirect("registry:card", slug, version)


@require_POST
def card_preview(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """One text as the card would show it. Nothing is kept."""
    found = version_for_reader(request.user, slug, version)
    names = [section.id for section in load_card_schema().sections if section.id in request.POST]
    text = str(request.POST[names[0]]).replace("\r\n", "\n") if names else ""
    measures, kept = measures_of(found), text[:LONGEST_SECTION]
    context = {
        "text": kept,
        "too_long": len(text) - LONGEST_SECTION,
        "measures": measures,
        "unmeasured": unmeasured(kept, measures),
    }
    return render(request, "registry/card_preview.html", context)


def _begin(request: UserRequest, version: ModelVersion, current: CardRevision | None) -> HttpResponse:
    """The card as it stands. What is on file fills a card that nobody wrote yet, and on request the gaps of one."""
    on_file = draft_sections(version, measures_of(version))
    texts = dict(current.sections) if current else {}
    gaps = {name: text for name, text in on_file.items() if not texts.get(name)}
    fill = current is None or request.GET.get("fill") == "missing"
    texts |= gaps if fill else {}
    form = CardForm(initial={**texts, "revision": current.number if current else 0})
    return _editor(
        request, version, current, form, texts, drafted=gaps if fill else (), on_file=() if fill else gaps
    )


def _moved(request: UserRequest, version: ModelVersion, form: CardForm, moved: CardMoved) -> HttpResponse:
    """The author's text again, now based on what the other person saved, with the differences shown."""
    current = moved.current
    again = CardForm(initial={**form.sections, "note": form.cleaned_data["note"], "revision": current.number})
    return _editor(request, version, current, again, form.sections, moved=moved, status=409)


def _editor(
    request: UserRequest,
    version: ModelVersion,
    current: CardRevision | None,
    form: CardForm,
    texts: Mapping[str, str],
    *,
    drafted: Collection[str] = (),
    on_file: Collection[str] = (),
    moved: CardMoved | None = None,
    previewed: bool = False,
    status: int = 200,
) -> HttpResponse:
    measures = measures_of(version)
    shown = shown_sections(
        texts,
        before=moved.current.sections if moved else None,
        drafted=drafted,
        measures=measures,
        comments=card_comments_of(version),
    )
    rows: list[dict[str, Any]] = [{"shown": item, "field": form[item.section.id]} for item in shown]
    context = {
        "version": version,
        "current": current,
        "form": form,
        "rows": rows,
        "shown": shown,
        "completed": completed(shown),
        "total": len(rows),
        "measures": measures,
        "drafted": any(item.is_draft for item in shown),
        "on_file": len(on_file),
        "moved": moved,
        "previewed": previewed,
    }
    return render(request, "registry/card_edit.html", context, status=status)
