from django.urls import path

from governance.reports.api import ReportBundle, ReportDetail, ReportFile, Reports

urlpatterns = [
    path("reports", Reports.as_view(), name="api-reports"),
    path("reports/<uuid:pk>", ReportDetail.as_view(), name="api-report"),
    path("reports/<uuid:pk>/bundle", ReportBundle.as_view(), name="api-report-bundle"),
    path("reports/<uuid:pk>/file", ReportFile.as_view(), name="api-report-file"),
]
