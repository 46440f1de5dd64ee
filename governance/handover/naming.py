"""Models whose pages, evidence and inventory hold the name of a person; what is remembered of them is gathered anew."""

from django.db.models import Q

from accounts.models import User
from audit.models import Event
from registry.actions.locking import locked_model
from registry.models import RegisteredModel

MODEL = "model:"


def models_naming(person: User) -> list[RegisteredModel]:
    """Those that the person belongs to, belonged to or did anything about, in the order in which they are locked."""
    done = Event.objects.filter(actor=person.ref, subject__startswith=MODEL).order_by()
    slugs = {
        subject.removeprefix(MODEL).partition("/")[0]
        for subject in done.values_list("subject", flat=True).distinct()
    }
    rows = RegisteredModel.objects.filter(
        Q(slug__in=slugs)
        | Q(owner=person)
        | Q(developers=person)
        | Q(former_team__has_key=person.username)
        | Q(versions__registered_by=person)
        | Q(versions__reviews__signoffs__signer=person)
    )
    return list(rows.order_by("pk").distinct())


def forget_name(person: User) -> None:
    """The gate and the inventory look at these models anew."""
    for model in models_naming(person):
        locked_model(model)
