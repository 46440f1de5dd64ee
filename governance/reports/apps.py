from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "governance.reports"
    label = "reports"

    def ready(self) -> None:
        """The sweep must know how to wake and how to bury a report."""
        from evaluations import jobs
        from governance.reports import actions, models

        jobs.register_kind(models.Report, wake=actions.wake_report, bury=actions.bury_report)
