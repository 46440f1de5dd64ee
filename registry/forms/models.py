"""Forms for models. Plain ones: they tidy what came in, and the actions judge it."""

from typing import Any

from django import forms
from django.db.models import Q

from accounts.models import Role, User
from registry.models import ModelKind, RegisteredModel
from registry.queries import people_in


class ModelForm(forms.Form):
    """The inventory entry of a model."""

    name = forms.CharField(max_length=120, help_text="As people call it: Credit default (PD).")
    slug = forms.SlugField(
        max_length=64,
        label="Short name",
        help_text="For addresses and pipelines, such as credit-default. It stays for life.",
    )
    purpose = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=5000,
        help_text="What it is used for, on whom, and what happens with its answer.",
    )
    decides = forms.CharField(
        max_length=200,
        required=False,
        help_text="Such as: refers, never refuses alone.",
    )
    business_line = forms.CharField(max_length=80, required=False)
    kind = forms.ChoiceField(
        choices=ModelKind.choices, widget=forms.RadioSelect, label="Kind of answer", initial=ModelKind.BINARY
    )
    owner = forms.ModelChoiceField(
        queryset=User.objects.none(), help_text="Answers for the model; can never sign for it."
    )
    developers = forms.ModelMultipleChoiceField(
        queryset=User.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="They may register versions and edit cards, and can never sign for them.",
    )

    def __init__(self, *args: Any, user: User, model: RegisteredModel | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owners, developers = Q(pk__in=people_in(Role.OWNER)), Q(pk__in=people_in(Role.DEVELOPER))
        if model is not None:  # whoever stands there now stays choosable, with or without the role
            owners |= Q(pk=model.owner_id)
            developers |= Q(pk__in=model.developers.values("pk"))
        self._choose("owner", owners)
        self._choose("developers", developers)
        if model is None:
            self.fields["owner"].initial = user if user.holds(Role.OWNER) else None
            self.fields["developers"].initial = [user] if user.holds(Role.DEVELOPER) else []
            return
        del self.fields["slug"]
        if model.versions.exists():
            self.fields["kind"].disabled = True
            self.fields["kind"].help_text = "Fixed, because the model has versions."
        if user.pk != model.owner_id:
            for name in ("owner", "developers"):
                self.fields[name].disabled = True
                self.fields[name].help_text = f"Only {model.owner.name} changes the team."

    def _choose(self, name: str, people: Q) -> None:
        field: Any = self.fields[name]
        field.queryset = User.objects.filter(people).order_by("last_name", "first_name")


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
