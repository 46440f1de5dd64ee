"""What the page of one control shows, for a model or for the organisation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from accounts.models import User
from governance.compliance.attaching import may_attach
from governance.compliance.concluding import seen_digest, subject_of
from governance.compliance.coverage import Standing
from governance.compliance.forms import AttachForm, CloseGapForm, ConcludeForm, GapForm, TakeBackForm
from governance.compliance.framework import Control, Framework
from governance.compliance.holdings import Held, attachable
from governance.compliance.models import Conclusion
from governance.compliance.rules import ASSIGNERS
from registry.models import RegisteredModel

HISTORY_SHOWN = 20


@dataclass(frozen=True)
class Place:
    """A control, and the model that it is about; None: the organisation."""

    framework: Framework
    control: Control
    model: RegisteredModel | None

    @property
    def href(self) -> str:
        """Its page."""
        if self.model is None:
            return reverse("compliance:programme_control", args=[self.framework.id, self.control.id])
        return reverse("compliance:model_control", args=[self.model.slug, self.framework.id, self.control.id])

    @property
    def take_back_href(self) -> str:
        """Where a conclusion is taken back."""
        return f"{self.href}take-back/"

    @property
    def query(self) -> str:
        """What tells a form of the same address for every control which one it is about."""
        told = {"framework": self.framework.id, "control": self.control.id}
        if self.model is not None:
            told["model"] = self.model.slug
        return urlencode(told)

    @property
    def group(self) -> str:
        """The heading above it."""
        return next((row.title for row in self.framework.groups if row.id == self.control.group), "")


def control_context(
    place: Place,
    standing: Standing,
    held: Mapping[str, Held],
    form: ConcludeForm,
    reason: str,
    *,
    user: User,
) -> dict[str, Any]:
    """What the page shows to this reader. `reason` says why they may not conclude; empty if they may."""
    seen = seen_digest(place.control, dict(held))
    if form.is_bound:  # what was typed stays, and goes with the evidence that is shown now
        form.data = {**{name: form.data.get(name, "") for name in form.fields}, "seen": seen}
    else:
        form.fields["seen"].initial = seen
    rows = Conclusion.objects.filter(
        framework=place.framework.id, control=place.control.id, model=place.model, team=""
    )
    subject = subject_of(place.framework.id, place.control.id, place.model)
    return {
        "place": place,
        "framework": place.framework,
        "control": place.control,
        "model": place.model,
        "standing": standing,
        "form": form if not reason else None,
        "take_back": TakeBackForm(auto_id="back_%s") if standing.conclusion and not reason else None,
        "reason": reason,
        "history": list(rows.select_related("by")[:HISTORY_SHOWN]),
        "gap": standing.gap,
        "gap_form": GapForm(auto_id="gap_%s", initial=_gap_so_far(place, standing))
        if user.holds(*ASSIGNERS)
        else None,
        "close_form": CloseGapForm(auto_id="close_%s")
        if standing.gap and (standing.gap.owner_id == user.pk or user.holds(*ASSIGNERS))
        else None,
        "attach_form": AttachForm(
            auto_id="attach_%s",
            organisation=place.model is None,
            initial={"kind": _first_lacking(place, standing)},
        )
        if may_attach(user, place.model)
        else None,
        "trail": f"{reverse('trail:events')}?subject={subject}",
    }


def _gap_so_far(place: Place, standing: Standing) -> dict[str, Any]:
    """What the form of a gap begins with: the gap as it is, else what is missing and who owns the model."""
    if (gap := standing.gap) is not None:
        return {"owner": gap.owner.username, "due_on": gap.due_on, "lacks": gap.lacks}
    lacking = ", ".join(held.label for held in standing.lacks)
    return {
        "owner": place.model.owner.username if place.model else None,
        "lacks": f"Missing: {lacking}" if lacking else "",
    }


def _first_lacking(place: Place, standing: Standing) -> str:
    kinds = attachable(organisation=place.model is None)
    return next((held.kind for held in standing.lacks if held.kind in kinds), "")
