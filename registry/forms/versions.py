"""The form for a new version."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from registry.models import Dataset, RegisteredModel, VersionSource
from registry.queries import next_version, training_sets


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
