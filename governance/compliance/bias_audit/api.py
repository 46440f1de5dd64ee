"""The bias audit of a model for machines."""

from typing import Any, ClassVar

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope
from governance.compliance.access import audits_for_reader
from governance.compliance.bias_audit.audit import drafted, recorded, told
from governance.compliance.bias_audit.measured import runs_for
from governance.compliance.models import AuditData, AuditRate
from registry.access import model_for_reader


class RecordedAnswer(serializers.Serializer[Any]):
    """What a person said of the audit."""

    auditor = serializers.CharField()
    independence = serializers.CharField()
    audited_on = serializers.DateField()
    distributed_on = serializers.DateField()
    data_kind = serializers.ChoiceField(AuditData.choices)
    data_source = serializers.CharField()
    data_until = serializers.DateField()
    left_out_reason = serializers.CharField(allow_blank=True)
    published_at = serializers.CharField(allow_blank=True)
    recorded_by = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    withdrawn = serializers.BooleanField()


class LineAnswer(serializers.Serializer[Any]):
    """One category. `hits`: people selected, or above the median. `low`, `high`: the 95% interval of the ratio."""

    category = serializers.CharField()
    n = serializers.IntegerField()
    hits = serializers.IntegerField()
    share = serializers.FloatField()
    rate = serializers.FloatField()
    ratio = serializers.FloatField(allow_null=True)
    left_out = serializers.BooleanField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class TableAnswer(serializers.Serializer[Any]):
    """By sex, by race and ethnicity, or by both."""

    by = serializers.ChoiceField(["sex", "race", "both"])
    unknown = serializers.IntegerField()
    categories = LineAnswer(many=True)


class BiasAuditAnswer(serializers.Serializer[Any]):
    """An audit that was recorded, or (`recorded` null) a draft of what the newest run would give."""

    document = serializers.CharField()
    model = serializers.CharField()
    version = serializers.CharField()
    run = serializers.CharField()
    result_digest = serializers.CharField()
    dataset = serializers.CharField()
    recorded = RecordedAnswer(allow_null=True)
    rate = serializers.ChoiceField(AuditRate.choices)
    median_score = serializers.FloatField(allow_null=True)
    people = serializers.IntegerField()
    columns = serializers.DictField(child=serializers.CharField(allow_blank=True))
    categories = serializers.DictField(
        child=serializers.DictField(child=serializers.CharField(allow_blank=True))
    )
    tables = TableAnswer(many=True)
    missing = serializers.ListField(child=serializers.CharField())
    note = serializers.CharField()
    digest = serializers.CharField()


class OneBiasAudit(KeyView):
    """Local Law 144 of New York City."""

    scopes: ClassVar = {"GET": Scope.REPORTS_READ}

    @extend_schema(
        operation_id="bias_audit_retrieve",
        responses={
            200: BiasAuditAnswer,
            404: OpenApiResponse(description="No such model, or no fairness run"),
        },
    )
    def get(self, request: Request, slug: str) -> Response:
        """The newest audit that stands; a draft where nobody recorded any."""
        model, today = model_for_reader(self.key.owner, slug), timezone.now().date()
        standing = [row for row in audits_for_reader(self.key.owner, model) if row.withdrawn_at is None]
        if standing:
            return Response(BiasAuditAnswer(told(recorded(standing[0], today=today))).data)
        runs = runs_for(model)
        if not runs:
            raise Http404(f"No fairness run of {model.name} was measured.")
        return Response(BiasAuditAnswer(told(drafted(model, runs[0], today=today))).data)
