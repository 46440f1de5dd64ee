from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    name = "governance.compliance"
    label = "compliance"

    def ready(self) -> None:
        """Whoever is to close a gap of a model sees the model."""
        from registry.sight import along, register_grounds

        register_grounds(along("owns a gap of it", "coverage_gaps__owner"))
