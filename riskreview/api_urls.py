"""Addresses of the API about what people judge by and what they judged."""

from django.urls import path

from riskreview.api import policies, tiers
from riskreview.api.exceptions import BreakGlasses, Waivers
from riskreview.api.findings import Findings, OneFinding
from riskreview.api.risks import OneRisk, Risks

urlpatterns = [
    path("findings", Findings.as_view(), name="api-findings"),
    path("findings/<int:pk>", OneFinding.as_view(), name="api-finding"),
    path("risks", Risks.as_view(), name="api-risks"),
    path("risks/<int:pk>", OneRisk.as_view(), name="api-risk"),
    path("waivers", Waivers.as_view(), name="api-waivers"),
    path("break-glass", BreakGlasses.as_view(), name="api-break-glass"),
    path("tiering/questionnaire", tiers.ActiveQuestionnaire.as_view(), name="api-questionnaire"),
    path(
        "tiering/questionnaires/<int:version>",
        tiers.QuestionnaireByVersion.as_view(),
        name="api-questionnaire-version",
    ),
    path("models/<slug:slug>/tier", tiers.ModelTier.as_view(), name="api-model-tier"),
    path("models/<slug:slug>/policy", policies.ModelPolicy.as_view(), name="api-model-policy"),
    path("schemas/policy-pack", policies.PackSchema.as_view(), name="api-pack-schema"),
]
