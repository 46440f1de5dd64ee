"""Pipelines that ask the gate while things break, and keep what they were told."""

import http.client
import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

QUESTION = {"model": "credit-default", "version": "1", "environment": "production"}
NOBODY = 0  # the status of a call that nobody answered
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Answer:
    """What came back: status 0 when nothing did."""

    status: int
    body: Mapping[str, Any]
    seconds: float


class Pipeline:
    """Calls the API of one web server with one key, each call on a connection of its own."""

    def __init__(self, base: str, key: str) -> None:
        self._place = urlsplit(base).netloc
        self._key = key

    def ask(self, token: str = "", *, wait: float = PATIENCE_SECONDS, **changes: Any) -> Answer:
        """One question to the gate, under an Idempotency-Key where one is given."""
        headers = {"Idempotency-Key": token} if token else {}
        return self.call("POST", "/api/v1/gate/decisions", QUESTION | changes, headers, wait=wait)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        *,
        wait: float = PATIENCE_SECONDS,
    ) -> Answer:
        """One call with a JSON body."""
        began = time.monotonic()
        given = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"} | dict(
            headers or {}
        )
        line = http.client.HTTPConnection(self._place, timeout=wait)
        try:
            line.request(method, path, None if body is None else json.dumps(body), given)
            found = line.getresponse()
            text = found.read()
            told = (
                json.loads(text) if text.startswith(b"{") else {"text": text[:500].decode(errors="replace")}
            )
            return Answer(found.status, told, time.monotonic() - began)
        except (OSError, http.client.HTTPException):
            return Answer(NOBODY, {}, time.monotonic() - began)
        finally:
            line.close()


@dataclass
class Kept:
    """What pipelines were told: for each of their keys the decisions named, and how often each status came."""

    decisions: dict[str, set[str]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0

    def note(self, token: str, answer: Answer) -> None:
        """One answer more."""
        self.statuses[answer.status] += 1
        self.slowest = max(self.slowest, answer.seconds)
        if answer.status == 200:
            self.decisions.setdefault(token, set()).add(str(answer.body["id"]))
            self.answers[answer.body["decision"]] += 1


class Crowd:
    """Several pipelines at once, each asking its next question only when the last one was answered."""

    def __init__(self, asks: Callable[[int], Pipeline], size: int, *, pause: float = 0.02) -> None:
        self.kept, self._stop, self._pause = Kept(), threading.Event(), pause
        self._lock, self._open = threading.Lock(), 0
        self._threads = [threading.Thread(target=self._work, args=(asks(n),)) for n in range(size)]

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """No new questions; those that are open are asked until they are answered."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def asked(self) -> int:
        """How many questions were answered so far."""
        with self._lock:
            return len(self.kept.decisions)

    def until(self, more: int, *, within: float = 60.0) -> None:
        """Wait until so many questions more were answered."""
        wanted, deadline = self.asked + more, time.monotonic() + within
        while self.asked < wanted:
            assert time.monotonic() < deadline, (
                f"only {self.asked} of {wanted} answered: {self.kept.statuses}"
            )
            time.sleep(0.05)

    def _work(self, pipeline: Pipeline) -> None:
        while not self._stop.is_set():
            token, deadline = str(uuid.uuid4()), time.monotonic() + 90
            while time.monotonic() < deadline:
                answer = pipeline.ask(token)
                with self._lock:
                    self.kept.note(token, answer)
                if answer.status == 200:
                    break
                time.sleep(0.2)
            time.sleep(self._pause)
