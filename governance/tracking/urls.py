"""Addresses of tracking servers' pages."""

from django.urls import path

from governance.tracking import bring_views, views

SERVER = "mlflow/<slug:name>"

app_name = "tracking"
urlpatterns = [
    path("mlflow/", views.servers, name="servers"),
    path("mlflow/new/", views.server_new, name="server_new"),
    path(f"{SERVER}/", views.server, name="server"),
    path(f"{SERVER}/edit/", views.server_edit, name="server_edit"),
    path(f"{SERVER}/remove/", views.server_remove, name="server_remove"),
    path(f"{SERVER}/sync/", views.sync, name="sync"),
    path(f"{SERVER}/models/", bring_views.bring, name="bring"),
    path(f"{SERVER}/runs/<int:pk>/", bring_views.run, name="run"),
]
