"""Spans for OpenTelemetry, where an address for them is set: what took how long, and for which request.

Nothing that people wrote goes into a span: routes as patterns, the kind of a statement and its table, names of tasks,
the class of an error. Where no address is set, its spans and exporter are not even imported.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from importlib import import_module
from typing import Any

from django.conf import settings

LONGEST = 120
MOST_STEPS = 200
HEADER = "traceparent"


class Silent:
    """Stands for a span where nobody wants any."""

    def rename(self, name: str) -> None:
        """Nothing."""

    def tell(self, **facts: str | int) -> None:
        """Nothing."""

    def failed(self, kind: str) -> None:
        """Nothing."""


class Spoken(Silent):
    """A span that is sent."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def rename(self, name: str) -> None:
        """Give it the name that is known only now."""
        self._inner.update_name(name[:LONGEST])

    def tell(self, **facts: str | int) -> None:
        """Add attributes; `__` in a name is a dot."""
        for name, value in facts.items():
            self._inner.set_attribute(name.replace("__", "."), value)

    def failed(self, kind: str) -> None:
        """It went wrong; `kind` is the class of the error, never its text."""
        status = import_module("opentelemetry.trace.status")
        self._inner.set_status(status.Status(status.StatusCode.ERROR))
        self._inner.set_attribute("error.type", kind)


SILENT = Silent()


def on() -> bool:
    """Whether spans are wanted."""
    return bool(settings.OTLP_ENDPOINT)


@contextmanager
def span(name: str, *, kind: str = "internal", parent: str = "", **facts: str | int) -> Iterator[Silent]:
    """What happens in the block, as a span. `parent` is a traceparent of another process, if there is one."""
    if not on():
        yield SILENT
        return
    trace = import_module("opentelemetry.trace")
    context = _propagator().extract({HEADER: parent}) if parent else None
    with _tracer(os.getpid()).start_as_current_span(
        name[:LONGEST],
        context=context,
        kind=trace.SpanKind[kind.upper()],
        record_exception=False,  # its text may say anything
        set_status_on_exception=False,
    ) as inner:
        spoken = Spoken(inner)
        spoken.tell(**facts)
        try:
            yield spoken
        except BaseException as error:
            spoken.failed(type(error).__name__)
            raise


def parent_now() -> str:
    """What another process is told, so that its spans belong to ours; empty where there is none."""
    carrier: dict[str, str] = {}
    if on():
        _propagator().inject(carrier)
    return carrier.get(HEADER, "")


class Steps:
    """Spans one after the other: each step ends the one before."""

    def __init__(self) -> None:
        self._open: AbstractContextManager[Silent] | None = None
        self._name = ""
        self._count = 0

    def begin(self, name: str) -> None:
        """The next step, if it is another one."""
        if not on() or name == self._name or self._count >= MOST_STEPS:
            return
        self.end()
        self._name, self._count = name, self._count + 1
        self._open = span(name)
        self._open.__enter__()

    def end(self) -> None:
        """The last one is over."""
        if self._open is not None:
            self._open.__exit__(None, None, None)
            self._open = None


def flush() -> None:
    """Send what waits: for processes that end."""
    if on():
        _provider(os.getpid()).force_flush(2000)


def _propagator() -> Any:
    return import_module("opentelemetry.trace.propagation.tracecontext").TraceContextTextMapPropagator()


def _tracer(pid: int) -> Any:
    return _provider(pid).get_tracer("countersign", settings.VERSION)


@lru_cache(maxsize=1)
def _provider(pid: int) -> Any:
    """One in each process: the thread that sends does not outlive a fork. OTEL_… variables count as usual."""
    sdk = import_module("opentelemetry.sdk.trace")
    resources = import_module("opentelemetry.sdk.resources")
    export = import_module("opentelemetry.sdk.trace.export")
    otlp = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    about = {
        "service.name": os.environ.get("OTEL_SERVICE_NAME", "countersign"),
        "service.version": settings.VERSION,
    }
    provider = sdk.TracerProvider(resource=resources.Resource.create(about))
    address = f"{settings.OTLP_ENDPOINT.rstrip('/')}/v1/traces"
    provider.add_span_processor(export.BatchSpanProcessor(otlp.OTLPSpanExporter(endpoint=address, timeout=5)))
    return provider
