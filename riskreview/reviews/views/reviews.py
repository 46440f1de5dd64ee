"""Reviews: the list, and one of them with the evidence on the left and the decision on the right."""

import json
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import UserRequest
from accounts.models import SIGNING_ROLES, User
from evaluations.charts import charts_for
from evaluations.models import EvaluationKind, EvaluationRun
from evaluations.queries import measurements_of
from evaluations.tiles import tiles_of
from registry.access import may_edit
from registry.models import Environment, ModelVersion
from registry.queries import open_card_comments
from riskreview.access import review_for_reader
from riskreview.exceptions.loud import banners_of
from riskreview.findings.queries import standing_against
from riskreview.findings.rules import may_raise
from riskreview.judgement import Judged, judge_review
from riskreview.live import nothing_new, stamp_of_version
from riskreview.models import TIERS, Recusal, Review, ReviewKind, SignOff
from riskreview.queue import next_signature
from riskreview.reviews.anchors import anchors_of
from riskreview.reviews.asking import may_steer
from riskreview.reviews.candidates import seats_of
from riskreview.reviews.certificates import RELATED, certificates
from riskreview.reviews.comparison import changes_since, last_signature
from riskreview.reviews.desk import desk_for
from riskreview.reviews.eligibility import Capacity
from riskreview.reviews.forms import AgainForm, CommentForm, DueForm, ReasonForm, SignForm
from riskreview.reviews.queries.reviews import (
    ReviewFilters,
    ReviewRow,
    in_view,
    matches,
    requests_for_changes,
    review_rows,
)
from riskreview.reviews.thread_rows import threads_of
from riskreview.reviews.threads import may_comment

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
    stamp = stamp_of_version(found.version, request.user, at=timezone.now())
    return nothing_new(request, stamp) or render(
        request, "riskreview/review.html", workspace(request, found, live=stamp)
    )


def workspace(request: UserRequest, review: Review, **more: Any) -> dict[str, Any]:
    """Everything that the page of a review shows to this reader."""
    now = timezone.now()
    user, version = request.user, review.version
    judged = judge_review(review, at=now)
    given = request.POST or request.GET
    wanted = given.get("role", ""), given.get("acting_for") or given.get("for", "")
    desk = desk_for(review, judged, user, wanted=wanted, at=now)
    last = last_signature(review, user)
    anchors = anchors_of(review, at=now, judged=judged)
    about = request.GET.get("about", "")
    return {
        "review": review,
        "version": version,
        "model": version.model,
        "judged": judged,
        "verdict": judged.verdict,
        "loud": banners_of({review.environment: judged}, at=now),
        "asked": sorted(judged.verdict.requirements, key=lambda item: item.result not in UNMET),
        "tier_confirmed": judged.evidence.tier is not None and judged.evidence.tier.confirmed_by is not None,
        "desk": desk,
        "sign_form": sign_form(judged, desk.capacity),
        "changes": changes_since(review, last, judged) if last is not None else None,
        "measured": _measured(version),
        "certificates": certificates(_signed(review), judged, user, at=now),
        "threads": threads_of(review, user, anchors),
        "findings": standing_against(version.model, version),
        "may_raise_finding": may_raise(user, version.model),
        "card_comments": open_card_comments(version),
        "comment_form": CommentForm(
            anchors=anchors, initial={"anchor": about if about in anchors else "", "is_question": bool(about)}
        ),
        "may_comment": may_comment(user) and review.is_open,
        "next": next_signature(user, now, after=review),
        "today": now.date(),
        **_steering(review, judged, user, now),
        **more,
    }


def _signed(review: Review) -> list[SignOff]:
    rows = review.signoffs.select_related(*RELATED).order_by("-pk")
    return list(rows.prefetch_related("conditions__met_by", "conditions__owner", "conditions__verified_by"))


def _steering(review: Review, judged: Judged, user: User, now: datetime) -> dict[str, Any]:
    """Who answers it, how it went round, and what this reader may do to move it on."""
    requests = requests_for_changes(judged, review) if review.is_open else []
    signs = not user.roles.isdisjoint(role.value for role in SIGNING_ROLES)
    recusals = list(Recusal.objects.filter(review=review).select_related("person"))
    return {
        "seats": seats_of(review, judged, at=now) if review.is_open else [],
        "recusals": recusals,
        "rounds": list(review.rounds.select_related("asked_by")),
        "requests": requests,
        "may_steer": review.is_open and may_steer(user, review),
        "may_answer": bool(requests) and may_edit(user, review.version.model),
        "may_recuse": review.is_open and signs and user.pk not in {row.person_id for row in recusals},
        "retires": review.kind == ReviewKind.RETIREMENT,
        "people": [review.version.model.owner, *review.version.model.developers.all()],
        "due_form": DueForm(auto_id="due_%s", initial={"due_on": review.due_on}),
        "close_form": ReasonForm(auto_id="close_%s"),
        "recuse_form": ReasonForm(auto_id="recuse_%s"),
        "again_form": AgainForm(auto_id="again_%s"),
    }


def sign_form(judged: Judged, capacity: Capacity | None) -> SignForm:
    """An empty form, bound to the evidence as the page shows it."""
    holder = capacity.acting_for if capacity else None
    return SignForm(
        initial={
            "role": capacity.role if capacity else "",
            "acting_for": holder.username if holder else "",
            "evidence_digest": judged.digest,
            "seen_parts": json.dumps(judged.components),
        }
    )


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
