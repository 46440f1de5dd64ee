"""How an installation's PDFs look: paper, accent colour, logo. Read once from the settings; no Django here."""

import base64
import re
from dataclasses import dataclass
from pathlib import Path

PAPERS = ("A4", "Letter")
INK = "#27478f"
"""The accent where none is chosen: --cs-ink of static/css/tokens.css."""
LEAST_CONTRAST = 4.5
"""Of text on white, WCAG 2.2, success criterion 1.4.3."""
LARGEST_LOGO = 512 * 1024
PNG = b"\x89PNG\r\n\x1a\n"


class LookRefused(ValueError):
    """A paper, a colour or a logo that cannot be used; the message says why and what to write instead."""


@dataclass(frozen=True)
class Look:
    """Paper by its CSS name, accent as #rrggbb, logo as a data: address (empty without one)."""

    paper: str = "A4"
    accent: str = INK
    logo: str = ""

    def sheet(self) -> str:
        """What the house style sheets do not say: CSS to go after them."""
        tint, line = _on_white(self.accent, 0.1), _on_white(self.accent, 0.32)
        return (
            f"@page {{ size: {self.paper}; }}\n"
            f":root {{ --cs-ink: {self.accent}; --cs-ink-tint: {tint}; --cs-ink-line: {line}; }}\n"
        )


def look_of(*, paper: str = "", accent: str = "", logo: str = "") -> Look:
    """The look that an operator's words ask for; empty words are the house's own. Raises LookRefused."""
    known = {name.lower(): name for name in PAPERS}
    chosen = (paper.strip() or PAPERS[0]).lower()
    if chosen not in known:
        raise LookRefused(f"The paper {paper!r} is not known; write one of: {', '.join(PAPERS)}.")
    return Look(known[chosen], _accent(accent.strip() or INK), _logo(Path(logo)) if logo.strip() else "")


def contrast_on_white(colour: str) -> float:
    """The contrast ratio of #rrggbb on white, 1 to 21 (WCAG 2.2, definition of contrast ratio)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)


def _accent(colour: str) -> str:
    if not re.fullmatch("#[0-9a-fA-F]{6}", colour):
        raise LookRefused(f"The accent colour {colour!r} cannot be read; write it as {INK}.")
    ratio = contrast_on_white(colour)
    if ratio < LEAST_CONTRAST:
        raise LookRefused(
            f"The accent colour {colour} has a contrast of {ratio:.1f} on white, and text needs {LEAST_CONTRAST}. "
            "Choose a darker one."
        )
    return colour.lower()


def _logo(path: Path) -> str:
    """The file as a data: address: an image that loads nothing else and runs nothing."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LookRefused(f"The logo {path} cannot be read: {error.strerror}.") from None
    if len(content) > LARGEST_LOGO:
        raise LookRefused(
            f"The logo {path} is larger than {LARGEST_LOGO // 1024} KiB, and each report carries it."
        )
    if content.startswith(PNG):
        kind = "png"
    elif b"<svg" in content[:2000]:
        kind = "svg+xml"
    else:
        raise LookRefused(f"The logo {path} is neither PNG nor SVG.")
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _on_white(colour: str, share: float) -> str:
    """So much of the colour, the rest white."""
    parts = [round(255 + (int(colour[at : at + 2], 16) - 255) * share) for at in (1, 3, 5)]
    return "#" + "".join(f"{part:02x}" for part in parts)
