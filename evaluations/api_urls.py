from django.urls import path

from evaluations.api import EvaluationDetail, Evaluations

urlpatterns = [
    path("evaluations", Evaluations.as_view(), name="api-evaluations"),
    path("evaluations/<uuid:pk>", EvaluationDetail.as_view(), name="api-evaluation"),
]
