"""Forms of the registry. Plain ones: they tidy what came in, and the actions judge it."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q

from accounts.models import Role, User
from policy.cards import load_card_schema
from registry.models import Dataset, DatasetRole, ModelKind, RegisteredModel, VersionSource
from registry.queries import next_version, people_in, training_sets


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


class ManyFilesInput(forms.FileInput):
    """A file input that takes several."""

    allow_multiple_selected = True

    def __init__(self) -> None:
        super().__init__(attrs={"multiple": True})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> "list[UploadedFile[Any]]":
        return list(files.getlist(name))


class ManyFiles(forms.FileField):
    """Several files; an empty list when none came."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        if self.required and not data:
            raise forms.ValidationError(self.error_messages["required"])
        return list(data or [])


class VersionForm(forms.Form):
    """A new version: from MLflow, from files, or known by its predictions only."""

    use_required_attribute = False  # browsers would insist on fields that the chosen way hides

    version = forms.CharField(max_length=40, help_text="A number, or something like 2.1.0. It never changes.")
    source = forms.ChoiceField(choices=VersionSource.choices, initial=VersionSource.MLFLOW)
    mlflow_uri = forms.CharField(
        max_length=400,
        label="Address in MLflow",
        error_messages={"required": "Say where the model is in MLflow."},
        widget=forms.TextInput(attrs={"placeholder": "models:/credit-default/3", "spellcheck": "false"}),
        help_text="models:/NAME/VERSION, models:/NAME@ALIAS or runs:/RUN/PATH in the connected tracking store.",
    )
    trained_on = forms.ModelChoiceField(
        queryset=Dataset.objects.none(),
        required=False,
        empty_label="Not registered here",
        help_text="Whoever owns this data cannot sign for the version.",
    )
    code_repository = forms.CharField(max_length=300, required=False, label="Code repository")
    code_commit = forms.CharField(max_length=64, required=False, label="Commit")

    def __init__(self, *args: Any, model: RegisteredModel, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["files"] = ManyFiles(  # here, because a form's class has an attribute of that name
            help_text="The model's files, or one .zip of its folder, which keeps the inner paths.",
            error_messages={"required": "Choose the model's files, or one .zip of them."},
        )
        self.fields["trained_on"].queryset = training_sets()  # type: ignore[attr-defined]
        self.fields["version"].initial = next_version(model)
        if self.is_bound:  # only the chosen way must be filled in
            self.fields["mlflow_uri"].required = self.data.get("source") == VersionSource.MLFLOW
            self.fields["files"].required = self.data.get("source") == VersionSource.UPLOAD


class DatasetForm(forms.Form):
    """A new data set."""

    file = forms.FileField(
        help_text="CSV in UTF-8 with a header and commas, or Parquet.",
        widget=forms.FileInput(attrs={"accept": ".csv,.parquet"}),
    )
    name = forms.CharField(max_length=64, help_text="Such as loans-2026H1.")
    version = forms.CharField(max_length=40, initial="1", help_text="New rows are a new version.")
    role = forms.ChoiceField(choices=DatasetRole.choices, widget=forms.RadioSelect, initial=DatasetRole.TEST)
    label = forms.CharField(
        max_length=120,
        required=False,
        label="Label column",
        help_text="The truth. Production samples may lack it.",
    )
    positive = forms.CharField(
        max_length=120,
        required=False,
        label="Positive value",
        help_text="The label's value that counts as yes.",
    )
    prediction = forms.CharField(
        max_length=120,
        required=False,
        label="Prediction column",
        help_text="For models known by predictions.",
    )
    score = forms.CharField(
        max_length=120, required=False, label="Score column", help_text="Their probabilities or scores."
    )
    sensitive = forms.CharField(
        max_length=1000,
        required=False,
        label="Sensitive columns",
        help_text="Columns that put people into groups, separated by commas: sex, age_band.",
    )
    description = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=5000,
        required=False,
        help_text="Where the rows come from, which people and period they cover, under which licence.",
    )

    def clean_sensitive(self) -> list[str]:
        """Names in order, each once."""
        names = [name.strip() for name in self.cleaned_data["sensitive"].split(",")]
        return list(dict.fromkeys(name for name in names if name))


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
