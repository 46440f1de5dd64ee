from django.urls import path

from evaluations import views

app_name = "evaluations"
VERSION = "models/<slug:slug>/versions/<str:version>/evaluations/"
urlpatterns = [
    path("evaluations/", views.run_list, name="runs"),
    path("evaluations/<int:number>/", views.run, name="run"),
    path("evaluations/<int:number>/progress/", views.progress, name="progress"),
    path("evaluations/<int:number>/cancel/", views.cancel, name="cancel"),
    path("evaluations/<int:number>/result.json", views.result, name="result"),
    path(VERSION, views.version_runs, name="version_runs"),
    path(f"{VERSION}start/", views.start, name="start"),
]
