from django.apps import AppConfig


class EvaluationsConfig(AppConfig):
    name = "evaluations"

    def ready(self) -> None:
        """The sweep must know how to wake and how to bury an evaluation."""
        from evaluations import actions, jobs, models, wake

        jobs.register_kind(models.EvaluationRun, wake=wake.wake_evaluation, bury=actions.bury_evaluation)
