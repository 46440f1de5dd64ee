"""Reports for machines."""

from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Any, ClassVar

from django.http import FileResponse, HttpResponse
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope
from governance.reports.access import report_for_reader
from governance.reports.actions import request_report
from governance.reports.asking import question_of
from governance.reports.files import FORMS
from governance.reports.models import OF_A_VERSION, Report, ReportKind
from governance.reports.views import bundle_response, taken


class ReportQuestion(serializers.Serializer[Any]):
    """A report of a version for an environment, of a model, of what the gate did in a period, of the whole portfolio,
    or of a control framework."""

    kind = serializers.ChoiceField(choices=ReportKind.choices, default=ReportKind.VERSION)
    model = serializers.CharField(
        max_length=64,
        required=False,
        help_text="Its slug; not for a period or the portfolio, and for a framework only to tell of one model",
    )
    version = serializers.CharField(
        max_length=40, required=False, help_text="Of the kinds version and validation"
    )
    framework = serializers.CharField(
        max_length=64, required=False, help_text="Of kind framework: its id, such as eu-ai-act"
    )
    environment = serializers.CharField(
        max_length=16, required=False, help_text="Of a version: production if left out; of a period: all"
    )
    as_of = serializers.DateTimeField(
        required=False,
        help_text="Of a version or a model: a moment in the past; without it, when the report is made",
    )
    since = serializers.DateField(
        required=False,
        help_text="First day of a period, UTC; of the portfolio, since when changes are told"
        ". Without it: since the last such report, else a quarter of a year",
    )
    until = serializers.DateField(required=False, help_text="Last day of a period, UTC")


class ReportAnswer(serializers.ModelSerializer[Report]):
    """A report's job and, once it is made, its checksum."""

    id = serializers.UUIDField(source="uuid")
    model = serializers.SerializerMethodField()
    version = serializers.CharField(source="version.version", allow_null=True, default=None)
    file_url = serializers.SerializerMethodField()

    class Meta:
        model = Report
        fields = (
            "id",
            "status",
            "progress",
            "failure",
            "kind",
            "model",
            "version",
            "environment",
            "framework",
            "since",
            "as_of",
            "requested_at",
            "finished_at",
            "sha256",
            "size",
            "pages",
            "signed_by",
            "signed_issuer",
            "signed_until",
            "stamped_by",
            "file_url",
        )

    def get_model(self, report: Report) -> str | None:
        """The slug of the model that it is about, if it is about one."""
        model = report.version.model if report.version else report.model
        return model.slug if model else None

    def get_file_url(self, report: Report) -> str | None:
        """Where the PDF is, when there is one."""
        request = self.context["request"]
        if not report.file:
            return None
        address: str = request.build_absolute_uri(reverse("api-report-file", args=[report.uuid]))
        return address


def _words(asked: Mapping[str, Any]) -> dict[str, str]:
    """What was asked, as a form would say it."""
    given = {
        name: value.isoformat() if isinstance(value, date) else str(value) for name, value in asked.items()
    }
    if asked["kind"] in OF_A_VERSION:
        given.setdefault("environment", "production")
    return given


class Reports(KeyView):
    """Ask for a report."""

    scopes: ClassVar[dict[str, str]] = {"POST": Scope.REPORTS_WRITE}

    @extend_schema(operation_id="reports_create", request=ReportQuestion, responses={202: ReportAnswer})
    def post(self, request: Request) -> Response:
        """202 with the address of the job in `Location`."""
        question = ReportQuestion(data=request.data)
        question.is_valid(raise_exception=True)
        now = timezone.now()
        report = request_report(
            question=question_of(_words(question.validated_data), self.key.owner, now=now),
            requester=None,
            actor=self.actor,
            at=now,
        )
        answer = ReportAnswer(report, context={"request": request})
        location = request.build_absolute_uri(reverse("api-report", args=[report.uuid]))
        return Response(answer.data, status=HTTPStatus.ACCEPTED, headers={"Location": location})


class ReportDetail(KeyView):
    """One report."""

    scopes: ClassVar[dict[str, str]] = {"GET": Scope.REPORTS_READ}

    @extend_schema(operation_id="reports_retrieve", responses=ReportAnswer)
    def get(self, request: Request, pk: str) -> Response:
        """The job."""
        return Response(
            ReportAnswer(report_for_reader(self.key.owner, uuid=pk), context={"request": request}).data
        )


class ReportBundle(KeyView):
    """The evidence bundle."""

    scopes: ClassVar[dict[str, str]] = {"GET": Scope.REPORTS_READ}

    @extend_schema(
        operation_id="reports_bundle",
        responses={
            (200, "application/zip"): OpenApiTypes.BINARY,
            404: OpenApiResponse(description="No such report, or it is not made"),
            409: OpenApiResponse(description="No checkpoint of the log covers the report yet"),
        },
    )
    def get(self, request: Request, pk: str) -> HttpResponse:
        """A zip that `countersign_verify.py` checks offline; taking it is on the record."""
        return bundle_response(report_for_reader(self.key.owner, uuid=pk), self.actor)


class ReportFile(KeyView):
    """The report itself."""

    scopes: ClassVar[dict[str, str]] = {"GET": Scope.REPORTS_READ}

    @extend_schema(
        operation_id="reports_file",
        parameters=[
            OpenApiParameter(
                "as",
                str,
                enum=list(FORMS),
                default="pdf",
                description="The PDF, the same as a page, or the facts",
            )
        ],
        responses={
            (200, form.content_type.partition(";")[0]): OpenApiTypes.BINARY for form in FORMS.values()
        },
    )
    def get(self, request: Request, pk: str) -> FileResponse:
        """The file in the form that `as` names; taking it is on the record."""
        return taken(
            report_for_reader(self.key.owner, uuid=pk), request.query_params.get("as", ""), self.actor
        )
