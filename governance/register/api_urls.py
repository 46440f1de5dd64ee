from django.urls import path

from governance.register.api import ModelInRegister, ModelOutOfRegister

urlpatterns = [
    path("models/<str:slug>/publication", ModelInRegister.as_view(), name="api-publication"),
    path(
        "models/<str:slug>/publication/withdraw",
        ModelOutOfRegister.as_view(),
        name="api-publication-withdraw",
    ),
]
