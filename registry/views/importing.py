"""Bringing in an inventory as CSV: first a trial that shows what each row would do, then all of it at once."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.refusals import Invalid
from registry.access import may_change_team, may_edit, refuse_unless_creator
from registry.actions.bulk import may_change_any
from registry.importing import Brought, bring_in, rows_of_csv
from registry.views.sending import sent

LARGEST = 2 << 20


class ImportForm(forms.Form):
    """The file; or its text, when a trial has been looked at."""

    file = forms.FileField(
        help_text="CSV in UTF-8. The first line names the columns: name, purpose, kind, owner, …",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
    text = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].required = not (self.is_bound and self.data.get("text"))

    def rows_text(self) -> str:
        """What was sent, as text. Raises Invalid naming the line that is no UTF-8."""
        sent_file: UploadedFile | None = self.cleaned_data.get("file")  # type: ignore[type-arg]
        if sent_file is None:
            text: str = self.cleaned_data["text"]
            return text
        if sent_file.size is not None and sent_file.size > LARGEST:
            raise Invalid("The file is larger than 2 MB.", "Bring it in in parts.", field="file")
        raw: bytes = sent_file.read()
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw[: error.start].count(b"\n") + 1
            raise Invalid(
                f"Line {line:,} is not UTF-8 text.", "Save the file as CSV in UTF-8.", field="file"
            ) from error


@require_http_methods(["GET", "POST"])
def models_import(request: UserRequest) -> HttpResponse:
    """Choose a file, look at the trial, keep it."""
    refuse_unless_creator(request.user)
    form, status = ImportForm(*sent(request)), 200
    context: dict[str, object] = {"form": form}
    if request.method == "POST" and not form.is_valid():
        status = 400
    elif request.method == "POST":
        try:
            text = form.rows_text()
            brought = _bring(request, text, trial="keep" not in request.POST)
        except Invalid as refused:
            status = complain(form, refused, "file")
        else:
            if brought.applied:
                counts = brought.counts
                messages.success(
                    request, f"{counts['created']} models are new, {counts['changed']} were changed."
                )
                return redirect("portfolio:models")
            context |= {"brought": brought, "counts": brought.counts, "text": text}
    return render(request, "registry/models_import.html", context, status=status)


def _bring(request: UserRequest, text: str, *, trial: bool) -> Brought:
    user = request.user
    return bring_in(
        rows_of_csv(text),
        owner=user,
        may_change=lambda model: may_change_any(user) or may_edit(user, model),
        may_change_team=lambda model: may_change_team(user, model),
        trial=trial,
        actor=actor_of(request),
        at=timezone.now(),
    )
