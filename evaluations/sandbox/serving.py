"""Answering for a model, in the child that holds it: load, predict, and say what went wrong."""

import os
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from evaluations.sandbox.artifact import Artifact
from evaluations.sandbox.child import last_line
from evaluations.sandbox.job import OUT_OF_MEMORY
from evaluations.sandbox.loading import Found, load_found
from evaluations.sandbox.remote import METHODS
from evaluations.sandbox.wire import pack, receive, send, unpack_frame


def serve(channel: tuple[int, int], place: Path, manifest: dict[str, str] | None) -> None:
    """Answer questions about the artifact's model until the other side ends. `channel`: questions come, answers go."""
    questions, answers = os.fdopen(channel[0], "rb"), os.fdopen(channel[1], "wb")
    model: Any = None
    while (asked := receive(questions)) is not None:
        question, arrays = asked
        with _Answer(answers) as answer:
            if question["ask"] == "load":
                found = question["found"]
                model = load_found(Artifact(place, manifest), Found(**{**found, "path": Path(found["path"])}))
                answer.give(*_hello(model))
            else:
                rows = unpack_frame(question["rows"], arrays)
                answered = getattr(model, question["ask"])(rows)
                packed, found_arrays = (None, []) if answered is None else pack(answered)
                answer.give({"answer": packed}, found_arrays)


def _hello(model: Any) -> tuple[dict[str, Any], list[Any]]:
    """What the model can do, and what it knows of itself."""
    said: dict[str, Any] = {
        "methods": [name for name in METHODS if hasattr(model, name)],
        "arrays_of": {},
    }
    arrays: list[Any] = []
    for name in ("classes_", "feature_names_in_"):
        if getattr(model, name, None) is not None:
            packed, found = pack(getattr(model, name))
            said["arrays_of"][name] = {**packed, "at": len(arrays)}
            arrays += found
    if isinstance(features := getattr(model, "n_features_in_", None), int):
        said["features"] = features
    return said, arrays


class _Answer:
    """One answer: what was given, or what the model raised instead. Only the end of the process ends the talk."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def __enter__(self) -> "_Answer":
        return self

    def give(self, said: dict[str, Any], arrays: list[Any]) -> None:
        """Send it."""
        send(self._stream, said, arrays)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        failed = {"failed": type(error).__name__, "said": last_line(error).partition(": ")[2]}
        if isinstance(error, MemoryError) or any(sign in str(error) for sign in OUT_OF_MEMORY):
            failed["failed"] = "MemoryError"
        if isinstance(error, ModuleNotFoundError):
            failed["package"] = str(error.name)
        del error, trace
        send(self._stream, failed)
        return True
