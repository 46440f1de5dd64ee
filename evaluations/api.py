"""Starting and reading evaluations by API."""

from http import HTTPStatus
from typing import Any, ClassVar

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope
from accounts.refusals import Invalid
from evaluations.actions import request_evaluation
from evaluations.models import EvaluationKind, EvaluationRun
from registry.models import Dataset, ModelVersion


class EvaluationQuestion(serializers.Serializer[Any]):
    """What to measure on what; `dataset` is `name@version`."""

    model = serializers.CharField(max_length=64)
    version = serializers.CharField(max_length=40)
    dataset = serializers.CharField(max_length=110)
    kind = serializers.ChoiceField(EvaluationKind.choices)
    config = serializers.DictField(child=serializers.JSONField(), required=False, default=dict)


class EvaluationAnswer(serializers.ModelSerializer[EvaluationRun]):
    """A run and, once it is done, what it measured."""

    id = serializers.UUIDField(source="uuid")
    number = serializers.IntegerField(source="pk")
    failure = serializers.SerializerMethodField()
    model = serializers.CharField(source="version.model.slug")
    version = serializers.CharField(source="version.version")
    dataset = serializers.CharField()

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


class Evaluations(KeyView):
    """Start an evaluation."""

    scopes: ClassVar[dict[str, str]] = {"POST": Scope.EVALUATIONS_WRITE}

    @extend_schema(
        operation_id="evaluations_create", request=EvaluationQuestion, responses={202: EvaluationAnswer}
    )
    def post(self, request: Request) -> Response:
        """202 with the address of the run in `Location`."""
        question = EvaluationQuestion(data=request.data)
        question.is_valid(raise_exception=True)
        asked = question.validated_data
        run = request_evaluation(
            version=_version(asked["model"], asked["version"]),
            dataset=_dataset(asked["dataset"]),
            kind=asked["kind"],
            config=asked["config"],
            requester=None,
            actor=self.actor,
            at=timezone.now(),
        )
        location = request.build_absolute_uri(reverse("api-evaluation", args=[run.uuid]))
        answer = EvaluationAnswer(run).data
        return Response(answer, status=HTTPStatus.ACCEPTED, headers={"Location": location})


def _version(slug: str, number: str) -> ModelVersion:
    found = ModelVersion.objects.select_related("model").filter(model__slug=slug, version=number).first()
    if found is None:
        raise Http404(f"{slug} has no version {number}.")
    return found


def _dataset(reference: str) -> Dataset:
    name, at, version = reference.rpartition("@")
    if not at:
        raise Invalid("Write the data set as name@version.", field="dataset")
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
        rows = EvaluationRun.objects.select_related("version__model", "dataset")
        return Response(EvaluationAnswer(get_object_or_404(rows, uuid=pk)).data)
