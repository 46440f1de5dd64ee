from django.urls import path

from governance.trail import views

app_name = "trail"
urlpatterns = [
    path("audit/", views.trail, name="events"),
    path("audit/export/", views.export, name="export"),
    path("audit/verify/", views.verify, name="verify"),
    path("audit/<int:seq>/", views.entry, name="entry"),
    path("audit/<int:seq>/proof.json", views.proof, name="proof"),
    path("audit/events/<uuid:event_id>/", views.event, name="event"),
]
