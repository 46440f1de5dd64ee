"""The cast and the clients that every test may ask for."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.actions import create_key
from accounts.models import Role, RoleGrant, Scope, User
from audit.actor import Actor
from tests.audit.flushing import history_can_be_flushed
from tests.e2e.stack import small_model, stack

__all__ = ["history_can_be_flushed", "small_model", "stack"]

for library in (
    "OMP",
    "OPENBLAS",
    "MKL",
):  # as many tests as processors run at once: threads would only wait in turns
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

PASSWORD = "correct horse battery staple"
AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PEOPLE = {
    "olga": ("Olga", "Lindqvist", Role.OWNER),
    "dev": ("Dev", "Menon", Role.DEVELOPER),
    "viktor": ("Viktor", "Sahl", Role.VALIDATOR),
    "ada": ("Ada", "Okafor", Role.RISK_OFFICER),
    "carl": ("Carl", "Brandt", Role.COMPLIANCE_OFFICER),
    "etta": ("Etta", "Nyström", Role.ETHICS_COMMITTEE),
    "bea": ("Bea", "Castellano", Role.BUSINESS_APPROVER),
    "aud": ("Aud", "Helle", Role.AUDITOR),
    "adam": ("Adam", "Weiss", Role.ADMINISTRATOR),
}


def actor_of_user(user: User) -> Actor:
    """The user as the record names them."""
    return Actor(user.ref, user.name, "session, password")


@pytest.fixture
def at() -> datetime:
    """The moment at which tests happen."""
    return AT


@pytest.fixture(autouse=True)
def own_files(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Path:
    """Each test stores artifacts, data sets, reports and keys in a folder of its own."""
    folder = tmp_path_factory.mktemp("var")
    settings.VAR_DIR = folder
    settings.MEDIA_ROOT = folder / "files"
    settings.COUNTERSIGN_GENERATE_KEYS = True
    settings.RECHECK_EVIDENCE = True
    return folder


@pytest.fixture(autouse=True)
def own_cache(settings: Settings) -> None:
    """No test counts another's requests against its limits, in whichever process it ran."""
    whole = settings.CACHES["default"]
    settings.CACHES = {"default": {**whole, "KEY_PREFIX": f"{whole.get('KEY_PREFIX', '')}{uuid4().hex}"}}


@pytest.fixture
def cast(db: None, settings: Settings) -> SimpleNamespace:
    """Nine people, one for each role; they all log in with PASSWORD."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    people = {}
    for username, (first, last, role) in PEOPLE.items():
        user = User.objects.create_user(
            username=username, password=PASSWORD, first_name=first, last_name=last
        )
        RoleGrant.objects.create(user=user, role=role, granted_at=AT)
        people[username] = user
    return SimpleNamespace(**people)


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """A browser in which this person is logged in."""

    def client_of(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return client_of


@pytest.fixture
def api(cast: SimpleNamespace) -> Callable[..., Client]:
    """A pipeline's client with a key that has these scopes; all of them unless told."""

    def api(*scopes: str, owner: User | None = None) -> Client:
        owner = owner or cast.dev
        number = owner.keys.count()
        _, fresh = create_key(
            name=f"ci-{owner.username}-{number}",
            scopes=scopes or Scope.values,
            owner=owner,
            expires_at=None,
            actor=actor_of_user(cast.adam),
            at=AT,
        )
        return Client(headers={"Authorization": f"Bearer {fresh.text}"})

    return api
