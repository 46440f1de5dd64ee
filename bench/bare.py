"""The least that a recorded answer costs in Django: a view that knows its caller by one query and inserts one row.

No middleware, no templates, no sessions; `gunicorn bench.bare:application` on the database of DATABASE_URL.
"""

import hashlib
import os
import uuid
from typing import ClassVar

import dj_database_url
import django
from django.conf import settings

settings.configure(
    SECRET_KEY="only for the benchmark",  # noqa: S106
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=600)},
    MIDDLEWARE=[],
    INSTALLED_APPS=[],
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402

TOKEN = "a key of the benchmark"  # noqa: S105


class Caller(models.Model):
    """Who may ask."""

    digest = models.CharField(max_length=64, unique=True)
    objects: ClassVar[models.Manager["Caller"]] = models.Manager()

    class Meta:
        app_label = "bare"

    def __str__(self) -> str:
        return self.digest


class Answered(models.Model):
    """What was answered."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    caller = models.ForeignKey(Caller, on_delete=models.PROTECT)
    asked = models.TextField()
    at = models.DateTimeField()
    objects: ClassVar[models.Manager["Answered"]] = models.Manager()

    class Meta:
        app_label = "bare"

    def __str__(self) -> str:
        return str(self.id)


def answer(request: HttpRequest) -> JsonResponse:
    """Who asks, one row, the answer."""
    digest = hashlib.sha256(request.headers.get("Authorization", "").encode()).hexdigest()
    with transaction.atomic():
        caller = Caller.objects.get(digest=digest)
        row = Answered.objects.create(caller=caller, asked=request.body.decode(), at=timezone.now())
    response = JsonResponse({"id": str(row.pk), "decision": "allow"})
    response["Content-Length"] = str(len(response.content))
    return response


def prepare() -> None:
    """Make the tables and the one caller."""
    with connection.schema_editor() as editor:
        editor.create_model(Caller)
        editor.create_model(Answered)
    Caller.objects.create(digest=hashlib.sha256(f"Bearer {TOKEN}".encode()).hexdigest())


urlpatterns = [path("answer", answer)]
application = get_wsgi_application()

if __name__ == "__main__":
    prepare()
