"""The second data set of a run, read by the rules of the first and answered by the same model."""

from dataclasses import replace

from evaluations.sandbox.given import Given
from evaluations.sandbox.job import CannotEvaluate
from evaluations.sandbox.table import read_table

NONE = "There is no reference data set to compare with. Name one, usually the training data."


def reference_of(given: Given) -> Given:
    """The reference's rows with this run's model. Its sensitive columns are those that it happens to have."""
    job = given.job
    if job.reference_path is None:
        raise CannotEvaluate(NONE)
    try:
        table = read_table(replace(job, data_path=job.reference_path, predictions_path=None, sensitive=()))
    except CannotEvaluate as refusal:
        raise of_reference(refusal) from refusal
    there = tuple(name for name in job.sensitive if name in table.rows.columns)
    found = Given(
        replace(job, data_path=job.reference_path, predictions_path=None, sensitive=there),
        table.rows,
        given.teller,
    )
    if job.model_path is not None:
        found.__dict__["model"] = given.model  # the cached property: loaded once
    return found


def of_reference(refusal: CannotEvaluate) -> CannotEvaluate:
    """The same sentence, said of the reference."""
    said = str(refusal)
    said = said.replace("The data set", "The reference data set", 1) if "The data set" in said else said
    return CannotEvaluate(said if "reference" in said else f"In the reference data set: {said}")
