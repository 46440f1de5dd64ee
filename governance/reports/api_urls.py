from django.urls import path

from governance.reports.api import ReportDetail, ReportFile, Reports

urlpatterns = [
    path("reports", Reports.as_view(), name="api-reports"),
    path("reports/<uuid:pk>", ReportDetail.as_view(), name="api-report"),
    path("reports/<uuid:pk>/file", ReportFile.as_view(), name="api-report-file"),
]
