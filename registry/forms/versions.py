"""The form for a new version."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from registry.about import About
from registry.forms.pairs import Pairs
from registry.models import Dataset, ModelVersion, RegisteredModel, VersionSource
from registry.queries import HEAVY, next_version, training_sets
from registry.tracking_stores import store_names


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
    mlflow_server = forms.ChoiceField(required=False, label="Tracking server")
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
    parent = forms.ModelChoiceField(
        queryset=ModelVersion.objects.none(),
        required=False,
        label="Made from",
        empty_label="No earlier version",
        help_text="The version that this one continues or was tuned from.",
    )
    evaluated_on = forms.ModelMultipleChoiceField(
        queryset=Dataset.objects.none(),
        required=False,
        label="Evaluated on",
        help_text="What its makers measured it on while they built it.",
    )
    hyperparameters = Pairs(
        required=False, help_text="One a line: max_depth = 6. Left out, the MLflow run’s parameters count."
    )
    training_metrics = Pairs(required=False, help_text="One a line: auc = 0.81. As the makers measured them.")
    random_seed = forms.IntegerField(
        required=False,
        min_value=-(2**63),
        max_value=2**63 - 1,
        help_text="Left out, it is read from the hyperparameters.",
    )
    python_version = forms.CharField(
        max_length=20, required=False, label="Python", help_text="Left out, it is read from the files."
    )
    requirements = forms.CharField(
        required=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "class": "cs-mono"}),
        help_text="One a line, as pip takes them. Left out, they are read from the files.",
    )

    def __init__(self, *args: Any, model: RegisteredModel, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["files"] = ManyFiles(  # here, because a form's class has an attribute of that name
            help_text="The model's files, or one .zip of its folder, which keeps the inner paths.",
            error_messages={"required": "Choose the model's files, or one .zip of them."},
        )
        self.fields["trained_on"].queryset = training_sets()  # type: ignore[attr-defined]
        self.fields["parent"].queryset = model.versions.all()  # type: ignore[attr-defined]
        self.fields["parent"].label_from_instance = lambda version: f"Version {version.version}"  # type: ignore[attr-defined]
        data = Dataset.objects.defer(*HEAVY).order_by("name", "-registered_at")
        self.fields["evaluated_on"].queryset = data  # type: ignore[attr-defined]
        self.fields["mlflow_server"].choices = [(name, name) for name in store_names()]  # type: ignore[attr-defined]
        self.fields["version"].initial = next_version(model)
        if self.is_bound:  # only the chosen way must be filled in
            self.fields["mlflow_uri"].required = self.data.get("source") == VersionSource.MLFLOW
            self.fields["files"].required = self.data.get("source") == VersionSource.UPLOAD

    def about(self) -> About:
        """How the version was made, as far as the form says."""
        given = self.cleaned_data
        return About(
            trained_on=given["trained_on"],
            evaluated_on=list(given["evaluated_on"]),
            parent=given["parent"],
            hyperparameters=given["hyperparameters"],
            training_metrics=given["training_metrics"],
            random_seed=given["random_seed"],
            python_version=given["python_version"],
            requirements=given["requirements"].splitlines(),
            code_repository=given["code_repository"],
            code_commit=given["code_commit"],
        )
