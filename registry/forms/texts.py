"""A text that people give as a file or write into a field."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from accounts.refusals import Invalid


def text_given(cleaned: Mapping[str, Any], *, what: str, longest: int) -> tuple[str, str]:
    """The text of the field `file`, else of `text`, and what to call its source.

    `what` is missing where there is neither ("pack"). Raises Invalid for what is no text, or too much of it.
    """
    sent: UploadedFile | None = cleaned.get("file")  # type: ignore[type-arg]
    if sent is None:
        text: str = cleaned["text"].replace("\r\n", "\n")
        if not text.strip():
            raise Invalid(f"There is no {what}.", "Choose a file, or write the text.", field="file")
        return text, "the text"
    name = Path(sent.name or "the file").name[:80]
    if sent.size is not None and sent.size > 4 * longest:  # a character of UTF-8 has at most four bytes
        raise Invalid(f"{name} is too long.", f"Keep it under {longest:,} characters.", field="file")
    raw: bytes = sent.read()
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n"), name
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise Invalid(
            f"{name}, line {line:,}, is not UTF-8 text.", "Save the file as UTF-8 text.", field="file"
        ) from error
