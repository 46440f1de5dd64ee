"""Who sees a model, and who is of a team."""

from typing import Any

from django import forms
from django.db.models import Q

from accounts.models import User
from registry.models import RegisteredModel, Team

REASON = forms.Textarea(attrs={"rows": 3})


class VisibilityForm(forms.Form):
    """Who sees a model, and why."""

    visible_to = forms.ChoiceField(widget=forms.RadioSelect, label="Visible to")
    reason = forms.CharField(widget=REASON, max_length=2000)

    VALUES = {"team": None, "own_people": True, "everybody": False}  # a constant

    def __init__(self, *args: Any, model: RegisteredModel, team_closed: bool, **kwargs: Any) -> None:
        said = next(name for name, value in self.VALUES.items() if value is model.closed)
        super().__init__(*args, **{"initial": {"visible_to": said}} | kwargs)
        meant = "its own people only" if team_closed else "everybody"
        choice: Any = self.fields["visible_to"]
        choice.choices = [
            ("team", f"As the team {model.team} says: {meant}" if model.team else "As usual: everybody"),
            ("own_people", "Its own people only"),
            ("everybody", "Everybody in the organisation"),
        ]

    @property
    def closed(self) -> bool | None:
        """What was chosen, as the model keeps it."""
        return self.VALUES[self.cleaned_data["visible_to"]]


class TeamForm(forms.Form):
    """Who sees the models of a team, who is of it, and why."""

    visible_to = forms.ChoiceField(
        widget=forms.RadioSelect,
        label="Its models are visible to",
        choices=[("everybody", "Everybody in the organisation"), ("own_people", "Their own people only")],
        help_text="A model can say otherwise for itself.",
    )
    members = forms.ModelMultipleChoiceField(
        queryset=User.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="They see every model of the team. Who owns or develops one sees that one anyway.",
    )
    reason = forms.CharField(widget=REASON, max_length=2000)

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        members = list(team.members.all()) if team.pk else []
        initial = {"visible_to": "own_people" if team.closed else "everybody", "members": members}
        super().__init__(*args, **{"initial": initial} | kwargs)
        people = User.objects.filter(Q(is_active=True) | Q(pk__in=[person.pk for person in members]))
        choice: Any = self.fields["members"]
        choice.queryset = people.order_by("last_name", "first_name")
