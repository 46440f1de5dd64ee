"""A person on the wire: the attributes that are kept, what the service can do, and how strictly it reads.

What providers send beyond that (departments, telephone numbers) is taken and dropped: nothing here needs it.
"""

from dataclasses import dataclass, replace
from typing import Annotated

from django.conf import settings
from scim2_models import (
    URN,
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    ComplexAttribute,
    ETag,
    Filter,
    Meta,
    Mutability,
    Patch,
    Required,
    Resource,
    ResourceType,
    ScimPolicy,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)

from accounts.scim.models import ScimPerson

MOST_RESULTS = 200
LENIENT = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
"""As Entra ID writes: attributes that nobody declared, and values where a path would do."""


class Name(ComplexAttribute):
    """The person's name."""

    given_name: str | None = None
    family_name: str | None = None


class Email(ComplexAttribute):
    """One address; the primary one, or else the first, is kept."""

    value: str | None = None
    type: str | None = None
    primary: bool | None = None


class User(Resource):  # type: ignore[type-arg]
    """A person who works with Countersign."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    display_name: Annotated[str | None, Mutability.read_only] = None
    active: bool | None = None
    emails: list[Email] | None = None


@dataclass(frozen=True)
class Wanted:
    """What a provider says of a person; None where it says nothing."""

    user_name: str
    external_id: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    active: bool | None = None


def base() -> str:
    """Where the service stands."""
    return f"{settings.COUNTERSIGN_URL}/scim/v2"


def on_the_wire(row: ScimPerson) -> User:
    """The person as SCIM shows them."""
    person = row.person
    return User(
        id=str(person.pk),
        external_id=row.external_id or None,
        user_name=row.user_name,
        name=Name(given_name=person.first_name or None, family_name=person.last_name or None),
        display_name=person.name,
        active=person.is_active,
        emails=[Email(value=person.email, type="work", primary=True)] if person.email else None,
        meta=Meta(
            resource_type="User",
            created=row.taken_at,
            last_modified=row.changed_at,
            location=f"{base()}/Users/{person.pk}",
        ),
    )


def wanted_of(user: User) -> Wanted:
    """What was sent, or what a patch left. Longer texts than the tables hold are refused by the action."""
    name, emails = user.name or Name(), [email for email in user.emails or [] if email.value]
    first = next((email for email in emails if email.primary), emails[0] if emails else Email())
    return Wanted(
        (user.user_name or "").strip(),
        (user.external_id or "").strip(),
        (name.given_name or "").strip(),
        (name.family_name or "").strip(),
        (first.value or "").strip(),
        user.active,
    )


def without_silence(wanted: Wanted, row: ScimPerson) -> Wanted:
    """Whether somebody may come in changes only where the provider says so."""
    return wanted if wanted.active is not None else replace(wanted, active=row.person.is_active)


def resource_types() -> list[ResourceType]:
    """What can be asked for: people only. Roles are given here, or by groups at the log-in."""
    found = ResourceType.from_resource(User)
    found.meta = Meta(resource_type="ResourceType", location=f"{base()}/ResourceTypes/User")
    return [found]


def service() -> ServiceProviderConfig:
    """What the service can do."""
    return ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=MOST_RESULTS),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=False),
        etag=ETag(supported=False),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="Bearer token",
                description="A token that an administrator makes under People, Provisioning.",
                primary=True,
            )
        ],
        meta=Meta(resource_type="ServiceProviderConfig", location=f"{base()}/ServiceProviderConfig"),
    )
