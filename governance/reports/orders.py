"""What the processes that lay out and sign are asked, and what they answer: JSON on their standard streams."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

Relationship = Literal["Data", "Supplement"]
Asked = TypeVar("Asked", "Layout", "LaidOut", "Signing", "Signature")


@dataclass(frozen=True)
class Part:
    """A file inside the PDF. `name` says by its ending what it is: .json or .txt.

    Data is what the pages show, for machines; Supplement is what helps to check it (ISO 32000-2, 14.13).
    """

    name: str
    text: str
    description: str
    relationship: Relationship = "Supplement"


@dataclass(frozen=True)
class Layout:
    """Lay out the HTML file `source` as the PDF file `target`. `parts` is a JSON file with the parts to go inside.

    `made_at` is the Unix time that the document carries, `memory_mb` what the process may use.
    """

    source: str
    target: str
    parts: str
    made_at: int
    memory_mb: int


@dataclass(frozen=True)
class LaidOut:
    """How many pages there are, and how many different characters no font of this machine could print."""

    pages: int
    unprinted: int


@dataclass(frozen=True)
class Signing:
    """Sign the PDF file `pdf` where it lies, at `at` (ISO 8601). `tsa` is the authority's address, empty for none."""

    pdf: str
    at: str
    tsa: str = ""
    tsa_roots: str = ""


@dataclass(frozen=True)
class Signature:
    """Who signed a PDF: names in the form of RFC 4514, the certificate's last moment (ISO 8601) and SHA-256.

    `stamped_by` is the authority that vouches for the time, empty for none.
    """

    subject: str
    issuer: str
    until: str
    sha256: str
    stamped_by: str = ""

    @property
    def valid_until(self) -> datetime:
        """The certificate's last moment."""
        return datetime.fromisoformat(self.until)


def told(order: Layout | LaidOut | Signing | Signature) -> str:
    """As text for the other side."""
    return json.dumps(asdict(order))


def read(kind: type[Asked], text: str) -> Asked:
    """What the other side said."""
    found: dict[str, Any] = json.loads(text)
    return kind(**found)
