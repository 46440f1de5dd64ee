"""Saved views of the inventory. They decide nothing, so they leave no event."""

from datetime import datetime

from django.db import transaction
from django.http import Http404

from accounts.models import User
from accounts.refusals import Invalid
from governance.portfolio.models import SavedView

MOST_VIEWS = 30
LONGEST_QUERY = 1000


@transaction.atomic
def save_view(*, owner: User, name: str, query: str, shared: bool, at: datetime) -> SavedView:
    """Keep an address of the inventory under a name; the same name again replaces it."""
    name = name.strip()
    if not name or len(name) > 60:
        raise Invalid("The view needs a name of 1 to 60 characters.", field="name")
    if len(query) > LONGEST_QUERY:
        raise Invalid("The filters are too long to keep.", "Remove some of them.")
    others = SavedView.objects.filter(owner=owner).exclude(name=name).count()
    if others >= MOST_VIEWS:
        raise Invalid(f"You have {MOST_VIEWS} views already.", "Remove one that you no longer need.")
    view, _ = SavedView.objects.update_or_create(
        owner=owner, name=name, defaults={"query": query, "shared": shared, "created_at": at}
    )
    return view


@transaction.atomic
def delete_view(*, owner: User, pk: int) -> SavedView:
    """Give up a view of one's own. Raises Http404 for those of others."""
    view = SavedView.objects.filter(owner=owner, pk=pk).first()
    if view is None:
        raise Http404("You have no such view.")
    view.delete()
    return view
