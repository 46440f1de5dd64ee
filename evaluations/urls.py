from django.urls import path

from evaluations import compare_views, plan_views, record_views, schedule_views, views
from evaluations.endpoints import views as endpoints
from evaluations.environments import views as environments

app_name = "evaluations"
VERSION = "models/<slug:slug>/versions/<str:version>/evaluations/"
urlpatterns = [
    path("evaluations/", views.run_list, name="runs"),
    path("evaluations/compare/", compare_views.compare, name="compare"),
    path("evaluations/given-up/", plan_views.given_up_runs, name="given_up"),
    path("evaluations/schedules/", schedule_views.schedule_list, name="schedules"),
    path("evaluations/schedules/<int:number>/", schedule_views.change, name="schedule"),
    path("evaluations/<int:number>/", views.run, name="run"),
    path("evaluations/<int:number>/explain/", record_views.explain_record, name="explain_record"),
    path("evaluations/<int:number>/progress/", views.progress, name="progress"),
    path("evaluations/<int:number>/cancel/", views.cancel, name="cancel"),
    path("evaluations/<int:number>/log/", views.log, name="log"),
    path("evaluations/<int:number>/again/", plan_views.again, name="again"),
    path("evaluations/<int:number>/result.json", views.result, name="result"),
    path(VERSION, views.version_runs, name="version_runs"),
    path(f"{VERSION}endpoint/", endpoints.endpoint, name="endpoint"),
    path(f"{VERSION}endpoint/try/", endpoints.trial, name="endpoint_trial"),
    path(f"{VERSION}endpoint/remove/", endpoints.remove, name="endpoint_remove"),
    path(f"{VERSION}environment/", environments.environment, name="environment"),
    path(f"{VERSION}environment/build/", environments.build, name="build_environment"),
    path(f"{VERSION}report/", plan_views.report, name="report"),
    path(f"{VERSION}plan/", plan_views.run_plan, name="run_plan"),
    path(f"{VERSION}start/", views.start, name="start"),
]
