"""The form of a model card."""

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
                widget=forms.Textarea(attrs={"rows": 5}),
            )

    @property
    def sections(self) -> dict[str, str]:
        """Section id → text; browsers send line ends as CR LF, which must not look like a change."""
        texts = {section.id: self.cleaned_data.get(section.id, "") for section in load_card_schema().sections}
        return {name: text.replace("\r\n", "\n").strip() for name, text in texts.items()}
