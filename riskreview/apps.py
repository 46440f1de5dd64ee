from django.apps import AppConfig


class RiskreviewConfig(AppConfig):
    name = "riskreview"

    def ready(self) -> None:
        """What a version is measured by follows from policy and tier, which evaluations do not know; and the sweep
        must know how to wake and how to bury an impact preview. Who was asked about a model sees it, too."""
        from evaluations import jobs
        from evaluations.formats import register_formats
        from evaluations.plan import register_plan
        from registry.sight import register_grounds
        from riskreview.models import Simulation
        from riskreview.plan import wanted_of
        from riskreview.policies import simulations
        from riskreview.policies.packs import allowed_formats
        from riskreview.sight import SIGHT

        register_plan(wanted_of)
        register_grounds(*SIGHT)
        register_formats(allowed_formats)
        jobs.register_kind(Simulation, wake=simulations.wake_simulation, bury=simulations.bury_simulation)
