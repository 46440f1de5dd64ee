"""Addresses of tracking servers' calls, under /api/v1/."""

from django.urls import path

from governance.tracking import api

urlpatterns = [path("mlflow/<slug:server>/events", api.Events.as_view(), name="api-mlflow-events")]
