"""The file that names identity providers, read once at the start. What it says wrongly is refused with its place."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class BadProviders(Exception):
    """The file cannot be used; the text is a sentence that says why."""


class Provider(BaseModel):
    """One identity provider (OpenID Connect), and what its groups mean here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{0,29}$")
    name: str = Field(min_length=1, max_length=60)
    issuer: str = Field(max_length=300)
    client_id: str = Field(min_length=1, max_length=255)
    client_secret_file: Path
    ca_file: Path | None = None
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    username_claim: str = "preferred_username"
    groups_claim: str = "groups"
    scim_claim: str = "sub"  # what SCIM calls externalId
    roles: dict[str, tuple[str, ...]] = Field(default_factory=dict)  # group → roles
    administrators_may_sign: bool = False
    create_people: bool = True
    link_by_verified_email: bool = False
    acr: tuple[str, ...] = ()  # one of these must be in the token, where any are named
    second_factor: Literal["provider", "here"] = "provider"

    @field_validator("issuer")
    @classmethod
    def _secure(cls, issuer: str) -> str:
        if not is_secure(issuer):
            raise ValueError("write an address that begins with https://")
        return issuer

    @field_validator("client_secret_file")
    @classmethod
    def _readable(cls, path: Path) -> Path:
        if not path.is_file():
            raise ValueError(f"{path} is no file that can be read")
        return path

    @field_validator("scopes")
    @classmethod
    def _openid(cls, scopes: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in scopes:
            raise ValueError("the scope openid is what makes it OpenID Connect; add it")
        return scopes

    @property
    def secret(self) -> str:
        """The client's secret, read each time, so that a new one needs no restart."""
        return self.client_secret_file.read_text(encoding="utf-8").strip()


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    providers: tuple[Provider, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _different(self) -> "_File":
        for what in ("id", "issuer"):
            if len({getattr(item, what) for item in self.providers}) < len(self.providers):
                raise ValueError(f"two providers have the same {what}")
        return self


def is_secure(address: str) -> bool:
    """Whether the address is https, or http on this machine, where nobody listens in."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    )


def read_providers(path: str) -> tuple[Provider, ...]:
    """The providers of a YAML file; none where no file is named. Raises BadProviders."""
    if not path:
        return ()
    try:
        document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        return _File.model_validate(document).providers
    except OSError as error:
        raise BadProviders(f"{path} cannot be read: {error.strerror}.") from None
    except yaml.YAMLError as error:
        raise BadProviders(f"{path} is no YAML: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadProviders(f"{path}, {place or 'the file'}: {first['msg']}.") from None
