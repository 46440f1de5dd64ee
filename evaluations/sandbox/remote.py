"""The measuring child's side of a model that is held by a child of its own, in the version's environment."""

import os
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import pandas as pd

from evaluations.sandbox.job import GONE, CannotEvaluate, ModelGone, ModelRaised
from evaluations.sandbox.loading import Found
from evaluations.sandbox.wire import BadMessage, Unsendable, pack_frame, receive, send, unpack

METHODS = ("predict", "predict_proba", "decision_function", "classes")
NO_ANSWER = "The process that holds the model gave an answer that cannot be used."


class RemoteModel:
    """Answers as a model in this process would, and has only the methods and attributes that the model has."""

    def __init__(self, channel: tuple[int, int], found: Found) -> None:
        self._answers = os.fdopen(os.dup(channel[0]), "rb")
        self._questions = os.fdopen(os.dup(channel[1]), "wb")
        said = {**asdict(found), "path": str(found.path), "flavour": _plain(found.flavour)}
        hello, arrays = self._exchange({"ask": "load", "found": said}, [])
        for name in METHODS:
            if name in hello["methods"]:
                setattr(self, name, partial(self._ask, name))
        if "features" in hello:
            self.n_features_in_ = int(hello["features"])
        for name, packed in hello["arrays_of"].items():
            if name in ("classes_", "feature_names_in_"):
                setattr(self, name, unpack(packed, arrays))

    def _ask(self, what: str, rows: Any) -> Any:
        try:
            packed, arrays = pack_frame(pd.DataFrame(rows))
        except Unsendable as problem:
            raise CannotEvaluate(
                f"The rows cannot be handed to a model in its own environment: {problem}."
            ) from problem
        said, found = self._exchange({"ask": what, "rows": packed}, arrays)
        answer = None if said["answer"] is None else unpack(said["answer"], found)
        return answer if what != "classes" or answer is None else list(answer)

    def _exchange(self, question: Mapping[str, Any], arrays: list[Any]) -> tuple[dict[str, Any], list[Any]]:
        try:
            send(self._questions, question, arrays)
            got = receive(self._answers)
        except BrokenPipeError as error:
            raise ModelGone(GONE) from error
        except BadMessage as error:
            raise ModelGone(NO_ANSWER) from error
        if got is None:
            raise ModelGone(GONE)
        if "failed" in got[0]:
            raise _failure(got[0])
        return got


def _failure(said: Mapping[str, Any]) -> Exception:
    kind, text = str(said["failed"]), str(said.get("said", ""))
    if kind == "MemoryError":
        return MemoryError(text)
    if kind == "CannotEvaluate":
        return CannotEvaluate(text)
    if kind == "ModuleNotFoundError" and said.get("package"):
        return CannotEvaluate(
            f"This artifact cannot be loaded: it needs the package {said['package']}, which is not in the environment "
            "that was built from the version's requirements. Register the version with requirements that name it."
        )
    return ModelRaised(kind, text)


def _plain(flavour: Mapping[str, Any]) -> dict[str, str]:
    """What the loaders read of it."""
    return {name: str(flavour[name]) for name in ("code", "model_class") if flavour.get(name)}
