"""Which tables the record vouches for: every one, except for those that are named here or say why not themselves."""

from django.apps import apps
from django.db import models

from audit.rows import cover

LEFT_OUT = {
    "auth.Permission": "Django's own; roles are granted as RoleGrant",
    "auth.Group_permissions": "Django's own; roles are granted as RoleGrant",
    "auth.Group": "Django's own; roles are granted as RoleGrant",
    "contenttypes.ContentType": "Django's own list of tables",
    "sessions.Session": "Nothing stands in it; sessions are accounts.Session",
    "audit.Event": "The record itself: hashed in the log, kept by triggers",
    "audit.Pending": "The record itself: events that wait for their place in the log",
    "audit.LogEntry": "The record itself: what checkpoints sign",
    "audit.Subtree": "The record itself: hashed again with each check",
    "audit.TreeState": "The record itself: compared with the checkpoints",
    "audit.Checkpoint": "The record itself: signed",
    "audit.TimeStamp": "Signed by the authority that stamped",
    "audit.AnchorState": "How far checkpoints went to others",
}
"""Tables that are not ours, or are the record, with the reason."""


def reason_left_out(model: type[models.Model]) -> str:
    """Why no event speaks of this table's rows; empty where events do."""
    said = getattr(model, "NOT_ATTESTED", "")
    return LEFT_OUT.get(model._meta.label, said if isinstance(said, str) else "")


def attest_rows() -> None:
    """Let events attest the rows of every table that is not left out. A table of ties belongs to its model."""
    for model in apps.get_models():
        if not reason_left_out(model):
            cover(model)
