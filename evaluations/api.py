"""Starting and reading evaluations by API."""

from http import HTTPStatus
from typing import Any, ClassVar

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope
from accounts.refusals import Invalid
from evaluations.access import run_by_uuid
from evaluations.actions import request_evaluation
from evaluations.companions import Companions
from evaluations.models import EvaluationKind, EvaluationRun, JobStatus, PredictionSource, Trigger
from evaluations.queries import RunFilters, runs
from evaluations.reporting import report_evaluation
from evaluations.sources import CHOSEN, Source
from registry.access import version_for_reader
from registry.api.common import PAGES, checked
from registry.models import Dataset
from registry.pagination import CursorPages, page_of


class EvaluationQuestion(serializers.Serializer[Any]):
    """What to measure on what; `dataset` and `reference` are `name@version`, `against` is a version of the model.

    `source` says where predictions come from; `predictions` is a data set `name@version` that holds them, and `join`
    the column that it shares with the data set. With `source` "reported", `result` is what somebody else measured: it
    is kept and marked as such, and counts only where the policy says so.
    """

    model = serializers.CharField(max_length=64)
    version = serializers.CharField(max_length=40)
    dataset = serializers.CharField(max_length=110)
    kind = serializers.ChoiceField(EvaluationKind.choices)
    config = serializers.DictField(child=serializers.JSONField(), required=False, default=dict)
    reference = serializers.CharField(max_length=110, required=False, default="")
    against = serializers.CharField(max_length=40, required=False, default="")
    source = serializers.ChoiceField(  # type: ignore[assignment]  # a field's own source is text
        (*CHOSEN, PredictionSource.REPORTED), required=False, allow_blank=True, default=""
    )
    result = serializers.DictField(
        child=serializers.JSONField(allow_null=True), required=False, allow_null=True, default=None
    )
    predictions = serializers.CharField(max_length=110, required=False, default="")
    join = serializers.CharField(max_length=120, required=False, default="")


class EvaluationAnswer(serializers.ModelSerializer[EvaluationRun]):
    """A run and, once it is done, what it measured."""

    id = serializers.UUIDField(source="uuid")
    number = serializers.IntegerField(source="pk")
    failure = serializers.SerializerMethodField()
    model = serializers.CharField(source="version.model.slug")
    version = serializers.CharField(source="version.version")
    dataset = serializers.CharField()
    reference = serializers.SerializerMethodField()
    against = serializers.SerializerMethodField()

    class Meta:
        model = EvaluationRun
        fields = (
            "id",
            "number",
            "status",
            "progress",
            "step",
            "failure",
            "model",
            "version",
            "dataset",
            "reference",
            "against",
            "source",
            "kind",
            "config",
            "requested_at",
            "started_at",
            "finished_at",
            "result",
            "result_digest",
            "provenance",
        )

    def get_failure(self, run: EvaluationRun) -> str | None:
        """Why there is no result, or null."""
        return run.failure or None

    def get_reference(self, run: EvaluationRun) -> str | None:
        """The data set that was compared with, or null."""
        return str(run.reference) if run.reference else None

    def get_against(self, run: EvaluationRun) -> str | None:
        """The version of the same model that was compared with, or null."""
        return run.against.version if run.against else None


class EvaluationRow(EvaluationAnswer):
    """A run in a list: all but its result."""

    class Meta(EvaluationAnswer.Meta):
        fields = tuple(  # type: ignore[assignment]  # fewer than the base has
            name for name in EvaluationAnswer.Meta.fields if name not in ("result", "provenance")
        )


class EvaluationFilters(serializers.Serializer[Any]):
    """What the list is narrowed to."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`source` is a field's own word, so fields are given by name."""
        texts = {"model": 64, "version": 40, "dataset": 110}
        chosen: dict[str, Any] = {
            "kind": EvaluationKind.choices,
            "status": JobStatus.choices,
            "source": PredictionSource.choices,
            "trigger": Trigger.choices,
        }
        return {
            **{name: serializers.CharField(required=False, max_length=size) for name, size in texts.items()},
            **{name: serializers.ChoiceField(few, required=False) for name, few in chosen.items()},
        }


