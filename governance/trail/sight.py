"""Which events of the trail somebody may read: those of models that they may see.

Nothing is taken out of the log and no proof changes: an event about a closed model is not shown to whoever may not
see the model, as if there were none. Auditors see all.
"""

from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q, TextField, Value
from django.db.models.functions import Concat, StrIndex, Substr
from django.db.models.lookups import In

from accounts.models import User
from audit.verbs import Verb
from registry.sight import hidden_from, sees_all


def events_seen(user: User, path: str = "") -> Q:
    """The condition on events (or on rows whose `path` leads to one) that the person may read.

    What is about a model says so in its subject. What is about something else, or about what a model
    depends on, may name models in its details.
    """
    if sees_all(user):
        return Q()
    subject = F(f"{path}subject")
    first = Substr(
        subject, 1, StrIndex(Concat(subject, Value("/"), output_field=TextField()), Value("/")) - 1
    )
    refs = (
        hidden_from(user)
        .annotate(named=Concat(Value("model:"), F("slug"), output_field=TextField()))
        .values("named")
    )
    may_name = ~Q(**{f"{path}subject__startswith": "model:"}) | Q(
        **{f"{path}verb": Verb.DEPENDENCIES_CHANGED}
    )
    return ~Q(In(first, refs)) & ~(may_name & Q(_names_hidden(user, f"{path}payload")))


def entries_seen(user: User) -> Q:
    """The same condition on entries of the log."""
    return events_seen(user, "event__")


def _names_hidden(user: User, payload: str) -> Exists:
    """Whether what was recorded names a hidden model by its short name, alone or as a subject."""
    told = ExpressionWrapper(OuterRef(payload), output_field=TextField())
    names = [
        Concat(Value(before), F("slug"), Value(after), output_field=TextField())
        for before, after in (('"', '"'), ("model:", '"'), ("model:", "/"))
    ]
    found = Q()
    for name in names:
        found |= Q(told__contains=name)
    return Exists(hidden_from(user).annotate(told=told).filter(found))
