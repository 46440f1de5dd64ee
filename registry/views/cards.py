"""The card of a version: read, compared, written."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import UserRequest, actor_of
from accounts.refusals import Conflict, Invalid
from registry.access import card_for_reader, may_edit, version_for_editor, version_for_reader
from registry.actions import CardMoved, revise_card
from registry.cards import completed, shown_sections
from registry.drafts import draft_sections
from registry.forms.cards import CardForm
from registry.models import CardRevision, ModelVersion
from registry.queries import revisions_of
from registry.views.complaints import complain


@require_GET
def card(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """The card as last saved, or an older revision; with `since`, what changed from that one."""
    found = version_for_reader(request.user, slug, version)
    revision = card_for_reader(request.user, found, _number(request, "revision"))
    since_number = _number(request, "since")
    since = card_for_reader(request.user, found, since_number) if since_number is not None else None
    shown = shown_sections(revision.sections if revision else {}, before=since.sections if since else None)
    context = {
        "version": found,
        "revision": revision,
        "since": since,
        "shown": shown,
        "changed": [item for item in shown if item.changes],
        "completed": completed(shown),
        "revisions": list(revisions_of(found)),
        "may_edit": may_edit(request.user, found.model),
    }
    return render(request, "registry/card.html", context)


@require_http_methods(["GET", "POST"])
def card_edit(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """Write the card. Two people at once: the second keeps their text and sees what the first saved."""
    found = version_for_editor(request.user, slug, version)
    current = card_for_reader(request.user, found)
    if request.method == "GET":
        texts = current.sections if current else draft_sections(found)
        initial = {**texts, "revision": current.number if current else 0}
        return _editor(request, found, current, CardForm(initial=initial), texts)
    form = CardForm(request.POST)
    if not form.is_valid():
        return _editor(request, found, current, form, form.cleaned_data, status=400)
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
    moved: CardMoved | None = None,
    status: int = 200,
) -> HttpResponse:
    drafted = current is None and request.method == "GET"
    shown = shown_sections(texts, before=moved.current.sections if moved else None, drafted=drafted)
    rows: list[dict[str, Any]] = [{"shown": item, "field": form[item.section.id]} for item in shown]
    context = {
        "version": version,
        "current": current,
        "form": form,
        "rows": rows,
        "completed": completed(shown),
        "total": len(rows),
        "drafted": any(item.is_draft for item in shown),
        "moved": moved,
    }
    return render(request, "registry/card_edit.html", context, status=status)


def _number(request: UserRequest, name: str) -> int | None:
    given = request.GET.get(name, "")
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 7):
        raise Http404(f"{name} is a number.")
    return int(given)
