"""Signing and withdrawing: each ends in a redirect, or in the same page with the text kept."""

import json
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.proving.again import with_proof
from accounts.refusals import Conflict, Invalid, Unavailable
from policy.evidence import changed
from policy.words import component, listed
from registry.access import may_edit, version_for_reader
from registry.models import ModelVersion
from riskreview.access import review_for_reader, signoff_for_reader
from riskreview.judgement import judge_review
from riskreview.models import Decision, Review, ReviewKind, SignOff
from riskreview.queue import next_signature
from riskreview.reviews.certificates import certificates_of
from riskreview.reviews.eligibility import Bar, capacities, live_delegations
from riskreview.reviews.forms import SignForm, WithdrawForm
from riskreview.reviews.given import CannotSign, EvidenceMoved, SignedAlready
from riskreview.reviews.signoffs import sign_off
from riskreview.reviews.views.reviews import workspace
from riskreview.reviews.withdrawing import withdraw

DONE = {
    Decision.APPROVE: "Signed.",
    Decision.APPROVE_WITH_CONDITIONS: "Signed with conditions.",
    Decision.REQUEST_CHANGES: "Changes requested.",
    Decision.REJECT: "Rejected.",
}
MOST_NAMED = 3


@sensitive_post_parameters("password")
@require_POST
def sign(request: UserRequest, pk: int) -> HttpResponse:
    """Sign, or say why not. Nothing that was typed is lost."""
    review = review_for_reader(request.user, pk)
    form = SignForm(with_proof(request))
    if not form.is_valid() and _may_sign(request, review):
        return _again(request, review, form, HTTPStatus.BAD_REQUEST)
    given = (
        form.cleaned_data
    )  # of somebody who may not sign even half a form is a try, and goes on the record
    try:
        signed = sign_off(
            review=review,
            role=given.get("role", ""),
            decision=given.get("decision", ""),
            rationale=given.get("rationale", ""),
            conditions=form.conditions,
            seen_digest=given.get("evidence_digest", ""),
            password=given.get("password", ""),
            signer=request.user,
            acting_for=given.get("acting_for", ""),
            actor=actor_of(request),
            at=timezone.now(),
        )
    except SignedAlready as twice:
        messages.info(request, f"{twice} {twice.remedy}")
        return redirect("riskreview:review", pk)
    except EvidenceMoved as moved:
        return _moved(request, review, form, moved)
    except CannotSign as refused:
        bar = Bar(refused.reasons, refused.who)
        return _again(request, review, form, HTTPStatus.FORBIDDEN, bar=bar)
    except Invalid as refused:
        return _again(request, review, form, complain(form, refused))
    except (Conflict, Unavailable) as refused:
        status = complain(form, refused)
        return _again(request, review_for_reader(request.user, pk), form, status)
    messages.success(request, _told(review, signed))
    following = next_signature(request.user, timezone.now(), after=review)
    return redirect(following.href if following else request.path.removesuffix("sign/"))


def _may_sign(request: UserRequest, review: Review) -> bool:
    now = timezone.now()
    lent = live_delegations(request.user, at=now)
    free = capacities(judge_review(review, at=now), request.user, lent, at=now)
    given = request.POST.get("role", ""), request.POST.get("acting_for", "")
    return given in {(item.role, item.acting_for.username if item.acting_for else "") for item in free}


def _told(review: Review, signed: SignOff) -> str:
    """What was done, and what the gate still waits for."""
    verdict = judge_review(review, at=timezone.now()).verdict
    if review.kind == ReviewKind.RETIREMENT:
        return f"{DONE[Decision(signed.decision)]} {verdict.summary}"
    place = review.get_environment_display()
    unmet = [item.title for item in verdict.requirements if item.result in ("unsatisfied", "error")]
    if not unmet:
        return f"{DONE[Decision(signed.decision)]} {place} answers allow."
    more = [f"{len(unmet) - MOST_NAMED} more"] if len(unmet) > MOST_NAMED else []
    return f"{DONE[Decision(signed.decision)]} {place} still waits for: {listed(unmet[:MOST_NAMED] + more)}."


def _moved(request: UserRequest, review: Review, form: SignForm, moved: EvidenceMoved) -> HttpResponse:
    """The page with the evidence as it is now, the text kept, and what moved in between."""
    judged = moved.judged
    names = [component(name) for name in changed(form.seen, judged.components)] if form.seen else []
    what = f"The {listed(names)} changed" if names else "Something in it changed"
    again = request.POST.copy()
    again["evidence_digest"], again["seen_parts"] = judged.digest, json.dumps(judged.components)
    text = f"{what} after you opened this page, so nothing was signed. Your text is kept."
    return _again(request, review, SignForm(again), HTTPStatus.CONFLICT, moved=text)


def _again(
    request: UserRequest, review: Review, form: SignForm, status: HTTPStatus, **more: Any
) -> HttpResponse:
    context = workspace(request, review, sign_form=form, condition_rows=form.condition_rows, **more)
    return render(request, "riskreview/review.html", context, status=status)


@require_GET
def signoffs(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """The sign-offs tab: every signature as a certificate, by environment."""
    return certificates_page(request, version_for_reader(request.user, slug, version))


def certificates_page(
    request: UserRequest, version: ModelVersion, status: int = 200, **more: Any
) -> HttpResponse:
    """Every signature on a version, with what this reader may do about each."""
    now = timezone.now()
    context = {
        "version": version,
        "groups": certificates_of(version, request.user, at=now),
        "may_edit": may_edit(request.user, version.model),
        "withdraw_form": WithdrawForm(auto_id=False),
        "today": now.date(),
        **more,
    }
    return render(request, "riskreview/signoffs.html", context, status=status)


@require_POST
def withdraw_signoff(request: UserRequest, pk: int) -> HttpResponse:
    """Take a signature back."""
    signoff = signoff_for_reader(request.user, pk)
    version = signoff.review.version
    form = WithdrawForm(request.POST)
    try:
        withdraw(
            signoff=signoff,
            reason=form.data.get("reason", ""),
            user=request.user,
            actor=actor_of(request),
            at=timezone.now(),
        )
    except (Invalid, Conflict) as refused:
        problem = f"{refused} {refused.remedy}".strip()
        more = {"failed": signoff.pk, "problem": problem, "typed": form.data.get("reason", "")}
        return certificates_page(request, version, 409 if isinstance(refused, Conflict) else 400, **more)
    messages.success(request, "Withdrawn. It stays in the record and counts no more.")
    return redirect("riskreview:signoffs", version.model.slug, version.version)