FILTERS = [
    OpenApiParameter("model", str),
    OpenApiParameter("version", str),
    OpenApiParameter("dataset", str, description="name, or name@version"),
    OpenApiParameter("kind", str, enum=EvaluationKind.values),
    OpenApiParameter("status", str, enum=JobStatus.values),
    OpenApiParameter("source", str, enum=PredictionSource.values),
    OpenApiParameter("trigger", str, enum=Trigger.values),
    *PAGES,
]


class Evaluations(KeyView):
    """Evaluations, and starting or reporting one."""

    scopes: ClassVar[dict[str, str]] = {"GET": Scope.EVALUATIONS_READ, "POST": Scope.EVALUATIONS_WRITE}

    @extend_schema(operation_id="evaluations_list", parameters=FILTERS, responses=page_of(EvaluationRow))
    def get(self, request: Request) -> Response:
        """Newest first, without results."""
        given = checked(EvaluationFilters(data=request.query_params))
        rows = (
            runs(RunFilters(**given), self.key.owner)
            .select_related("reference", "against")
            .defer("result", "log")
        )
        pages = CursorPages()
        page = pages.paginate_queryset(rows, request, view=self)
        return pages.get_paginated_response(EvaluationRow(page, many=True).data)

    @extend_schema(
        operation_id="evaluations_create",
        request=EvaluationQuestion,
        responses={202: EvaluationAnswer, 201: EvaluationAnswer},
    )
    def post(self, request: Request) -> Response:
        """202 with the address of the run in `Location`; 201 for a result that is reported."""
        question = EvaluationQuestion(data=request.data)
        question.is_valid(raise_exception=True)
        asked = question.validated_data
        if asked["source"] == PredictionSource.REPORTED:
            return self._reported(request, asked)
        if asked["result"] is not None:
            raise Invalid(
                "A result is taken only when it is reported.", 'Write "source": "reported".', field="result"
            )
        run = request_evaluation(
            version=version_for_reader(self.key.owner, asked["model"], asked["version"]),
            dataset=_dataset(asked["dataset"]),
            kind=asked["kind"],
            config=asked["config"],
            compared=Companions(
                reference=_dataset(asked["reference"], "reference") if asked["reference"] else None,
                against=version_for_reader(self.key.owner, asked["model"], asked["against"])
                if asked["against"]
                else None,
            ),
            predicted=Source(
                kind=asked["source"],
                predictions=_dataset(asked["predictions"], "predictions") if asked["predictions"] else None,
                join=asked["join"],
            ),
            requester=None,
            actor=self.actor,
            at=timezone.now(),
        )
        location = request.build_absolute_uri(reverse("api-evaluation", args=[run.uuid]))
        answer = EvaluationAnswer(run).data
        return Response(answer, status=HTTPStatus.ACCEPTED, headers={"Location": location})

    def _reported(self, request: Request, asked: dict[str, Any]) -> Response:
        if asked["result"] is None:
            raise Invalid("A reported evaluation comes with its result.", field="result")
        for name in ("config", "reference", "against", "predictions", "join"):
            if asked[name]:
                raise Invalid("What was reported was not measured here.", f"Leave {name} out.", field=name)
        run = report_evaluation(
            version=version_for_reader(self.key.owner, asked["model"], asked["version"]),
            dataset=_dataset(asked["dataset"]),
            kind=asked["kind"],
            result=asked["result"],
            reporter=None,
            actor=self.actor,
            at=timezone.now(),
        )
        location = request.build_absolute_uri(reverse("api-evaluation", args=[run.uuid]))
        answer = EvaluationAnswer(run).data
        return Response(answer, status=HTTPStatus.CREATED, headers={"Location": location})


def _dataset(reference: str, field: str = "dataset") -> Dataset:
    name, at, version = reference.rpartition("@")
    if not at:
        raise Invalid("Write the data set as name@version.", field=field)
    found = Dataset.objects.filter(name=name, version=version).first()
    if found is None:
        raise Http404(f"There is no data set {reference}.")
    return found


class EvaluationDetail(KeyView):
    """One run."""

    scopes: ClassVar[dict[str, str]] = {"GET": Scope.EVALUATIONS_READ}

    @extend_schema(operation_id="evaluations_retrieve", responses=EvaluationAnswer)
    def get(self, request: Request, pk: str) -> Response:
        """Status, progress, and the result with its provenance."""
        return Response(EvaluationAnswer(run_by_uuid(self.key.owner, pk)).data)
