from django.apps import AppConfig


class AuditConfig(AppConfig):
    """What happened, provably: events, the Merkle log over them, and its checkpoints."""

    name = "audit"
    label = "audit"
    verbose_name = "Audit trail"
    default_auto_field = "django.db.models.BigAutoField"
