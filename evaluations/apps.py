from django.apps import AppConfig


class EvaluationsConfig(AppConfig):
    name = "evaluations"

    def ready(self) -> None:
        """The sweep must know how to wake and how to bury an evaluation; cards show what was measured."""
        from celery.signals import worker_ready

        from evaluations import actions, jobs, measures, models, wake
        from evaluations.environments.actions import bury_environment
        from evaluations.tasks import try_walls
        from registry.measures import register_source

        jobs.register_kind(
            models.EvaluationRun,
            wake=wake.wake_evaluation,
            bury=actions.bury_evaluation,
            requeued=actions.restamp_evaluation,
        )
        jobs.register_kind(models.Environment, wake=wake.wake_environment, bury=bury_environment)
        register_source(measures.measures_of_runs)
        worker_ready.connect(try_walls, weak=False)
