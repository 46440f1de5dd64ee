"""The job's model, ready to be asked: loaded here, or in a process of its own where it has its own environment."""

from pathlib import Path

from evaluations.sandbox.job import Job
from evaluations.sandbox.loading import Loaded, examine, load_model


def open_model(job: Job) -> Loaded:
    """Raises CannotEvaluate. `job` has a model."""
    place = Path(str(job.model_path))
    if job.channel is None:
        return load_model(place, job.manifest, job.formats)
    from evaluations.sandbox.remote import RemoteModel

    examined = examine(place, job.manifest, job.formats)
    return Loaded(RemoteModel(job.channel, examined.found), examined.found.said, examined.scan)
