"""One's own settings, people and their roles, API keys."""

from datetime import datetime, time

from django.conf import settings as default_settings
from django.contrib import messages
from django.db import transaction
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import actions
from accounts.access import UserRequest, actor_of, require_role
from accounts.complaints import complain
from accounts.forms import KeyForm, PersonForm, RolesForm, SettingsForm
from accounts.granting.actions import give_or_ask
from accounts.granting.models import RoleWish, WishState
from accounts.granting.rules import DECIDERS
from accounts.models import ApiKey, Role, User
from accounts.refusals import Conflict, Invalid
from accounts.said import Inside
from accounts.sessions import live_sessions
from accounts.sso.providers import providers


@require_http_methods(["GET", "POST"])
def settings(request: UserRequest) -> HttpResponse:
    """One's own settings."""
    form = SettingsForm(
        request.POST or None,
        initial={name: getattr(request.user, name) for name in ("theme", "mail", "language")},
    )
    if request.method == "POST" and form.is_valid():
        actions.set_tastes(user=request.user, **form.cleaned_data)
        with override(form.cleaned_data["language"] or default_settings.COUNTERSIGN_LANGUAGE):
            messages.success(request, _("Kept."))
        return redirect("accounts:settings")
    linked = set(request.user.identities.values_list("issuer", flat=True))
    context = {"form": form, "providers": [(item, item.issuer in linked) for item in providers()]}
    return render(request, "accounts/settings.html", context)


@require_GET
def people(request: UserRequest) -> HttpResponse:
    """Everyone and their roles. Who may sign is no secret here."""
    rows = User.objects.prefetch_related("grants").order_by("-is_active", "last_name", "username")
    waiting = RoleWish.objects.filter(state=WishState.ASKED).count()
    return render(
        request,
        "accounts/people.html",
        {"people": rows, "waiting": waiting, "concerned": request.user.holds(*DECIDERS, Role.AUDITOR)},
    )


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def person_new(request: UserRequest) -> HttpResponse:
    """Add a person."""
    require_role(request.user, Role.ADMINISTRATOR, to="add people")
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = _create(request, form)
        if person is not None:
            said = _("{name} can log in as {username}.").format(name=person.name, username=person.username)
            messages.success(request, f"{said} {_what_waits(person)}".strip())
            return redirect("accounts:people")
    return render(request, "accounts/person_new.html", {"form": form})


def _create(request: UserRequest, form: Form) -> User | None:
    now, actor = timezone.now(), actor_of(request)
    given = {
        name: form.cleaned_data[name] for name in ("username", "first_name", "last_name", "email", "password")
    }
    try:
        with transaction.atomic():
            person = actions.create_user(**given, actor=actor, at=now)
            for role in form.cleaned_data["roles"]:
                _give(request, person, role, form.cleaned_data["why"], now)
    except (Conflict, Invalid) as refused:
        field = refused.field if isinstance(refused, Invalid) else "username"
        form.add_error(field or None, refused.said())
        return None
    return person


def _give(request: UserRequest, person: User, role: str, why: str, at: datetime) -> None:
    give_or_ask(person=person, role=Role(role), why=why, asker=request.user, actor=actor_of(request), at=at)


@require_http_methods(["GET", "POST"])
def person(request: UserRequest, username: str) -> HttpResponse:
    """The roles of a person, and whether they may log in."""
    require_role(request.user, Role.ADMINISTRATOR, to="change roles")
    found = get_object_or_404(User, username=username)
    form = RolesForm(request.POST or None, initial={"roles": sorted(found.roles)})
    if request.method == "POST" and form.is_valid():
        try:
            _set_roles(request, found, set(form.cleaned_data["roles"]), form.cleaned_data["why"])
        except (Conflict, Invalid) as refused:
            form.add_error(getattr(refused, "field", "") or "roles", refused.said())
        else:
            said = _("Roles of {name} kept.").format(name=found.name)
            messages.success(request, f"{said} {_what_waits(found)}".strip())
            return redirect("accounts:people")
    context = {
        "form": form,
        "person": found,
        "factors": found.factors.all(),
        "sessions": live_sessions(found, timezone.now()),
        "given": found.grants.exclude(provider=""),
        "wishes": found.role_wishes.filter(state=WishState.ASKED),
    }
    return render(request, "accounts/person.html", context)


@transaction.atomic
def _set_roles(request: UserRequest, found: User, wanted: set[str], why: str) -> None:
    """Takes away first, so that one role can be exchanged for another that it does not go with."""
    now, actor = timezone.now(), actor_of(request)
    held = found.roles
    for role in sorted(held - wanted):
        actions.revoke_role(user=found, role=Role(role), actor=actor, at=now)
    found = User.objects.get(pk=found.pk)
    for role in sorted(wanted - held):
        _give(request, found, role, why, now)


def _what_waits(person: User) -> str:
    """What a second person has to confirm yet, for the message."""
    waiting = RoleWish.objects.filter(person=person, state=WishState.ASKED).order_by("pk")
    roles = ", ".join(Inside(wish.get_role_display()).told() for wish in waiting)
    return _("Waiting for a second person: {roles}.").format(roles=roles) if roles else ""


@require_POST
def person_active(request: UserRequest, username: str) -> HttpResponse:
    """Disable a person, or let them in again."""
    require_role(request.user, Role.ADMINISTRATOR, to="disable people")
    found = get_object_or_404(User, username=username)
    active = request.POST.get("active") == "yes"
    actions.set_active(user=found, active=active, actor=actor_of(request), at=timezone.now())
    words = _("{name} may log in again.") if active else _("{name} can no longer log in.")
    messages.success(request, words.format(name=found.name))
    return redirect("accounts:people") if active else redirect(f"/handovers/{found.username}/")


@never_cache
@require_http_methods(["GET", "POST"])
def keys(request: UserRequest) -> HttpResponse:
    """API keys. A fresh one is shown in the answer to the form and never again."""
    require_role(request.user, Role.ADMINISTRATOR, to="manage API keys")
    form, fresh = KeyForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        ends = timezone.make_aware(datetime.combine(form.cleaned_data["expires_on"], time.max))
        try:
            _, fresh = actions.create_key(
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                owner=request.user,
                expires_at=ends,
                actor=actor_of(request),
                at=timezone.now(),
            )
        except (Conflict, Invalid) as refused:
            complain(form, refused, "name")
        else:
            form = KeyForm()
    rows = ApiKey.objects.select_related("owner").order_by("revoked_at", "name")
    context = {"form": form, "fresh": fresh, "keys": rows, "now": timezone.now()}
    return render(request, "accounts/keys.html", context)


@require_POST
def key_revoke(request: UserRequest, pk: int) -> HttpResponse:
    """Make a key useless."""
    require_role(request.user, Role.ADMINISTRATOR, to="revoke API keys")
    key = get_object_or_404(ApiKey, pk=pk)
    actions.revoke_key(key=key, actor=actor_of(request), at=timezone.now())
    messages.success(request, _("The key {name} opens nothing any more.").format(name=key.name))
    return redirect("accounts:keys")
