"""Forms about policy packs."""

from dataclasses import dataclass
from functools import cache

from django import forms

from accounts.proving.again import ProofField
from policy.lines import LONGEST
from policy.pack import DEFAULT, PackError, load_pack
from registry.forms.texts import text_given
from riskreview.policies.activation import LONGEST_REASON, SHORTEST_REASON

AROUND = 2
STARTS = {path.stem: path for path in sorted(DEFAULT.parent.glob("*.yaml"))}
"""Packs that come with the product, for people to start from."""


@cache
def starts() -> dict[str, str]:
    """Name → title of each pack that comes with the product."""
    return {name: load_pack(start_of(name), source=name).title for name in STARTS}


def start_of(name: str) -> str:
    """The text of a pack that comes with the product; empty for a name that none has."""
    return STARTS[name].read_text(encoding="utf-8") if name in STARTS else ""


class PackForm(forms.Form):
    """A pack as a file, or as text."""

    file = forms.FileField(
        required=False,
        label="Pack file",
        help_text="YAML in UTF-8. Or write it below.",
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml,application/yaml,text/yaml"}),
    )
    text = forms.CharField(
        required=False,
        strip=False,
        label="Text of the pack",
        widget=forms.Textarea(attrs={"rows": 22, "spellcheck": "false", "class": "rr-yaml"}),
    )

    def given(self) -> tuple[str, str]:
        """The text and what to call its source. Raises Invalid for what is no text, or too much of it."""
        return text_given(self.cleaned_data, what="pack", longest=LONGEST)


@dataclass(frozen=True)
class Complaint:
    """Where a text is no pack, why, what to write instead, and the lines around it."""

    file: str
    line: int
    problem: str
    remedy: str
    lines: tuple[tuple[int, str, bool], ...]


def complaint_of(error: PackError, text: str) -> Complaint:
    """The refusal with the place in the text."""
    rows = text.split("\n")
    first, last = max(error.line - AROUND, 1), min(error.line + AROUND, len(rows))
    lines = tuple((number, rows[number - 1][:200], number == error.line) for number in range(first, last + 1))
    return Complaint(error.file, error.line, error.problem, error.remedy, lines)


class AskForm(forms.Form):
    """Asking for a pack to be activated."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=80)
    why = forms.CharField(
        label="Why this pack",
        widget=forms.Textarea(attrs={"rows": 2}),
        min_length=SHORTEST_REASON,
        max_length=LONGEST_REASON,
        help_text=f"Stands in the record, and the second person reads it. At least {SHORTEST_REASON} characters.",
    )


class ConfirmActivationForm(forms.Form):
    """The second person's password, again."""

    password = ProofField()


class RefuseForm(forms.Form):
    """Why not."""

    note = forms.CharField(
        label="Why not",
        widget=forms.Textarea(attrs={"rows": 2}),
        min_length=SHORTEST_REASON,
        max_length=LONGEST_REASON,
    )
