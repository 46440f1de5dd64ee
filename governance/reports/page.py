"""A report's HTML with everything that it needs inside: what is laid out, and what is kept beside the PDF."""

import base64
import hashlib
import re
from pathlib import Path

from governance.reports.look import Look

SHEETS = ("tokens.css", "report.css")
FONT = re.compile(r'url\("\.\./fonts/([\w.-]+)"\)')
RUNNING = re.compile(r'(data-(?:running|house)=")([^"]{56})[^"]{2,}"')
"""What stands at the head and foot of each page, where it is too long for its half."""
POLICY = "default-src 'none'; img-src data:; font-src data:; style-src"
"""What such a page may load, but for its own style sheet: nothing from anywhere."""
SANDBOXED = f"{POLICY} 'unsafe-inline'; sandbox; frame-ancestors 'none'"
"""The same for the header of the download, which cannot know the digest of the style sheet inside."""


def self_contained(html: str, *, static: Path, look: Look) -> str:
    """The document with style sheets and fonts inside; a browser that opens the file loads and runs nothing else.

    `static` is the folder that holds css/ and fonts/.
    """
    sheet = "\n".join((static / "css" / name).read_text(encoding="utf-8") for name in SHEETS)
    sheet = FONT.sub(lambda found: f'url("{_font(static / "fonts" / found[1])}")', sheet) + look.sheet()
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY} \'sha256-{digest}\'">'
    screen = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    html = RUNNING.sub(_shortened, html)
    return html.replace("</head>", f"{policy}{screen}<style>{sheet}</style></head>", 1)


def _shortened(found: re.Match[str]) -> str:
    """Cut where no entity is cut in two."""
    kept = re.sub("&[^;]*$", "", found[2])
    return f'{found[1]}{kept.rstrip()}…"'


def _font(path: Path) -> str:
    return f"data:font/woff2;base64,{base64.b64encode(path.read_bytes()).decode()}"
