"""The card of a version by API: read in any format, written by pipelines."""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import ClassVar

from django.conf import settings
from django.http import Http404, HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope, User
from accounts.problems import Problem
from accounts.refusals import Invalid
from registry.access import card_for_reader, version_for_reader
from registry.actions import CardMoved, CardUnchanged, record_card_download, revise_card
from registry.api.common import checked
from registry.card_formats import FORMATS, CardDocument, Format, document_of
from registry.card_formats.own import content
from registry.measures import measures_of
from registry.models import CardRevision, ModelVersion
from registry.shapes.cards import CardAnswer, CardGiven

MOST_DIGITS = 6
TAG = re.compile(r'"r(\d{1,9})"')
EXAMPLE = OpenApiExample(
    "A card",
    request_only=True,
    value={
        "sections": {"details": "Scorecard of household loans.", "metrics": "AUC {{ performance.roc_auc }}."},
        "note": "From the training pipeline",
    },
)
PARAMETERS = [
    OpenApiParameter(
        "as", str, enum=list(FORMATS), description="The format; without it, the Accept header decides"
    ),
    OpenApiParameter("revision", int, description="An older revision"),
]
ANSWERS = {
    (200, known.media_type): OpenApiTypes.OBJECT if "json" in known.media_type else OpenApiTypes.STR
    for known in FORMATS.values()
} | {(200, "application/json"): CardAnswer}


class ByFormat(DefaultContentNegotiation):
    """The view chooses the format itself; problems are JSON whatever was asked."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """JSON."""
        only = next(iter(renderers))
        return only, only.media_type


class Card(KeyView):
    """The model card of a version."""

    scopes: ClassVar[dict[str, str]] = {"GET": Scope.REGISTRY_READ, "PUT": Scope.REGISTRY_WRITE}
    content_negotiation_class = ByFormat

    @extend_schema(operation_id="cards_retrieve", parameters=PARAMETERS, responses=ANSWERS)
    def get(self, request: Request, slug: str, version: str) -> HttpResponse:
        """The newest revision. `ETag` names it, for If-Match of a PUT. Taking it for other tools is on the record."""
        found = version_for_reader(self.key.owner, slug, version)
        revision = card_for_reader(self.key.owner, found, _number(request.query_params.get("revision", "")))
        if revision is None:
            raise Http404(f"Version {version} has no card yet.")
        chosen = _format(request)
        document = _document(found, revision, self.key.owner)
        if chosen.id == "json":
            return _answer(document)
        record_card_download(revision=revision, format=chosen.id, actor=self.actor, at=timezone.now())
        response = HttpResponse(chosen.write(document), content_type=chosen.content_type)
        return _named(response, revision)

    @extend_schema(
        operation_id="cards_update",
        request=CardGiven,
        responses={200: CardAnswer, 201: CardAnswer},
        parameters=[
            OpenApiParameter(
                "If-Match",
                str,
                OpenApiParameter.HEADER,
                description="ETag of the revision that you started from; needed once there is a card",
            )
        ],
        examples=[EXAMPLE],
    )
    def put(self, request: Request, slug: str, version: str) -> HttpResponse:
        """Save the whole card as a new revision; the same words again save nothing and answer the one there is."""
        found = version_for_reader(self.key.owner, slug, version)
        given = checked(CardGiven(data=request.data))
        current = card_for_reader(self.key.owner, found)
        expected = _expected(request.headers.get("If-Match", ""), current)
        try:
            saved = revise_card(
                version=found,
                sections=given["sections"],
                author=self.key.owner,
                note=given["note"],
                expected_revision=expected,
                actor=self.actor,
                at=timezone.now(),
            )
        except CardMoved as moved:
            raise _moved(moved.current) from None
        except CardUnchanged as same:
            return _answer(_document(found, same.current, self.key.owner))
        return _answer(_document(found, saved, self.key.owner), status=200 if current else 201)


def _document(version: ModelVersion, revision: CardRevision, reader: User) -> CardDocument:
    return document_of(version, revision, measures_of(version), site=settings.COUNTERSIGN_URL, reader=reader)


def _answer(document: CardDocument, status: int = 200) -> HttpResponse:
    return _named(Response(content(document), status=status), document.revision)


def _named(response: HttpResponse, revision: CardRevision) -> HttpResponse:
    """With the revision as ETag. Nobody may keep the answer: the values in it change with the runs."""
    response["ETag"] = f'"r{revision.number}"'
    response["Cache-Control"] = "no-store"
    return response


def _format(request: Request) -> Format:
    name = request.query_params.get("as", "")
    if name:
        if name not in FORMATS:
            raise Invalid(f"There is no format {name[:40]}.", f"There are {', '.join(FORMATS)}.", field="as")
        return FORMATS[name]
    accepted = [part.strip().replace(" ", "") for part in request.headers.get("Accept", "").split(",")]
    by_type = {known.media_type.replace(" ", ""): known for known in FORMATS.values()}
    by_type["application/vnd.cyclonedx+json"] = FORMATS["cyclonedx-1.7"]
    return next((by_type[part] for part in accepted if part in by_type), FORMATS["json"])


def _number(given: str) -> int | None:
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= MOST_DIGITS):
        raise Invalid("A revision is a whole number.", field="revision")
    return int(given)


def _expected(given: str, current: CardRevision | None) -> int:
    """The number of the revision that the author knew. Raises Problem."""
    number = current.number if current else 0
    if not given:
        if current is None:
            return 0
        raise Problem(
            HTTPStatus.PRECONDITION_REQUIRED,
            "This version has a card already.",
            f'Send If-Match: "r{number}", the ETag of the revision that you started from.',
        )
    if given.strip() == "*" and current is not None:
        return number
    tags = {int(tag) for tag in TAG.findall(given)}
    if number not in tags or current is None:
        raise _moved(current)
    return number


def _moved(current: CardRevision | None) -> Problem:
    if current is None:
        return Problem(HTTPStatus.PRECONDITION_FAILED, "This version has no card yet.", "Leave out If-Match.")
    return Problem(
        HTTPStatus.PRECONDITION_FAILED,
        f"The card is at revision {current.number}, saved by {current.author.name}.",
        "Read it, bring your text up to date and send it again.",
    )
