"""Which section a heading of somebody else's card belongs to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt

from accounts.refusals import Invalid
from policy.cards import load_card_schema
from registry.actions.cards import LONGEST_SECTION
from registry.card_formats.document import Imported

# The headings of Mitchell et al., the Hugging Face template and the Model Card Toolkit, as they are commonly written.
KNOWN = {
    "details": (
        *("model details", "model description", "description", "overview", "model overview", "model summary"),
        *("citation", "glossary", "more information", "model card authors", "model card contact", "license"),
        *("licence", "license information", "contact", "authors", "references", "about"),
    ),
    "intended_use": (
        "uses",
        "intended uses",
        "use cases",
        "intended uses limitations",
        "usage and limitations",
    ),
    "factors": ("relevant factors", "evaluation factors"),
    "metrics": ("model performance measures", "performance measures", "decision thresholds"),
    "evaluation_data": ("testing data", "test data", "evaluation datasets", "evaluation dataset"),
    "training_data": ("training details", "training datasets", "training dataset", "data"),
    "quantitative_analysis": (
        *("evaluation", "evaluation results", "quantitative analyses", "quantitative analysis", "results"),
        *("performance", "benchmarks", "benchmark results", "model examination"),
    ),
    "ethical_considerations": (
        *("bias risks and limitations", "ethics", "bias", "fairness", "environmental impact", "risks"),
        *("ethical considerations and limitations", "bias and fairness"),
    ),
    "caveats": ("recommendations", "caveats and recommendations", "limitations", "tradeoffs", "caveats"),
    "technical": (
        *("technical specifications", "training procedure", "model architecture", "architecture"),
        *("hyperparameters", "technical details", "training hyperparameters"),
    ),
    "instructions": (
        "how to get started with the model",
        "how to use",
        "usage",
        "getting started",
        "how to get started",
    ),
    "oversight": ("human oversight", "oversight"),
}
SECTIONS = {heading: section for section, headings in KNOWN.items() for heading in headings}
for known in load_card_schema().sections:
    SECTIONS[known.title.lower()] = SECTIONS[known.id.replace("_", " ")] = known.id
GROUPING = {"testing data factors metrics", "testing data factors and metrics"}
PARSER = MarkdownIt("commonmark", {"html": True}).disable("inline")  # only the blocks are looked at
TO_DO = re.compile(
    r"^[ \t]*(?:[-*] )?(?:\*\*[^*\n]{1,80}\*\*:?[ \t]*)?\[(?:More Information Needed|optional)\]"
    r"(?:\([^)\n]*\))?[ \t]*$\n?",
    re.MULTILINE | re.IGNORECASE,
)
HIDDEN = re.compile(r"^[ \t]*<!--(?:(?!-->)[\s\S]){0,4000}+-->[ \t]*$\n?", re.MULTILINE)
MOST_CHARACTERS = LONGEST_SECTION * len(load_card_schema().sections)


@dataclass(frozen=True)
class Piece:
    """A heading and the text up to the next one; level 0 is what stands before the first."""

    level: int
    title: str
    heading: str
    text: str


def section_for(title: str) -> str:
    """The section's id, or nothing."""
    words = re.sub(r"\[[^\]]*\]|[^\w\s]", " ", title.lower())
    return SECTIONS.get(" ".join(words.replace("_", " ").split()), "")


def pieces(text: str) -> Iterator[Piece]:
    """The text cut at its headings; what looks like one inside code is none."""
    lines = text.split("\n")
    heads = []
    tokens = PARSER.parse(text)
    for token, inline in zip(tokens, tokens[1:], strict=False):
        if token.type == "heading_open" and token.level == 0 and token.map:
            heads.append((token.map[0], token.map[1], int(token.tag[1:]), inline.content))
    starts = [start for start, *_ in heads]
    yield Piece(0, "", "", "\n".join(lines[: starts[0] if starts else len(lines)]).strip())
    for (start, after, level, title), end in zip(heads, [*starts[1:], len(lines)], strict=False):
        yield Piece(level, title, "\n".join(lines[start:after]), "\n".join(lines[after:end]).strip())


def place_by_headings(text: str, imported: Imported) -> None:
    """Put each part of a Markdown text into the section that its heading names; list the others. Raises Invalid."""
    if len(text) > MOST_CHARACTERS:
        raise Invalid(
            f"The text is longer than the {MOST_CHARACTERS:,} characters that a card can hold.",
            "Take out what does not belong into a card.",
            field="file",
        )
    text, hidden = HIDDEN.subn("", text)
    text, empty = TO_DO.subn("", text)
    if hidden:
        imported.notes.append(f"{hidden} hidden comment{'s' * (hidden > 1)} of the file left out.")
    if empty:
        imported.notes.append(f"{empty} place{'s' * (empty > 1)} that the author had left open.")
    section, level, title = "details", 0, ""
    for piece in pieces(text):
        named = section_for(piece.title)
        if named:
            section, level = named, piece.level
            imported.place(section, piece.text)
        elif piece.level == 0 or (piece.level == 1 and not title):
            section, level, title = "details", piece.level, piece.title
            imported.place("details", piece.text)
        elif " ".join(re.sub(r"[^\w\s]", " ", piece.title.lower()).split()) in GROUPING:
            imported.place(section or "evaluation_data", piece.text)
        elif section and piece.level > max(level, 1):
            imported.place(section, f"{piece.heading}\n\n{piece.text}" if piece.text else "")
        elif not section and piece.level > level:
            imported.leave_more(f"{piece.heading}\n\n{piece.text}")
        else:
            section, level = "", piece.level
            imported.leave(piece.title, piece.text or piece.heading)
