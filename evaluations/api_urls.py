from django.urls import path

from evaluations.api import EvaluationDetail, Evaluations
from evaluations.endpoints.api import Endpoint
from evaluations.run_api import EvaluationCancel, EvaluationCompare, EvaluationLog, ResultSchema

urlpatterns = [
    path("models/<slug:slug>/versions/<str:version>/endpoint", Endpoint.as_view(), name="api-endpoint"),
    path("evaluations", Evaluations.as_view(), name="api-evaluations"),
    path("evaluations/<uuid:pk>", EvaluationDetail.as_view(), name="api-evaluation"),
    path("evaluations/<uuid:pk>/cancel", EvaluationCancel.as_view(), name="api-evaluation-cancel"),
    path("evaluations/<uuid:pk>/log", EvaluationLog.as_view(), name="api-evaluation-log"),
    path("evaluations/<uuid:pk>/compare", EvaluationCompare.as_view(), name="api-evaluation-compare"),
    path("schemas/evaluation-result", ResultSchema.as_view(), name="api-result-schema"),
]
