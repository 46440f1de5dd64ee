from django.apps import AppConfig
from django.core.checks import register


class ReportsConfig(AppConfig):
    name = "governance.reports"
    label = "reports"

    def ready(self) -> None:
        """The sweep must know how to wake and how to bury a report, and the checks of the certificate that signs it."""
        from evaluations import jobs
        from governance.reports import actions, models
        from governance.reports.checks import certificate_check

        register(certificate_check, "reports", deploy=True)
        jobs.register_kind(models.Report, wake=actions.wake_report, bury=actions.bury_report)
