"""What people fill in about findings. Plain forms: they tidy what came in, and the actions judge it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import QuerySet

from accounts.models import Role, User
from evaluations.models import EvaluationRun, JobStatus
from registry.models import ModelVersion, RegisteredModel
from riskreview.findings.rules import Deed
from riskreview.findings.steps import LONGEST_TEXT, SHORTEST_TEXT
from riskreview.models import Finding, FindingOrigin, IncidentKind, Response, Severity

if TYPE_CHECKING:
    RunChoice = forms.ModelChoiceField[EvaluationRun]
else:  # Django's own class takes no type
    RunChoice = forms.ModelChoiceField
MOST_RUNS = 50
OF_INCIDENTS = ("incident_kinds", "known_on")
ORIGINS = [choice for choice in FindingOrigin.choices if choice[0] != FindingOrigin.BREAK_GLASS]


def text_field(label: str, help_text: str = "", rows: int = 3) -> forms.CharField:
    """A text that stands in the record."""
    return forms.CharField(
        label=label,
        help_text=help_text or f"Stands in the record. At least {SHORTEST_TEXT} characters.",
        widget=forms.Textarea(attrs={"rows": rows}),
        min_length=SHORTEST_TEXT,
        max_length=LONGEST_TEXT,
    )


def day_field(label: str, **more: Any) -> forms.DateField:
    """A day."""
    return forms.DateField(
        label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **more
    )


def _people() -> QuerySet[User]:
    """Whoever can answer for a finding."""
    roles = [role for role in Role if role != Role.AUDITOR]
    people = User.objects.filter(is_active=True, grants__role__in=roles).distinct()
    return people.order_by("last_name", "first_name", "pk")


def incident_field(**more: Any) -> forms.MultipleChoiceField:
    """What an incident led to."""
    return forms.MultipleChoiceField(
        label="What it led to", choices=IncidentKind.choices, widget=forms.CheckboxSelectMultiple, **more
    )


class RaiseForm(forms.Form):
    """A new finding about one model."""

    title = forms.CharField(max_length=160, help_text="What is wrong, in one line.")
    version = forms.ModelChoiceField(
        ModelVersion.objects.none(),
        required=False,
        empty_label="Every version of the model",
        label="Stands against",
        to_field_name="version",
    )
    severity = forms.ChoiceField(choices=Severity.choices, widget=forms.RadioSelect)
    origin = forms.ChoiceField(
        choices=ORIGINS, initial=FindingOrigin.VALIDATION, help_text="What brought it up."
    )
    description = text_field("What is wrong, and why it matters", rows=5)
    owner = forms.ModelChoiceField(
        User.objects.none(), to_field_name="username", help_text="Who answers for it."
    )
    due_on = day_field(
        "Due earlier", required=False, help_text="Left empty, the table of due dates gives the date."
    )
    incident_kinds = incident_field(
        required=False,
        help_text="Legal periods for reporting it count by this. Left open, the shortest one does.",
    )
    known_on = day_field("Known since", required=False, help_text="Left empty, the periods count from today.")

    def __init__(self, model: RegisteredModel, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        versions, owner = self.fields["version"], self.fields["owner"]
        assert isinstance(versions, forms.ModelChoiceField) and isinstance(owner, forms.ModelChoiceField)
        versions.queryset = ModelVersion.objects.filter(model=model).select_related("model").order_by("-pk")
        owner.queryset = _people()
        owner.initial = model.owner.username

    @property
    def plain(self) -> list[forms.BoundField]:
        """What every finding is asked."""
        return [item for item in self if item.name not in OF_INCIDENTS]

    @property
    def of_incidents(self) -> list[forms.BoundField]:
        """What an incident is asked beside it."""
        return [self[name] for name in OF_INCIDENTS]


class StepForm(forms.Form):
    """What one deed asks for. `deed` names the action; the view passes the cleaned data on."""

    button = "Keep"
    intro = ""

    def __init__(self, finding: Finding, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"{self.__class__.__name__.lower()}_%s")
        super().__init__(*args, **kwargs)
        self.finding = finding


class RespondForm(StepForm):
    """A plan, or why it is no finding."""

    button = "Answer"
    intro = "Say how and by when it will be mended, or why it is no finding."
    response = forms.ChoiceField(
        label="Your answer",
        choices=[
            (Response.PLAN.value, "It is right: this is the plan"),
            (Response.REBUTTAL.value, "It is no finding: this is why"),
        ],
        initial=Response.PLAN,
        widget=forms.RadioSelect,
    )
    answer = text_field("The plan, or the reasons", rows=4)


class RunField(RunChoice):
    """Runs, each with what it measured."""

    def label_from_instance(self, obj: Any) -> str:
        """What stands in the list."""
        return f"Run {obj.pk}: {obj.get_kind_display().lower()} of v{obj.version.version} on {obj.dataset}"


class RemediateForm(StepForm):
    """What was done, and what shows it."""

    button = "Say it is remediated"
    intro = "Somebody without a part in the model then verifies it."
    evidence = text_field("What was done, and what shows it", rows=4)
    run = RunField(
        EvaluationRun.objects.none(),
        required=False,
        empty_label="None",
        label="Evaluation that shows it",
    )

    def __init__(self, finding: Finding, *args: Any, **kwargs: Any) -> None:
        super().__init__(finding, *args, **kwargs)
        runs = self.fields["run"]
        assert isinstance(runs, RunField)
        found = EvaluationRun.objects.filter(version__model=finding.model_id, status=JobStatus.SUCCEEDED)
        newest = list(found.order_by("-pk").values_list("pk", flat=True)[:MOST_RUNS])
        rows = EvaluationRun.objects.filter(pk__in=newest).select_related("version__model", "dataset")
        runs.queryset = rows.defer("result", "log").order_by("-pk")


class VerdictForm(StepForm):
    """Yes or no, with a reason."""

    verdict = forms.ChoiceField(
        choices=[("yes", "Yes"), ("no", "No")], widget=forms.RadioSelect, label="Your judgement"
    )
    note = text_field("Why")

    @property
    def given(self) -> dict[str, Any]:
        """The judgement as actions take it."""
        return {"yes": self.cleaned_data["verdict"] == "yes", "note": self.cleaned_data["note"]}


class RebuttalForm(VerdictForm):
    """Whether it is a finding after all."""

    button = "Judge the rebuttal"
    intro = "Accepted, it is closed. Refused, its owner answers again."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choices(self, "It is no finding: close it", "It is a finding: it stands")


class VerifyForm(VerdictForm):
    """Whether the remedy holds."""

    button = "Verify"
    intro = "Check it yourself; once verified it stands against nothing."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choices(self, "The remedy holds", "It does not: work goes on")
        self.fields["note"].label = "What you checked"


class DecideExtensionForm(VerdictForm):
    """Whether there is more time."""

    button = "Decide"

    def __init__(self, finding: Finding, *args: Any, **kwargs: Any) -> None:
        super().__init__(finding, *args, **kwargs)
        _choices(self, "Grant the later date", "Keep the date")


def _choices(form: VerdictForm, yes: str, no: str) -> None:
    field = form.fields["verdict"]
    assert isinstance(field, forms.ChoiceField)
    field.choices = [("yes", yes), ("no", no)]


class CloseForm(StepForm):
    """Filing it away."""

    button = "Close"
    intro = "The remedy is verified. Closing files it away."
    note = forms.CharField(label="Remark", required=False, max_length=2000)


class AskExtensionForm(StepForm):
    """More time."""

    button = "Ask for this date"
    intro = "The present date counts until a validator or a risk officer grants the later one."
    until = day_field("New date")
    reason = text_field("Why more time is needed, and what holds meanwhile")


class OverrideForm(StepForm):
    """Letting it stand."""

    button = "Override"
    intro = "It stays as it is, the gate no longer counts it, and every answer about the version tells it."
    reason = text_field("Why it may stand, and what makes that bearable")


class ReopenForm(StepForm):
    """From the start."""

    button = "Re-open"
    intro = "It stands again, with a new date by the table of due dates."
    reason = text_field("Why it is open again")


class ReassignForm(StepForm):
    """Somebody else's."""

    button = "Give it over"
    to = forms.ModelChoiceField(User.objects.none(), to_field_name="username", label="New owner")
    reason = text_field("Why")

    def __init__(self, finding: Finding, *args: Any, **kwargs: Any) -> None:
        super().__init__(finding, *args, **kwargs)
        people = self.fields["to"]
        assert isinstance(people, forms.ModelChoiceField)
        people.queryset = _people().exclude(pk=finding.owner_id)


class ClassifyForm(StepForm):
    """What an incident led to."""

    button = "Put it on record"
    intro = "Legal periods for reporting it count by this. Until it is said, the shortest one does."
    incident_kinds = incident_field()
    known_on = day_field("Known since")
    reason = text_field("What shows it")

    def __init__(self, finding: Finding, *args: Any, **kwargs: Any) -> None:
        super().__init__(finding, *args, **kwargs)
        self.fields["incident_kinds"].initial = finding.incident_kinds
        self.fields["known_on"].initial = finding.aware_on


FORMS: Mapping[Deed, type[StepForm]] = {
    Deed.RESPOND: RespondForm,
    Deed.REMEDIATE: RemediateForm,
    Deed.JUDGE_REBUTTAL: RebuttalForm,
    Deed.DECIDE_EXTENSION: DecideExtensionForm,
    Deed.VERIFY: VerifyForm,
    Deed.CLOSE: CloseForm,
    Deed.ASK_EXTENSION: AskExtensionForm,
    Deed.OVERRIDE: OverrideForm,
    Deed.REOPEN: ReopenForm,
    Deed.REASSIGN: ReassignForm,
    Deed.CLASSIFY: ClassifyForm,
}
