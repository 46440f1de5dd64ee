"""Reports for machines."""

from http import HTTPStatus
from typing import Any, ClassVar

from django.http import FileResponse, Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope
from governance.portfolio.as_of_views import moment_of
from governance.reports.access import known_environment, report_for_reader
from governance.reports.actions import request_report
from governance.reports.files import FORMS
from governance.reports.models import Report
from governance.reports.views import bundle_response, taken
from registry.models import ModelVersion


class ReportQuestion(serializers.Serializer[Any]):
    """A report of which version, for which environment."""

    model = serializers.CharField(max_length=64)
    version = serializers.CharField(max_length=40)
    environment = serializers.CharField(max_length=16, default="production")
    as_of = serializers.DateTimeField(
        required=False, help_text="A moment in the past; without it, when the report is made"
    )


class ReportAnswer(serializers.ModelSerializer[Report]):
    """A report's job and, once it is made, its checksum."""

    id = serializers.UUIDField(source="uuid")
    model = serializers.CharField(source="version.model.slug")
    version = serializers.CharField(source="version.version")
    file_url = serializers.SerializerMethodField()

    class Meta:
        model = Report
        fields = (
            "id",
            "status",
            "progress",
            "failure",
            "model",
            "version",
            "environment",
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

    def get_file_url(self, report: Report) -> str | None:
        """Where the PDF is, when there is one."""
        request = self.context["request"]
        if not report.file:
            return None
        address: str = request.build_absolute_uri(reverse("api-report-file", args=[report.uuid]))
        return address


class Reports(KeyView):
    """Ask for a report."""

    scopes: ClassVar[dict[str, str]] = {"POST": Scope.REPORTS_WRITE}

    @extend_schema(operation_id="reports_create", request=ReportQuestion, responses={202: ReportAnswer})
    def post(self, request: Request) -> Response:
        """202 with the address of the job in `Location`."""
        question = ReportQuestion(data=request.data)
        question.is_valid(raise_exception=True)
        asked = question.validated_data
        versions = ModelVersion.objects.filter(model__slug=asked["model"], version=asked["version"])
        version = versions.select_related("model").first()
        if version is None:
            raise Http404(f"{asked['model']} has no version {asked['version']}.")
        now, moment = timezone.now(), asked.get("as_of")
        report = request_report(
            version=version,
            environment=known_environment(asked["environment"]),
            requester=None,
            actor=self.actor,
            at=now,
            moment=moment_of(moment.isoformat(), version, now=now) if moment else None,
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
        return Response(ReportAnswer(report_for_reader(uuid=pk), context={"request": request}).data)


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
        return bundle_response(report_for_reader(uuid=pk), self.actor)


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
        return taken(report_for_reader(uuid=pk), request.query_params.get("as", ""), self.actor)
