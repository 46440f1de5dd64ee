"""Talking in a review: each ends in a redirect to the thread, or in the same page with the text kept."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.refusals import Conflict, Invalid
from riskreview.access import comment_for_reader, review_for_reader
from riskreview.models import Comment
from riskreview.reviews.anchors import anchors_of
from riskreview.reviews.forms import CommentForm, ReplyForm
from riskreview.reviews.threads import comment, resolve_question
from riskreview.reviews.views.reviews import workspace


@require_POST
def add_comment(request: UserRequest, pk: int) -> HttpResponse:
    """Say something that decides nothing, or ask."""
    found = review_for_reader(request.user, pk)
    form, status = CommentForm(request.POST, anchors=anchors_of(found, at=timezone.now())), 400
    if form.is_valid():
        try:
            written = comment(
                review=found,
                text=form.cleaned_data["text"],
                author=request.user,
                anchor=form.cleaned_data["anchor"],
                is_question=form.cleaned_data["is_question"],
                actor=actor_of(request),
                at=timezone.now(),
            )
        except (Invalid, Conflict) as refused:
            status = complain(form, refused, "text")
        else:
            messages.success(
                request, "Your question is kept." if written.is_question else "Your comment is kept."
            )
            return _to(written)
    return render(
        request, "riskreview/review.html", workspace(request, found, comment_form=form), status=status
    )


@require_POST
def reply(request: UserRequest, pk: int) -> HttpResponse:
    """Answer in a thread."""
    first = comment_for_reader(request.user, pk)
    form, status = ReplyForm(request.POST, auto_id=f"reply-{pk}-%s"), 400
    if form.is_valid():
        try:
            comment(
                review=first.review,
                text=form.cleaned_data["text"],
                author=request.user,
                parent=first,
                actor=actor_of(request),
                at=timezone.now(),
            )
        except (Invalid, Conflict) as refused:
            status = complain(form, refused, "text")
        else:
            messages.success(request, "Your reply is kept.")
            return _to(first)
    found = review_for_reader(request.user, first.review_id)
    context = workspace(request, found, reply_form=form, reply_to=first.pk)
    return render(request, "riskreview/review.html", context, status=status)


@require_POST
def resolve(request: UserRequest, pk: int) -> HttpResponse:
    """Say that a question is answered."""
    question = comment_for_reader(request.user, pk)
    resolve_question(question=question, user=request.user, actor=actor_of(request), at=timezone.now())
    messages.success(request, "Resolved.")
    return _to(question)


def _to(written: Comment) -> HttpResponse:
    response = redirect("riskreview:review", written.review_id)
    response["Location"] += f"#comment-{written.parent_id or written.pk}"
    return response
