"""The request that is being answered, for whatever is logged or recorded on its behalf, in whichever process."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_asked: ContextVar[str] = ContextVar("countersign_request", default="")


def request_now() -> str:
    """The id of the request that this thread or task works for; empty where nobody asked."""
    return _asked.get()


@contextmanager
def on_behalf_of(request: str) -> Iterator[None]:
    """What happens in the block happens for this request."""
    before = _asked.set(request)
    try:
        yield
    finally:
        _asked.reset(before)


def begin(request: str) -> None:
    """From now on this thread works for this request: for hooks that see only the beginning of the work."""
    _asked.set(request)
