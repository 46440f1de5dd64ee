from django.urls import path

from governance.gate import views

app_name = "gate"
urlpatterns = [
    path("gate/decisions/", views.decision_list, name="decisions"),
    path("gate/decisions/<uuid:pk>/", views.decision_detail, name="decision"),
]
