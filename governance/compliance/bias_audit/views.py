"""The bias audit of a model: as a page and as files, recording one, withdrawing it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import UserRequest, actor_of, require_role
from accounts.complaints import complain
from accounts.refusals import Conflict, Invalid
from evaluations.models import EvaluationRun
from governance.compliance.access import audit_for_reader, audits_for_reader
from governance.compliance.bias_audit.audit import NOTE, Shown, drafted, recorded, told
from governance.compliance.bias_audit.files import as_csv
from governance.compliance.bias_audit.forms import AuditForm, ReadAsForm, WithdrawForm
from governance.compliance.bias_audit.measured import columns_of, guessed_columns, runs_for
from governance.compliance.bias_audit.recording import RECORDERS, record_bias_audit, withdraw_bias_audit
from governance.compliance.library import frameworks
from governance.compliance.papers import as_json, as_pdf, download, record_taken
from registry.access import model_for_reader
from registry.models import RegisteredModel

PDF = "reports/pdf/bias_audit.html"
LAW = "nyc-ll144"


@require_GET
def audit_page(request: UserRequest, slug: str) -> HttpResponse:
    """The newest audit that stands, `?audit=` another one; a draft where nobody recorded any. `?as=` is a file."""
    model, now = model_for_reader(request.user, slug), timezone.now()
    audits = audits_for_reader(request.user, model)
    if (wanted := request.GET.get("audit", "")).isdecimal() and len(wanted) < 10:
        shown: Shown | None = recorded(audit_for_reader(request.user, model, int(wanted)), today=now.date())
    elif audits and audits[0].withdrawn_at is None:
        shown = recorded(audits[0], today=now.date())
    else:
        runs = runs_for(model)
        shown = drafted(model, runs[0], today=now.date()) if runs else None
    kind = request.GET.get("as", "")
    if shown is not None and kind in ("pdf", "csv", "json"):
        return _file(request, shown, kind)
    may = request.user.holds(*RECORDERS)
    context = {
        "model": model,
        "shown": shown,
        "audits": audits,
        "law": frameworks().get(LAW),
        "may_record": may and shown is not None,
        "withdraw_form": WithdrawForm()
        if may and shown and shown.audit and not shown.audit.withdrawn_at
        else None,
        "note": NOTE,
    }
    return render(request, "compliance/bias_audit.html", context)


def _file(request: UserRequest, shown: Shown, kind: str) -> HttpResponse:
    now, facts = timezone.now(), told(shown)
    if kind == "csv":
        content = as_csv(shown)
    elif kind == "json":
        content = as_json(facts)
    else:
        context = {"shown": shown, "law": frameworks().get(LAW), "note": NOTE}
        on = shown.audit.audited_on if shown.audit else now.date()
        content = as_pdf(PDF, context, facts, on=on)
    record_taken(
        document="nyc-ll144-bias-audit",
        format=kind,
        subject=shown.audit.ref if shown.audit else shown.model.ref,
        digest=facts["digest"],
        actor=actor_of(request),
        at=now,
    )
    return download(content, kind, shown.filename)


@require_http_methods(["GET", "POST"])
def audit_new(request: UserRequest, slug: str) -> HttpResponse:
    """Record an audit. `?run=&sex=&race=` say which run it rests on and how its columns are read."""
    model = model_for_reader(request.user, slug)
    require_role(request.user, *RECORDERS, to="record a bias audit")
    runs = runs_for(model)
    if not runs:
        raise Conflict("No fairness run of this model was measured.", "Measure its fairness first.")
    run = next((row for row in runs if str(row.pk) == request.GET.get("run", "")), runs[0])
    columns = _columns(request, run)
    form, status = AuditForm(request.POST or None, run=run, columns=columns, auto_id="audit_%s"), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                made = record_bias_audit(
                    run=run,
                    given=form.given(),
                    user=request.user,
                    actor=actor_of(request),
                    at=timezone.now(),
                )
            except Invalid as refused:
                status = complain(form, refused)
            else:
                messages.success(request, f"The audit by {made.auditor} is on the record.")
                return redirect("compliance:bias_audit", slug)
    read_as = ReadAsForm(runs=runs, run=run, auto_id="read_%s", initial={"run": str(run.pk), **columns})
    context = {"model": model, "run": run, "form": form, "read_as": read_as}
    return render(request, "compliance/bias_audit_new.html", context, status=status)


@require_POST
def audit_withdraw(request: UserRequest, slug: str, pk: int) -> HttpResponse:
    """Withdraw an audit."""
    model: RegisteredModel = model_for_reader(request.user, slug)
    audit = audit_for_reader(request.user, model, pk)
    form = WithdrawForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        withdraw_bias_audit(
            audit=audit, reason=reason, user=request.user, actor=actor_of(request), at=timezone.now()
        )
    except (Invalid, Conflict) as refused:
        messages.error(request, f"{refused} {refused.remedy}".strip())
    else:
        messages.success(request, "The audit is withdrawn. It stays in the history.")
    return redirect("compliance:bias_audit", slug)


def _columns(request: UserRequest, run: EvaluationRun) -> dict[str, str]:
    """As the address says; what it does not say, or says wrongly, by name."""
    known, guessed = columns_of(run.result or {}), guessed_columns(run.result or {})
    return {
        part: value if (value := request.GET.get(part)) is not None and value in ("", *known) else guess
        for part, guess in guessed.items()
    }
