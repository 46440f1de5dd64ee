"""What is chosen to be published. Plain forms: the actions judge."""

from typing import TypedDict

from django import forms

from governance.register.words import Material


class Choice(TypedDict):
    """What is shown of a model."""

    contact: str
    sections: list[str]
    figures: list[str]


class ChoiceForm(forms.Form):
    """Which parts of a model the register shows."""

    contact = forms.CharField(
        max_length=200,
        label="Contact",
        widget=forms.TextInput(attrs={"placeholder": "models@example.org", "autocomplete": "off"}),
        help_text="Where somebody outside asks: an e-mail address of a team, or an https:// address.",
    )
    sections = forms.MultipleChoiceField(
        required=False, label="Sections of the card", widget=forms.CheckboxSelectMultiple
    )
    figures = forms.MultipleChoiceField(
        required=False,
        label="Figures",
        widget=forms.CheckboxSelectMultiple,
        help_text="Figures that a section names are left out of its text unless they are ticked here.",
    )

    def __init__(self, *args: object, material: Material, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        sections, figures = self.fields["sections"], self.fields["figures"]
        assert isinstance(sections, forms.MultipleChoiceField)
        assert isinstance(figures, forms.MultipleChoiceField)
        sections.choices = material.sections
        figures.choices = [(row.id, f"{row.label}, {row.value}") for row in material.figures]
        for name, field in (("sections", sections), ("figures", figures)):
            if not field.choices:
                del self.fields[name]

    def choice(self) -> Choice:
        """What was chosen, as the actions take it."""
        told = self.cleaned_data
        return {
            "contact": told["contact"],
            "sections": told.get("sections", []),
            "figures": told.get("figures", []),
        }


class PublishForm(forms.Form):
    """Publishing what was previewed."""

    seen = forms.CharField(max_length=71, widget=forms.HiddenInput)
    note = forms.CharField(
        max_length=1000,
        label="Why it is published",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="For the record. It is not shown outside.",
    )


class WithdrawForm(forms.Form):
    """Taking it back."""

    reason = forms.CharField(max_length=1000, label="Why", widget=forms.Textarea(attrs={"rows": 2}))
