"""Health for machines, the public keys for checking signatures, and what people should know of the system."""

from collections.abc import Callable
from http import HTTPStatus

from celery import current_app
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView
from kombu.exceptions import OperationalError

from audit.keyring import key_states, problems
from audit.keys import SigningKeyMissing, pem_of_all, public_keys
from audit.models import AnchorState
from audit.sequencer import lag_seconds
from evaluations.models import WorkerSandbox
from evaluations.queries import environments
from governance.operation.scheduling import heartbeat_age_seconds
from governance.operation.standing import standing_metrics
from governance.reports.certificate import pdf_signer
from governance.siem.forwarding import standing

LONGEST_LAG_SECONDS = 60.0
LONGEST_SILENCE_SECONDS = 30.0
BROKER_TIMEOUT_SECONDS = 2.0
MOST_ENVIRONMENTS = 100


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Database, broker and sequencer, each with its own word; 503 when one of them does not do its work."""
    checks = {name: check() for name, check in CHECKS.items()}
    ready = all(word == "ok" for word in checks.values())
    status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
    return JsonResponse({"status": "ready" if ready else "not ready", "checks": checks}, status=status)


@login_not_required
@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """`/metrics`: what the web processes counted, and what stands in the database."""
    counted: HttpResponse = ExportToDjangoView(request)
    counted.write(standing_metrics())
    return counted


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "does not answer"
    return "ok"


def _broker() -> str:
    if not settings.REDIS_URL:
        return "ok" if (settings.BROKER_DIR / "queue").is_dir() else "its folder is missing"
    try:
        with current_app.connection_for_write(transport_options={"socket_timeout": 2}) as broker:
            broker.ensure_connection(max_retries=1, timeout=BROKER_TIMEOUT_SECONDS)
    except (OperationalError, OSError):
        return "does not answer"
    return "ok"


def _sequencer() -> str:
    """The scheduler must be alive, and not far behind with the record."""
    silent = heartbeat_age_seconds()
    if silent is None:
        return "has not started"
    if silent > LONGEST_SILENCE_SECONDS:
        return f"silent for {silent:.0f} s"
    try:
        lag = lag_seconds(timezone.now())
    except DatabaseError:
        return "cannot be asked"
    return "ok" if lag < LONGEST_LAG_SECONDS else f"{lag:.0f} s behind"


@require_safe
def system_page(request: HttpRequest) -> HttpResponse:
    """What stands around models on each worker's machine, and how the log is forwarded."""
    workers = list(WorkerSandbox.objects.all())
    context = {
        "workers": workers,
        "setting": settings.SANDBOX,
        "memory_mb": settings.SANDBOX_MEMORY_MB,
        "seconds": settings.SANDBOX_SECONDS,
        "open": [row for row in workers if row.used == "off"],
        "environments": list(environments()[:MOST_ENVIRONMENTS]),
        "environments_setting": settings.ENVIRONMENTS,
        "keys": key_states(timezone.now()),
        "key_problems": problems(),
        "pdf_signer": pdf_signer(timezone.now()),
        "siem": standing(timezone.now()),
        "anchors": [
            (name, AnchorState.objects.filter(kind=kind).first(), place, variable)
            for name, kind, place, variable in (
                ("Time-stamping authority", "tsa", settings.TSA_URL, "COUNTERSIGN_TSA_URL"),
                ("Witness", "witness", settings.WITNESS, "COUNTERSIGN_WITNESS"),
            )
        ],
        "closed": [row for row in workers if row.used == "none"],
    }
    return render(request, "system.html", context)


CHECKS: dict[str, Callable[[], str]] = {"database": _database, "broker": _broker, "sequencer": _sequencer}


@login_not_required
@require_safe
@cache_control(public=True, max_age=300)
def keys(request: HttpRequest) -> HttpResponse:
    """`/.well-known/countersign/keys.json`."""
    try:
        return JsonResponse(public_keys())
    except SigningKeyMissing as missing:
        return JsonResponse({"detail": str(missing)}, status=HTTPStatus.SERVICE_UNAVAILABLE)


@login_not_required
@require_safe
@cache_control(public=True, max_age=300)
def keys_pem(request: HttpRequest) -> HttpResponse:
    """`/.well-known/countersign/keys.pem`: the same for tools that take PEM."""
    try:
        return HttpResponse(pem_of_all(), content_type="application/x-pem-file")
    except SigningKeyMissing as missing:
        return HttpResponse(str(missing), status=HTTPStatus.SERVICE_UNAVAILABLE, content_type="text/plain")
