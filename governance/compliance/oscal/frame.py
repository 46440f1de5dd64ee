"""What every OSCAL document has: names that stay the same, metadata, properties of ours.

The same state of the record gives the same bytes: identifiers come from our own references, the version is the digest
of what the document says, and its time is that of the newest thing that it tells of.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from accounts.models import User
from governance.compliance.framework import Framework
from policy.evidence import canonical_digest

OSCAL_VERSION = "1.2.1"
OURS = "urn:countersign:oscal"
"""The namespace of properties that OSCAL has no name for."""
_NOT_IN_TOKEN = re.compile(r"[^\w.\-]")


@dataclass(frozen=True)
class Site:
    """Whose documents these are."""

    url: str
    organisation: str

    def uuid(self, ref: str) -> str:
        """The identifier of what we call `ref`: the same in every document of this installation."""
        return str(uuid5(NAMESPACE_URL, f"{self.url}/{ref}"))

    def address(self, href: str) -> str:
        """A page of ours as a whole address; an address elsewhere as it is."""
        return f"{self.url}{href}" if href.startswith("/") else href


def token(text: str) -> str:
    """As OSCAL writes identifiers: letters, digits, dots, dashes and underscores, and no digit first."""
    found = _NOT_IN_TOKEN.sub("_", text)
    return found if found[:1].isalpha() or found.startswith("_") else f"_{found}"


def line(text: str) -> str:
    """Text on one line, as titles and values must be."""
    return " ".join(text.split()) or "Not stated"


def moment(when: datetime | date) -> str:
    """A moment in UTC; a day is its first."""
    if not isinstance(when, datetime):
        when = datetime.combine(when, time.min, UTC)
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def prop(name: str, value: str, **more: str) -> dict[str, str]:
    """A property of ours."""
    return {"name": name, "ns": OURS, "value": line(value), **more}


def props(told: Mapping[str, str]) -> list[dict[str, str]]:
    """Properties of ours, of what has a value."""
    return [prop(name, value) for name, value in told.items() if value]


def person(site: Site, user: User) -> dict[str, str]:
    """Somebody who is named in the document."""
    return {"uuid": site.uuid(user.ref), "type": "person", "name": line(user.name)}


def resource(site: Site, framework: Framework) -> dict[str, Any]:
    """A framework, for the back matter: which version of it, and where it stands."""
    return {
        "uuid": site.uuid(f"framework:{framework.id}"),
        "title": line(framework.name),
        "description": line(f"{framework.issuer}, {framework.version}"),
        "props": props({"framework": framework.id, "digest": framework.digest}),
        "rlinks": [{"href": site.address(f"/frameworks/{framework.id}/")}],
    }


def document(
    site: Site,
    ref: str,
    title: str,
    content: Mapping[str, Any],
    *,
    changed_at: datetime,
    people: Iterable[User] = (),
) -> dict[str, Any]:
    """The content of a document under its head."""
    digest = canonical_digest(dict(content))
    named = {user.pk: person(site, user) for user in people}
    metadata = {
        "title": line(title),
        "last-modified": moment(changed_at),
        "version": digest.removeprefix("sha256:")[:16],
        "oscal-version": OSCAL_VERSION,
        "roles": [{"id": "prepared-by", "title": "Made by"}],
        "parties": [
            {"uuid": site.uuid("organisation"), "type": "organization", "name": line(site.organisation)},
            *(named[pk] for pk in sorted(named)),
        ],
        "responsible-parties": [{"role-id": "prepared-by", "party-uuids": [site.uuid("organisation")]}],
    }
    return {"uuid": site.uuid(ref), "metadata": metadata, **content}
