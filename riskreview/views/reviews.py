"""Reviews: the list, and one of them with the evidence on the left and the decision on the right."""

import json
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import UserRequest, actor_of
from accounts.models import SIGNING_ROLES
from evaluations.charts import charts_for
from evaluations.models import EvaluationKind, EvaluationRun
from evaluations.queries import measurements_of
from evaluations.tiles import tiles_of
from registry.models import Environment, ModelVersion
from registry.queries import open_card_comments
from riskreview.access import review_for_reader
from riskreview.actions import comment
from riskreview.actions.reviews import may_comment
from riskreview.certificates import certificates
from riskreview.comparison import changes_since, last_signature
from riskreview.desk import desk_for
from riskreview.forms import CommentForm, SignForm
from riskreview.judgement import Judged, judge_version
from riskreview.models import TIERS, Review
from riskreview.queries import ReviewFilters, ReviewRow, in_view, matches, next_signature, review_rows

PAGE_SIZE = 50
TILES_SHOWN = 4
UNMET = ("unsatisfied", "error")
VIEWS = [("open", "Open"), ("mine", "Waits for me"), ("approved", "Approved"), ("all", "All")]


@require_GET
def review_list(request: UserRequest) -> HttpResponse:
    """Reviews and whom they wait for; the address holds the view and the filters."""
    now = timezone.now()
    filters = _filters(request)
    rows = review_rows(user=request.user, at=now)
    page = Paginator([row for row in rows if matches(row, filters)], PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    context = {
        "page": page,
        "filters": filters,
        "kept": {"view": filters.view},
        "narrowed": bool(filters.q or filters.environment or filters.tier or filters.role),
        "tabs": _tabs(rows, filters),
        "selects": _selects(filters),
        "today": now.date(),
        "any": bool(rows),
    }
    template = (
        "riskreview/reviews_table.html" if request.headers.get("HX-Request") else "riskreview/reviews.html"
    )
    return render(request, template, context)


def _filters(request: HttpRequest) -> ReviewFilters:
    given = {name: request.GET.get(name, "").strip()[:100] for name in ReviewFilters.__dataclass_fields__}
    given["view"] = given["view"] if given["view"] in dict(VIEWS) else "open"
    return ReviewFilters(**given)


def _tabs(rows: list[ReviewRow], filters: ReviewFilters) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "href": f"?view={view}",
            "count": sum(in_view(row, view) for row in rows),
            "current": filters.view == view,
        }
        for view, label in VIEWS
    ]


def _selects(filters: ReviewFilters) -> list[dict[str, Any]]:
    roles = [(role.value, role.label) for role in SIGNING_ROLES]
    return [
        {"name": "role", "label": "Waits for", "options": roles, "value": filters.role},
        {
            "name": "environment",
            "label": "Environment",
            "options": Environment.choices,
            "value": filters.environment,
        },
        {"name": "tier", "label": "Tier", "options": TIERS, "value": filters.tier},
    ]


@require_GET
def review(request: UserRequest, pk: int) -> HttpResponse:
    """May this version run there? What changed, what is asked, what was measured, who said what."""
    found = review_for_reader(request.user, pk)
    return render(request, "riskreview/review.html", workspace(request, found))


@require_POST
def add_comment(request: UserRequest, pk: int) -> HttpResponse:
    """Say something that decides nothing."""
    found = review_for_reader(request.user, pk)
    form = CommentForm(request.POST)
    if not form.is_valid():
        context = workspace(request, found, comment_form=form)
        return render(request, "riskreview/review.html", context, status=400)
    comment(
        review=found,
        text=form.cleaned_data["text"],
        author=request.user,
        actor=actor_of(request),
        at=timezone.now(),
    )
    messages.success(request, "Your comment is kept.")
    response = redirect("riskreview:review", pk)
    response["Location"] += "#comments"
    return response


def workspace(request: UserRequest, review: Review, **more: Any) -> dict[str, Any]:
    """Everything that the page of a review shows to this reader."""
    now = timezone.now()
    user, version = request.user, review.version
    judged = judge_version(version, review.environment, at=now)
    wanted = request.POST.get("role") or request.GET.get("role", "")
    desk = desk_for(review, judged, user, wanted=wanted, at=now)
    last = last_signature(review, user)
    rows = review.signoffs.select_related("signer", "withdrawn_by").prefetch_related("conditions__met_by")
    return {
        "review": review,
        "version": version,
        "model": version.model,
        "judged": judged,
        "verdict": judged.verdict,
        "asked": sorted(judged.verdict.requirements, key=lambda item: item.result not in UNMET),
        "tier_confirmed": judged.evidence.tier is not None and judged.evidence.tier.confirmed_by is not None,
        "desk": desk,
        "sign_form": sign_form(judged, desk.role),
        "changes": changes_since(review, last, judged) if last is not None else None,
        "measured": _measured(version),
        "certificates": certificates(list(rows.order_by("-pk")), judged, user, at=now),
        "comments": list(review.comments.select_related("author")),
        "card_comments": open_card_comments(version),
        "comment_form": CommentForm(),
        "may_comment": may_comment(user),
        "next": next_signature(user, now, after=review),
        "today": now.date(),
        **more,
    }


def sign_form(judged: Judged, role: str) -> SignForm:
    """An empty form, bound to the evidence as the page shows it."""
    seen = {"role": role, "evidence_digest": judged.digest, "seen_parts": json.dumps(judged.components)}
    return SignForm(initial=seen)


def _measured(version: ModelVersion) -> list[dict[str, Any]]:
    """The newest finished run of each kind with its headline figures and charts."""
    newest: dict[str, EvaluationRun] = {}
    for run in measurements_of(version).select_related("version__model"):
        newest.setdefault(run.kind, run)
    return [
        {
            "run": newest[kind],
            "tiles": tiles_of(newest[kind])[:TILES_SHOWN],
            "charts": charts_for(newest[kind].result or {}, kind, version.model.kind),
        }
        for kind in EvaluationKind.values
        if kind in newest
    ]
