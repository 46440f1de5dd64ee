from django.urls import path

from governance.register import public_views as public
from governance.register import views

app_name = "register"
urlpatterns = [
    path("register/", public.register, name="list"),
    path("register/<slug:slug>/", public.register_entry, name="entry"),
    path("models/<slug:slug>/register/", views.model_register, name="model"),
    path("models/<slug:slug>/register/withdraw/", views.model_withdraw, name="withdraw"),
]
