from django.urls import path

from governance.portfolio import views

app_name = "portfolio"
urlpatterns = [
    path("models/", views.models, name="models"),
    path("models/<slug:slug>/", views.model, name="model"),
    path("models/<slug:slug>/versions/<str:version>/", views.version, name="version"),
]
