from django.urls import path

from governance.gate.api import DecisionDetail, Decisions

urlpatterns = [
    path("gate/decisions", Decisions.as_view(), name="gate-decisions"),
    path("gate/decisions/<uuid:pk>", DecisionDetail.as_view(), name="gate-decision"),
]
