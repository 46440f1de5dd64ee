"""The card of a version: read, compared, talked about."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import UserRequest, actor_of
from accounts.refusals import Invalid
from registry.access import card_comment_for_reader, card_for_reader, may_edit, version_for_reader
from registry.actions import comment_on_card, resolve_card_comment
from registry.actions.card_comments import may_comment, may_resolve
from registry.card_formats import FORMATS
from registry.cards import completed, shown_sections
from registry.forms.cards import CommentForm
from registry.measures import measures_of
from registry.models import ModelVersion
from registry.queries import card_comments_of, revisions_of


@require_GET
def card(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """The card as last saved, or an older revision; with `since`, what changed from that one."""
    found = version_for_reader(request.user, slug, version)
    return _page(request, found)


def _page(
    request: UserRequest, found: ModelVersion, *, wrong: CommentForm | None = None, status: int = 200
) -> HttpResponse:
    revision = card_for_reader(request.user, found, number_in(request, "revision"))
    since_number = number_in(request, "since")
    since = card_for_reader(request.user, found, since_number) if since_number is not None else None
    measures = measures_of(found)
    comments = list(card_comments_of(found))
    shown = shown_sections(
        revision.sections if revision else {},
        before=since.sections if since else None,
        measures=measures,
        comments=comments,
    )
    context: dict[str, Any] = {
        "version": found,
        "revision": revision,
        "since": since,
        "measures": measures,
        "shown": shown,
        "changed": [item for item in shown if item.changes],
        "completed": completed(shown),
        "revisions": list(revisions_of(found)),
        "formats": FORMATS.values(),
        "may_edit": may_edit(request.user, found.model),
        "may_comment": may_comment(request.user),
        "resolvable": {
            row.pk for row in comments if row.resolved_at is None and may_resolve(request.user, row)
        },
        "comment_form": CommentForm(auto_id=False),
        "wrong": wrong,
    }
    return render(request, "registry/card.html", context, status=status)


@require_POST
def comment(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """Say something about a section; it decides nothing."""
    found = version_for_reader(request.user, slug, version)
    form = CommentForm(request.POST, auto_id=False)
    if not form.is_valid():
        return _page(request, found, wrong=form, status=400)
    try:
        written = comment_on_card(
            version=found,
            section=form.cleaned_data["section"],
            text=form.cleaned_data["text"],
            author=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
    except Invalid as refused:
        form.add_error("text", f"{refused} {refused.remedy}".strip())
        return _page(request, found, wrong=form, status=400)
    messages.success(request, "Your comment is kept.")
    return redirect(f"{reverse('registry:card', args=[slug, version])}#s-{written.section}")


@require_POST
def resolve(request: UserRequest, slug: str, version: str, pk: int) -> HttpResponse:
    """Say that a remark is dealt with."""
    found = version_for_reader(request.user, slug, version)
    row = card_comment_for_reader(request.user, found, pk)
    resolve_card_comment(comment=row, user=request.user, actor=actor_of(request), at=timezone.now())
    messages.success(request, "The comment is resolved.")
    return redirect(f"{reverse('registry:card', args=[slug, version])}#s-{row.section}")


def number_in(request: UserRequest, name: str) -> int | None:
    """A revision's number in the address. Raises Http404 for what is none."""
    given = request.GET.get(name, "")
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 7):
        raise Http404(f"{name} is a number.")
    return int(given)
