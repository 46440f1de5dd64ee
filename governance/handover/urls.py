from django.urls import path

from governance.handover import views

app_name = "handover"
urlpatterns = [
    path("handovers/", views.handovers, name="handovers"),
    path("handovers/<slug:username>/", views.handover, name="handover"),
]
