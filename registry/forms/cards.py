"""The forms of a model card: its sections, a remark on one, a file to read it from."""

from typing import Any

from django import forms

from policy.cards import load_card_schema


class CardForm(forms.Form):
    """Every section of a card, a note, and the revision that the author started from."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    note = forms.CharField(
        max_length=200, required=False, label="What changed", help_text="One line for the history."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for section in load_card_schema().sections:
            self.fields[section.id] = forms.CharField(
                label=section.title,
                help_text=section.help,
                required=False,
                strip=False,
                widget=forms.Textarea(attrs={"rows": 8, "data-section": section.id}),
            )

    @property
    def sections(self) -> dict[str, str]:
        """Section id → text; browsers send line ends as CR LF, which must not look like a change."""
        texts = {section.id: self.cleaned_data.get(section.id, "") for section in load_card_schema().sections}
        return {name: text.replace("\r\n", "\n").strip() for name, text in texts.items()}


class CommentForm(forms.Form):
    """A remark on one section."""

    section = forms.SlugField(max_length=60, widget=forms.HiddenInput)
    text = forms.CharField(
        label="Comment",
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "The comment is empty."},
    )


class ImportForm(forms.Form):
    """A card as a file or as text; `text` also carries it from the preview to the save."""

    file = forms.FileField(
        required=False,
        label="File",
        help_text="README.md of Hugging Face, Google Model Card or CycloneDX JSON, Markdown, or JSON of ours.",
    )
    text = forms.CharField(
        required=False,
        label="Or paste the text",
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
    )
    note = forms.CharField(
        max_length=200, required=False, label="What changed", help_text="One line for the history."
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    content = b""

    def clean(self) -> dict[str, Any]:
        """The bytes of whichever was given."""
        given: dict[str, Any] = super().clean() or {}
        file, text = given.get("file"), given.get("text", "")
        if file and text.strip():
            self.add_error("text", "Give a file or paste the text, not both.")
        elif not file and not text.strip():
            self.add_error("file", "Choose a file, or paste the text below.")
        else:
            self.content = file.read() if file else text.encode()
        return given
