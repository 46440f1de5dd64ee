"""The trail for machines: events, the newest signed checkpoint, inclusion proofs."""

import uuid
from typing import Any, ClassVar

from django.http import Http404, StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope
from accounts.refusals import Invalid
from audit.checkpoints import newest_checkpoint
from audit.models import Event
from audit.proofs import NotProvable, consistency_proof_of, inclusion_proof_of, log_size
from audit.queries import CursorRefused, event_by_id, event_by_seq, events
from governance.trail.asking import NAMES, filter_of
from governance.trail.exports import export
from governance.trail.sight import events_seen


class EventAnswer(serializers.ModelSerializer[Event]):
    """An audit event; `seq` is null until the sequencer has placed it."""

    seq = serializers.SerializerMethodField()

    class Meta:
        model = Event
        fields = (
            "id",
            "seq",
            "verb",
            "subject",
            "actor",
            "actor_name",
            "authenticated_by",
            "request_id",
            "at",
            "detail",
        )

    def get_seq(self, event: Event) -> int | None:
        """Place in the log."""
        entry = getattr(event, "entry", None)
        return entry.seq if entry is not None else None


class EventPageAnswer(serializers.Serializer[Any]):
    """A page of events."""

    results = EventAnswer(many=True)
    next = serializers.URLField(allow_null=True)


class CheckpointAnswer(serializers.Serializer[Any]):
    """A signed checkpoint; `note` is the C2SP signed note."""

    size = serializers.IntegerField()
    root = serializers.CharField()  # type: ignore[assignment]  # a field here, a property in REST framework
    note = serializers.CharField()
    signed_at = serializers.DateTimeField()


class ConsistencyAnswer(serializers.Serializer[Any]):
    """The hashes that lead from the old root to both roots, as hexadecimal."""

    old = serializers.IntegerField()
    size = serializers.IntegerField()
    proof = serializers.ListField(child=serializers.CharField())


class ReadsTrail(KeyView):
    """Reading the trail needs audit:read."""

    scopes: ClassVar[dict[str, str]] = {"GET": Scope.AUDIT_READ}


class Events(ReadsTrail):
    """Audit events."""

    @extend_schema(
        operation_id="audit_events",
        parameters=[
            *(OpenApiParameter(name, str) for name in (*NAMES, "cursor")),
            OpenApiParameter("page_size", int),
        ],
        responses=EventPageAnswer,
    )
    def get(self, request: Request) -> Response:
        """Newest first. `who` is an actor or part of a name, `verb` a verb or its area, `subject` a beginning.

        A page may hold fewer than it was asked for, even none, and still name the `next` one; null ends the list.
        """
        size = request.query_params.get("page_size", "50")
        if not size.isdecimal() or not 1 <= int(size) <= 500:
            raise Invalid("page_size is a number from 1 to 500.", field="page_size")
        try:
            cursor = request.query_params.get("cursor", "")
            wanted, seen = filter_of(request.query_params.dict()), events_seen(self.key.owner)
            page = events(wanted, seen=seen, cursor=cursor, limit=int(size))
        except CursorRefused as refused:
            raise Invalid(str(refused) or "This cursor is not one of ours.", field="cursor") from refused
        following = None
        if page.next:
            query = request._request.GET.copy()
            query["cursor"] = page.next
            following = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
        return Response({"results": EventAnswer(page.events, many=True).data, "next": following})


class Export(ReadsTrail):
    """The trail as a file."""

    @extend_schema(
        operation_id="audit_export",
        parameters=[
            *(OpenApiParameter(name, str) for name in NAMES),
            OpenApiParameter("as", str, enum=["jsonl", "cef"]),
        ],
        responses={(200, "application/x-ndjson"): OpenApiTypes.STR, (200, "text/plain"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """All that matches, newest first, `as` jsonl or cef, sent as it is read. Taking it is on the record."""
        wanted = filter_of(request.query_params.dict())
        name = request.query_params.get("as", "jsonl")
        return export(
            wanted=wanted, seen=events_seen(self.key.owner), name=name, actor=self.actor, at=timezone.now()
        )


class ProvenEventAnswer(EventAnswer):
    """An event with what was hashed and its proof; the proof is null until a checkpoint covers it."""

    proof = serializers.SerializerMethodField()

    class Meta(EventAnswer.Meta):
        fields = (*EventAnswer.Meta.fields, "payload", "proof")  # type: ignore[assignment]

    @extend_schema_field({"type": "object", "nullable": True, "additionalProperties": True})
    def get_proof(self, event: Event) -> dict[str, object] | None:
        """As `audit/proof/{seq}` answers it."""
        try:
            return inclusion_proof_of(event.seq).as_json() if event.seq is not None else None
        except NotProvable:
            return None


class OneEvent(ReadsTrail):
    """An audit event."""

    @extend_schema(operation_id="audit_event", responses=ProvenEventAnswer)
    def get(self, request: Request, event_id: uuid.UUID) -> Response:
        """With its payload in canonical JSON and its inclusion proof."""
        found = event_by_id(event_id, events_seen(self.key.owner))
        if found is None:
            raise Http404(f"There is no event {event_id}.")
        return Response(ProvenEventAnswer(found).data)


class NewestCheckpoint(ReadsTrail):
    """The newest checkpoint."""

    @extend_schema(operation_id="audit_checkpoint", responses=CheckpointAnswer)
    def get(self, request: Request) -> Response:
        """404 until the first one is signed, about a minute after the first event."""
        newest = newest_checkpoint()
        if newest is None:
            raise Http404("No checkpoint is signed yet.")
        return Response(CheckpointAnswer(newest).data)


class Consistency(ReadsTrail):
    """A consistency proof."""

    @extend_schema(
        operation_id="audit_consistency",
        parameters=[
            OpenApiParameter("old", int, required=True),
            OpenApiParameter("size", int, required=True),
        ],
        responses={200: ConsistencyAnswer, 400: OpenApiResponse(description="No such sizes of this log")},
    )
    def get(self, request: Request) -> Response:
        """That the log of `size` entries begins with the log of `old` entries (RFC 9162, 2.1.4)."""
        old, size = (_size(request, name) for name in ("old", "size"))
        held = log_size()
        if not 0 < old <= size <= held:
            raise Invalid(f"The log has {held:,} entries; ask for 0 < old <= size <= {held}.", field="old")
        steps = consistency_proof_of(old, size)
        answer = {"old": old, "size": size, "proof": [step.hash for step in steps]}
        return Response(ConsistencyAnswer(answer).data)


def _size(request: Request, name: str) -> int:
    text = request.query_params.get(name, "")
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise Invalid(f"{name} is a number of entries.", field=name)
    return int(text)


class Proof(ReadsTrail):
    """An inclusion proof."""

    @extend_schema(operation_id="audit_proof", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, seq: int) -> Response:
        """That the event is entry `seq` of the log that the checkpoint signs."""
        if event_by_seq(seq, events_seen(self.key.owner)) is None:
            raise Http404(f"The log has no entry {seq:,}.")
        try:
            return Response(inclusion_proof_of(seq).as_json())
        except NotProvable as reason:
            raise Http404(str(reason)) from reason
