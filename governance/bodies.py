"""Request bodies that end early: an upload that was cut off must not pass for one that is complete.

A server hands over what it got, and a client that went away looks like the end of the body. Django's multipart parser
takes half a file for a whole one then, so a body that is shorter than announced is an error here.
"""

from collections.abc import Callable, Iterable
from typing import Any

MOST_AT_ONCE = 1 << 17  # bytes that one look at the socket may bring
Environment = dict[str, Any]
Application = Callable[[Environment, Any], Iterable[bytes]]


class BodyCutOff(OSError):
    """The client announced more than it sent. Django answers reads of the body with UnreadablePostError."""


class WholeBodies:
    """Wraps an application: its requests' bodies are whole, or reading them fails."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, asked: Environment, start_response: Any) -> Iterable[bytes]:
        announced = asked.get("CONTENT_LENGTH") or ""
        if announced.isdigit() and int(announced):
            asked["wsgi.input"] = _Body(asked["wsgi.input"], int(announced))
        return self._application(asked, start_response)


class _Body:
    """A body of known length, in fewer steps than gunicorn's own, which asks its reader for a kilobyte at a time."""

    def __init__(self, body: Any, length: int) -> None:
        reader = getattr(body, "reader", body)
        if hasattr(reader, "unreader") and hasattr(reader.unreader, "mxchunk"):
            reader.unreader.mxchunk = MOST_AT_ONCE
        self._read = reader.read
        self._left = length

    def read(self, size: int = -1) -> bytes:
        """Up to so many bytes; all of them when the size is negative."""
        wanted = self._left if size < 0 else min(size, self._left)
        if wanted == 0:
            return b""
        found = bytes(self._read(wanted))
        self._left -= len(found)
        if not found:
            raise BodyCutOff(f"The body ended {self._left:,} bytes early.")
        return found

    def readline(self, size: int = -1) -> bytes:
        """Up to the end of a line; Django asks that a stream can do it."""
        line = bytearray()
        while (size < 0 or len(line) < size) and not line.endswith(b"\n"):
            if not (letter := self.read(1)):
                break
            line += letter
        return bytes(line)
