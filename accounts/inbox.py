"""The inbox: what this person was told, newest first. Nobody sees another's."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.access import UserRequest
from accounts.models import Notice, User

PAGE_SIZE = 50


def unread(user: User) -> int:
    """How many notices wait to be read."""
    return Notice.objects.filter(person=user, read_at=None).count()


@require_GET
def inbox(request: UserRequest) -> HttpResponse:
    """All notices, or the unread ones."""
    rows = Notice.objects.filter(person=request.user)
    shown = "all" if request.GET.get("show") == "all" else "unread"
    page = Paginator(rows if shown == "all" else rows.filter(read_at=None), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    context = {"page": page, "shown": shown, "any": rows.exists()}
    return render(request, "accounts/inbox.html", context)


@require_GET
def opened(request: UserRequest, pk: int) -> HttpResponse:
    """Read a notice: on to the place where to act."""
    notice = Notice.objects.filter(pk=pk, person=request.user).first()
    if notice is None:
        raise Http404(f"You have no notice {pk}.")
    if notice.read_at is None:
        notice.read_at = timezone.now()
        notice.save(update_fields=["read_at"])
    return redirect(notice.url if _of_this_site(notice.url, request) else "accounts:inbox")


def _of_this_site(url: str, request: HttpRequest) -> bool:
    return url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()})


def _how_many(done: int) -> str:
    if not done:
        return gettext("Nothing was unread.")
    return ngettext("{number} marked as read.", "{number} marked as read.", done).format(number=done)


@require_POST
def read_all(request: UserRequest) -> HttpResponse:
    """Read everything that stands there."""
    done = Notice.objects.filter(person=request.user, read_at=None).update(read_at=timezone.now())
    messages.success(request, _how_many(done))
    return redirect("accounts:inbox")
