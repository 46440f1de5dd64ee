from django.urls import path

from governance.gate.api import DecisionBundle, DecisionDetail, Decisions

urlpatterns = [
    path("gate/decisions", Decisions.as_view(), name="gate-decisions"),
    path("gate/decisions/<uuid:pk>", DecisionDetail.as_view(), name="gate-decision"),
    path("gate/decisions/<uuid:pk>/sigstore", DecisionBundle.as_view(), name="gate-decision-sigstore"),
]
