"""Cards in the formats of other tools: written from a revision, and read into sections."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accounts.refusals import Invalid
from registry.card_formats import cyclonedx, google, huggingface, own
from registry.card_formats.document import CardDocument, Imported, Unplaced, document_of
from registry.card_formats.marked import marked
from registry.card_formats.reading import Reading, read_json

__all__ = [
    "FORMATS",
    "MOST_BYTES",
    "CardDocument",
    "Format",
    "Imported",
    "Unplaced",
    "document_of",
    "read_card",
]

MOST_BYTES = 1024 * 1024
READABLE = (
    "A Hugging Face README, a Google Model Card, a CycloneDX ML-BOM, Markdown, or JSON of ours can be read."
)


@dataclass(frozen=True)
class Format:
    """One way to write a card."""

    id: str
    label: str
    note: str
    ending: str
    media_type: str
    write: Callable[[CardDocument], str]

    @property
    def content_type(self) -> str:
        """The media type with its encoding."""
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith("text/") else self.media_type


def _json(content: Callable[[CardDocument], dict[str, Any]]) -> Callable[[CardDocument], str]:
    return lambda document: json.dumps(content(document), indent=2, ensure_ascii=False) + "\n"


def _markdown(document: CardDocument) -> str:
    return f"# {document.version.model.name}, version {document.version.version}\n\n{marked(document)}"


def _cyclonedx(version: str) -> Format:
    return Format(
        f"cyclonedx-{version}",
        f"CycloneDX {version}",
        "ML-BOM",
        f".cdx-{version}.json",
        f"application/vnd.cyclonedx+json; version={version}",
        _json(lambda document: cyclonedx.content(document, version)),
    )


FORMATS = {
    known.id: known
    for known in (
        Format(
            "json",
            "JSON",
            "With its values",
            ".json",
            "application/json",
            _json(own.content),
        ),
        Format("markdown", "Markdown", "Plain text", ".md", "text/markdown", _markdown),
        Format(
            "huggingface",
            "Hugging Face",
            "README.md",
            "-README.md",
            "text/x-huggingface-readme",
            huggingface.write,
        ),
        Format(
            "google",
            "Google Model Card",
            "JSON, schema 0.0.2",
            ".google.json",
            "application/vnd.google.model-card+json",
            _json(google.content),
        ),
        *(_cyclonedx(version) for version in cyclonedx.VERSIONS),
    )
}


def read_card(content: bytes) -> Imported:
    """What a file says, by section. Raises Invalid."""
    if len(content) > MOST_BYTES:
        raise Invalid(
            f"The file is larger than {MOST_BYTES // 1024:,} kB.",
            "A card is text; take out what is not.",
            field="file",
        )
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as wrong:
        raise Invalid(
            f"The file is not UTF-8: byte {wrong.start + 1:,} cannot be read.",
            "Save it as UTF-8.",
            field="file",
        ) from None
    if not text.strip():
        raise Invalid("The file is empty.", READABLE, field="file")
    imported = _by_shape(read_json(text)) if text.lstrip().startswith(("{", "[")) else huggingface.read(text)
    if not imported.sections and not imported.unplaced:
        raise Invalid("The file says nothing that a card could hold.", READABLE, field="file")
    return imported


def _by_shape(document: Reading) -> Imported:
    if document.has("bomFormat"):
        return cyclonedx.read(document)
    if document.has("sections"):
        return own.read(document)
    if document.has("model_details") or document.has("considerations") or document.has("model_parameters"):
        return google.read(document)
    raise Invalid("This JSON is no model card that is known here.", READABLE, field="file")
