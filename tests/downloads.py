"""What a download holds, whole or streamed."""

from typing import Any


def streamed(answer: Any) -> str:
    """The text of a download that is sent in pieces."""
    return b"".join(answer.streaming_content).decode()
