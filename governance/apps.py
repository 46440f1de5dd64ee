from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "governance"
    verbose_name = "Countersign"

    def ready(self) -> None:
        """The audit trail knows no table above it, so it is told here which ones its events vouch for."""
        from governance.attested import attest_rows

        attest_rows()
