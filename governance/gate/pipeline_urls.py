from django.urls import path

from governance.gate import pipeline_views as views

app_name = "pipelines"
urlpatterns = [
    path("pipelines/", views.rule_list, name="rules"),
    path("pipelines/new/", views.rule_new, name="rule_new"),
    path("pipelines/<slug:name>/", views.rule, name="rule"),
    path("pipelines/<slug:name>/off/", views.rule_off, name="rule_off"),
]
