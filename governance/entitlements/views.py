"""Who can do what, as a page and as a file; reviews of it."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import UserRequest, actor_of
from accounts.refusals import Conflict, Invalid
from audit.verbs import Verb
from governance.entitlements.access import (
    REVIEWERS,
    refuse_unless_reader,
    refuse_unless_reviewer,
    review_for_reader,
    review_for_reviewer,
    veiled,
)
from governance.entitlements.actions import decide_entries, finish_review, start_review
from governance.entitlements.asked import filters_of, narrowed
from governance.entitlements.gather import entitlements
from governance.entitlements.kinds import Entitlement, Flag, Kind
from governance.entitlements.models import AccessReview, Outcome
from governance.entitlements.personal import person_for_data, personal_data
from registry.spreadsheets import FORMATS, Export

PAGE_SIZE = 100
REVIEWS_SHOWN = 10
HEADER = ("kind", "name", "holder", "holder_name", "what", "since", "given_by", "last_used", "ends", "flags")
EXPORT = Export(Verb.ACCESS_EXPORTED, name="access", sheet="Access", header=HEADER)
SHAPES = {Outcome.OPEN: "todo", Outcome.KEPT: "ok", Outcome.TAKEN: "no", Outcome.GONE: "na"}


class DecideForm(forms.Form):
    """Which entries, what becomes of them, and why; the action judges the reason."""

    entries = forms.TypedMultipleChoiceField(coerce=int, choices=())
    reason = forms.CharField(max_length=300, required=False)

    def __init__(self, data: Any, review: AccessReview) -> None:
        super().__init__(data)
        pks = review.entries.values_list("pk", flat=True)
        self.fields["entries"] = forms.TypedMultipleChoiceField(
            coerce=int,
            choices=[(pk, pk) for pk in pks],
            error_messages={
                "required": "Tick at least one entry.",
                "invalid_choice": "Tick entries of this review.",
            },
        )


@require_GET
def access(request: UserRequest) -> HttpResponseBase:
    """Everything that anybody can do; the address holds the filters."""
    refuse_unless_reader(request.user)
    now, filters = timezone.now(), filters_of(request.GET)
    everything = veiled(entitlements(now), request.user)
    rows = narrowed(everything, filters)
    if (kind := request.GET.get("format", "")) in FORMATS:
        asked = asdict(filters)
        return EXPORT.taken(
            kind, _cells(rows), count=len(rows), filters=asked, actor=actor_of(request), at=now
        )
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "filters": filters,
        "selects": [
            {"name": "kind", "label": "Kind", "options": Kind.choices, "value": filters.kind},
            {
                "name": "flag",
                "label": "Deserves a look",
                "options": [("flagged", "Any reason"), *Flag.choices],
                "value": filters.flag,
            },
        ],
        "flagged": sum(bool(row.flags) for row in everything),
        "count": len(everything),
        "reviews": AccessReview.objects.select_related("started_by", "finished_by")[:REVIEWS_SHOWN],
        "open_review": AccessReview.objects.filter(finished_at=None).first(),
        "may_review": request.user.holds(*REVIEWERS),
    }
    return render(request, "entitlements/access.html", context)


def _cells(rows: list[Entitlement]) -> Iterator[list[str]]:
    for row in rows:
        moments = [moment.isoformat() if moment else "" for moment in (row.since, row.last_used, row.ends)]
        yield [
            *(row.kind, row.name, row.holder, row.holder_name, row.what, moments[0], row.given_by),
            *(moments[1], moments[2], "; ".join(row.labels)),
        ]


@require_GET
def person_data(request: UserRequest, username: str) -> HttpResponseBase:
    """What is kept about a person, as a file."""
    person = person_for_data(request.user, username)
    return personal_data(person=person, reader=request.user, actor=actor_of(request), at=timezone.now())


@require_POST
def start(request: UserRequest) -> HttpResponse:
    """Begin a review of everything."""
    refuse_unless_reviewer(request.user)
    try:
        review = start_review(
            why=request.POST.get("why", ""), starter=request.user, actor=actor_of(request), at=timezone.now()
        )
    except (Invalid, Conflict) as refused:
        messages.error(request, f"{refused} {refused.remedy}")
        return redirect("entitlements:access")
    return redirect("entitlements:review", review.pk)


@require_GET
def review(request: UserRequest, pk: int) -> HttpResponse:
    """One review: what is left to decide, and what was decided."""
    return _page(request, review_for_reader(request.user, pk))


@require_POST
def decide(request: UserRequest, pk: int) -> HttpResponse:
    """Keep the ticked entries, or take them away."""
    found = review_for_reviewer(request.user, pk)
    form = DecideForm(request.POST, found)
    keep, status = request.POST.get("do") != "take", 400
    if form.is_valid():
        try:
            number = decide_entries(
                review=found,
                pks=form.cleaned_data["entries"],
                keep=keep,
                reason=form.cleaned_data["reason"],
                reviewer=request.user,
                actor=actor_of(request),
                at=timezone.now(),
            )
        except (Invalid, Conflict) as refused:
            form.add_error(None, f"{refused} {refused.remedy}".strip())
            status = 409 if isinstance(refused, Conflict) else 400
        else:
            messages.success(request, f"{number} {'kept' if keep else 'taken away'}.")
            return redirect("entitlements:review", found.pk)
    return _page(request, found, form=form, status=status)


@require_POST
def finish(request: UserRequest, pk: int) -> HttpResponse:
    """Close a review in which everything is decided."""
    found = review_for_reviewer(request.user, pk)
    try:
        finish_review(review=found, finisher=request.user, actor=actor_of(request), at=timezone.now())
    except Conflict as refused:
        messages.error(request, f"{refused} {refused.remedy}")
    else:
        messages.success(request, "Finished. Its digest stands in the record.")
    return redirect("entitlements:review", found.pk)


def _page(
    request: UserRequest, found: AccessReview, *, form: DecideForm | None = None, status: int = 200
) -> HttpResponse:
    entries = found.entries.select_related("holder", "decided_by")
    left = entries.filter(outcome=Outcome.OPEN)
    page = Paginator(entries.exclude(outcome=Outcome.OPEN), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "review": found,
        "left": veiled(left[:PAGE_SIZE], request.user),
        "left_count": left.count(),
        "total": entries.count(),
        "page": page,
        "decided": [(row, SHAPES[Outcome(row.outcome)]) for row in veiled(page, request.user)],
        "may_review": request.user.holds(*REVIEWERS) and found.finished_at is None,
        "form": form,
    }
    return render(request, "entitlements/review.html", context, status=status)
