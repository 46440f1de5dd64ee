from django.urls import path

from governance.reports import views

app_name = "reports"
urlpatterns = [
    path("reports/", views.reports, name="reports"),
    path("reports/subjects/", views.suggestions, name="subjects"),
    path("reports/<int:pk>/", views.report, name="report"),
    path("reports/<int:pk>/file/", views.report_download, name="file"),
    path("reports/<int:pk>/bundle/", views.bundle_download, name="bundle"),
    path("models/<slug:slug>/versions/<str:version>/card/pdf/", views.card_file, name="card_pdf"),
]
