from django.urls import path

from governance.handover import views

app_name = "handover"
urlpatterns = [
    path("handovers/", views.handovers, name="handovers"),
    path("handovers/<slug:username>/", views.handover, name="handover"),
    path("handovers/<slug:username>/parting/", views.parting_ask, name="parting_ask"),
    path("handovers/<slug:username>/parting/confirm/", views.parting_confirm, name="parting_confirm"),
    path("handovers/<slug:username>/parting/withdraw/", views.parting_withdraw, name="parting_withdraw"),
]
