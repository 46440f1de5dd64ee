from django.apps import AppConfig


class HandoverConfig(AppConfig):
    name = "governance.handover"
    label = "handover"

    def ready(self) -> None:
        """A name that changes is forgotten where it was remembered."""
        from accounts.naming import remembers_names
        from governance.handover.naming import forget_name

        remembers_names(forget_name)
