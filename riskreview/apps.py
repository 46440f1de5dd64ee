from django.apps import AppConfig


class RiskreviewConfig(AppConfig):
    name = "riskreview"

    def ready(self) -> None:
        """What a version is measured by follows from policy and tier, which evaluations do not know."""
        from evaluations.formats import register_formats
        from evaluations.plan import register_plan
        from riskreview.packs import allowed_formats
        from riskreview.plan import wanted_of

        register_plan(wanted_of)
        register_formats(allowed_formats)
