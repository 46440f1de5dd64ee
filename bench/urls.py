"""The site, and the floor: one indexed query, one committed insert, nothing else."""

import uuid

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, URLResolver, path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from accounts.models import ApiKey
from governance.gate.models import IdempotentCall
from governance.urls import urlpatterns as site


@csrf_exempt
@login_not_required
def floor(request: HttpRequest) -> JsonResponse:
    """What any recorded answer costs at the least on this machine, through the same server and middleware."""
    with transaction.atomic():
        key = ApiKey.objects.get(prefix=request.GET["prefix"])
        row = IdempotentCall.objects.create(
            key=key, token=uuid.uuid4().hex, body_sha256="0" * 64, started_at=timezone.now()
        )
    return JsonResponse({"id": row.pk})


urlpatterns: list[URLPattern | URLResolver] = [*site, path("bench/floor", floor)]
