from django.urls import path

from governance.trail.api import Consistency, Events, Export, NewestCheckpoint, OneEvent, Proof

urlpatterns = [
    path("audit/events", Events.as_view(), name="api-audit-events"),
    path("audit/events/<uuid:event_id>", OneEvent.as_view(), name="api-audit-event"),
    path("audit/export", Export.as_view(), name="api-audit-export"),
    path("audit/checkpoint", NewestCheckpoint.as_view(), name="api-audit-checkpoint"),
    path("audit/consistency", Consistency.as_view(), name="api-audit-consistency"),
    path("audit/proof/<int:seq>", Proof.as_view(), name="api-audit-proof"),
]
