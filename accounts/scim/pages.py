"""Provisioning, for administrators: tokens of identity providers, whom they keep, and accounts given to them."""

from datetime import datetime, time

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import UserRequest, actor_of, require_role
from accounts.complaints import complain
from accounts.models import Role
from accounts.refusals import Conflict, Invalid
from accounts.scim.actions import link_account
from accounts.scim.forms import LinkForm, TokenForm
from accounts.scim.models import ScimPerson, ScimToken
from accounts.scim.tokens import make_token, revoke_token
from accounts.scim.wire import base
from accounts.sso.providers import providers

PAGE_SIZE = 50


@never_cache
@require_http_methods(["GET", "POST"])
def provisioning(request: UserRequest) -> HttpResponse:
    """Tokens and people. A fresh token is shown in the answer to the form and never again."""
    require_role(request.user, Role.ADMINISTRATOR, to="let an identity provider keep accounts")
    form, fresh, status = TokenForm(request.POST or None), "", 200
    if request.method == "POST" and form.is_valid():
        try:
            _, fresh = make_token(
                name=form.cleaned_data["name"],
                provider=form.cleaned_data["provider"],
                expires_at=timezone.make_aware(datetime.combine(form.cleaned_data["expires_on"], time.max)),
                maker=request.user,
                actor=actor_of(request),
                at=timezone.now(),
            )
        except (Conflict, Invalid) as refused:
            status = complain(form, refused, "name")
        else:
            form = TokenForm()
    return _page(request, form, LinkForm(), fresh=fresh, status=status)


@require_POST
def token_revoke(request: UserRequest, pk: int) -> HttpResponse:
    """Make a token useless."""
    require_role(request.user, Role.ADMINISTRATOR, to="revoke tokens of identity providers")
    token = get_object_or_404(ScimToken, pk=pk)
    revoke_token(token=token, actor=actor_of(request), at=timezone.now())
    messages.success(request, f"The token {token.name} opens nothing any more.")
    return redirect("scim:provisioning")


@require_POST
def account_link(request: UserRequest) -> HttpResponse:
    """Give an account that is here already to a provider."""
    require_role(request.user, Role.ADMINISTRATOR, to="let an identity provider keep accounts")
    form, status = LinkForm(request.POST), 400
    if form.is_valid():
        try:
            row = link_account(
                **form.cleaned_data, linker=request.user, actor=actor_of(request), at=timezone.now()
            )
        except (Conflict, Invalid) as refused:
            status = complain(form, refused, "user_name")
        else:
            messages.success(request, f"{row.token.name} keeps the account of {row.person.name} from now on.")
            return redirect("scim:provisioning")
    return _page(request, TokenForm(), form, status=status)


def _page(
    request: UserRequest, form: TokenForm, link: LinkForm, *, fresh: str = "", status: int = 200
) -> HttpResponse:
    people = ScimPerson.objects.select_related("person", "token", "linked_by").order_by(
        "-person__is_active", "person__last_name", "pk"
    )
    named = {item.id: item.name for item in providers()}
    tokens = ScimToken.objects.order_by("revoked_at", "name")
    context = {
        "form": form,
        "link": link,
        "fresh": fresh,
        "tokens": [(token, named.get(token.provider, token.provider)) for token in tokens],
        "page": Paginator(people, PAGE_SIZE).get_page(request.GET.get("page")),
        "address": base(),
        "now": timezone.now(),
    }
    return render(request, "scim/provisioning.html", context, status=status)
