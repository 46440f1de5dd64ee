"""Asking MLflow, and telling it, in a process of its own with a time limit."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from accounts.refusals import Invalid
from registry.tracking_process import NoAnswer, lines_of
from registry.tracking_stores import Store, default_store, environment_for

ADDRESS = re.compile(
    r"models:/[^/@\x00-\x1f\x7f]{1,200}/\d{1,9}"  # a registered model's version
    r"|models:/[^/@\x00-\x1f\x7f]{1,200}@[\w-]{1,100}"  # ... or its alias
    r"|models:/m-[0-9a-f]{32}"  # a logged model
    r"|runs:/[0-9a-f]{32}/[^\s?#%\\]{1,200}"  # a model among a run's artifacts
)
Tick = Callable[[], bool]


@dataclass(frozen=True)
class Fetched:
    """What MLflow says about the run that made the model."""

    run_id: str
    parameters: dict[str, str]
    metrics: dict[str, float | str]
    repository: str
    commit: str
    run: dict[str, Any] = field(default_factory=dict)  # as registry/mlflow_run.py tells it


@dataclass(frozen=True)
class FoundVersion:
    """A version in MLflow's registry."""

    number: str
    status: str
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FoundModel:
    """A registered model of MLflow with its versions, oldest first."""

    name: str
    description: str
    tags: dict[str, str]
    aliases: dict[str, str]  # alias → number of a version
    versions: tuple[FoundVersion, ...]


@dataclass(frozen=True)
class Change:
    """Something to write to MLflow: tags of a version, or where an alias points; to "" takes it away."""

    model: str
    version: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    alias: str = ""


class Away(Invalid):
    """The server does not answer; there is no use in asking on."""


def refuse_bad_address(uri: str) -> None:
    """Only addresses inside the tracking store: never files of this machine, never other hosts."""
    if not ADDRESS.fullmatch(uri) or ".." in uri:
        raise Invalid(
            f"{uri[:80] or 'Nothing'} is not the address of a model in MLflow.",
            "Write it like models:/credit-default/3, models:/credit-default@champion or runs:/RUN_ID/model.",
            field="mlflow_uri",
        )


def fetch(uri: str, folder: Path, store: Store | None = None) -> Fetched:
    """Download the model's files into the folder. Raises Invalid with a sentence when that cannot be done."""
    return fetch_all([(uri, folder)], store)[0]


def fetch_all(wanted: Sequence[tuple[str, Path]], store: Store | None = None) -> list[Fetched]:
    """The same for several models, each into its folder. The first that cannot be had ends it."""
    got = []
    for uri, _ in wanted:
        refuse_bad_address(uri)
    for one in fetch_each(wanted, store):
        if isinstance(one, Invalid):
            raise one
        got.append(one)
    return got


def fetch_each(
    wanted: Sequence[tuple[str, Path]], store: Store | None = None, *, tick: Tick = lambda: True
) -> Iterator[Fetched | Invalid]:
    """One after the other in one process, because loading mlflow is the slow part; answered as they come.

    What cannot be had is answered as the refusal that says why. One that MLflow's client did not survive is the last
    that is answered, so the answers may be fewer. Raises Away when the server does not answer at all.
    """
    pairs = [part for uri, folder in wanted for part in (uri, str(folder))]
    seconds = float(settings.MLFLOW_SECONDS)
    lines = lines_of(
        "registry.mlflow_fetch",
        pairs,
        environment=environment_for(store or default_store()),
        silence_seconds=seconds,
        most_seconds=seconds * len(wanted),
        tick=tick,
    )
    done = 0
    try:
        with closing(lines):  # type: ignore[type-var]
            for line in lines:
                answer = _answer(line)
                if answer.get("away"):
                    raise Away(answer["error"], answer["remedy"], field="mlflow_uri")
                done += 1
                yield _refusal(answer) if "error" in answer else Fetched(**answer)
    except NoAnswer as problem:
        yield Invalid(str(problem), "Check that the server runs, or upload the files.", field="mlflow_uri")
    else:
        if done < len(wanted):
            yield _stopped()


def look(
    store: Store, names: Sequence[str] = (), *, seconds: float | None = None, tick: Tick = lambda: True
) -> list[FoundModel]:
    """The registered models with their versions: these, or all. Raises Invalid when they cannot be had."""
    asked = json.dumps({"names": list(names)})
    return [_found(answer) for answer in _ask("look", asked, store, seconds, tick)]


def write(store: Store, changes: Sequence[Change], *, tick: Tick = lambda: True) -> list[str]:
    """Make the changes; for each of them what went wrong, or "". Raises Invalid when the server is away."""
    asked = json.dumps(
        [
            {"model": one.model, "version": one.version, "tags": one.tags, "alias": one.alias}
            for one in changes
        ]
    )
    answers = list(_ask("write", asked, store, settings.MLFLOW_SECONDS + len(changes), tick))
    if len(answers) != len(changes):
        raise _stopped()
    return [str(answer.get("problem", ""))[:300] for answer in answers]


def _ask(deed: str, given: str, store: Store, seconds: float | None, tick: Tick) -> Iterator[dict[str, Any]]:
    """The lines of the script for registries; the last says that there are no more."""
    limit = float(seconds or settings.MLFLOW_SECONDS)
    lines = lines_of(
        "registry.mlflow_registry",
        [deed],
        given=given,
        environment=environment_for(store),
        silence_seconds=limit,
        most_seconds=limit,
        tick=tick,
    )
    try:
        with closing(lines):  # type: ignore[type-var]
            for line in lines:
                answer = _answer(line)
                if answer.get("end"):
                    return
                if "error" in answer:
                    raise _refusal(answer)
                yield answer
    except NoAnswer as problem:
        raise Invalid(str(problem), "Check its address and that the server runs.", field="uri") from problem
    raise _stopped()


def _answer(line: str) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except ValueError as error:
        raise _stopped() from error
    if not isinstance(answer, dict):
        raise _stopped()
    return answer


def _found(answer: dict[str, Any]) -> FoundModel:
    versions = tuple(FoundVersion(**version) for version in answer.pop("versions"))
    return FoundModel(versions=versions, **answer)


def _refusal(answer: dict[str, Any]) -> Invalid:
    return Invalid(str(answer["error"]), str(answer.get("remedy", "")), field="mlflow_uri")


def _stopped() -> Invalid:
    return Invalid(
        "MLflow could not be asked: its client stopped without an answer.",
        "Upload the files instead, and tell an administrator.",
        field="mlflow_uri",
    )
