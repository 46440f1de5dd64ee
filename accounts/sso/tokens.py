"""From a code to a person whom the provider vouches for (OpenID Connect Core 1.0). What is not proven is refused."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt
from jwt import exceptions as wrong

from accounts.refusals import NotAllowed
from accounts.sso.configuration import Provider
from accounts.sso.fetching import Unreachable, basic, fetch
from accounts.sso.metadata import ALGORITHMS, key_of, metadata_of

LEEWAY_SECONDS = 30
LONGEST_TOKEN = 32 * 1024
MOST_GROUPS = 1000
REQUIRED = ["iss", "sub", "aud", "exp", "iat"]


class NotProven(NotAllowed):
    """The provider's answer proves nothing; the text is a sentence that says why."""


@dataclass(frozen=True)
class Asked:
    """What the provider was asked with; its answer must fit to it."""

    nonce: str
    verifier: str
    redirect_uri: str
    fresh_since: datetime | None = None  # the person must have proved themselves after this moment


@dataclass(frozen=True)
class Vouched:
    """A person as the provider knows them."""

    subject: str
    username: str
    first_name: str
    last_name: str
    email: str
    email_verified: bool
    groups: frozenset[str]
    external_id: str = ""  # what SCIM calls them


def vouched_for(provider: Provider, code: str, asked: Asked) -> Vouched:
    """Who stands behind the code. Raises NotProven."""
    try:
        answer = _exchanged(provider, code, asked)
        token = answer.get("id_token")
        if not isinstance(token, str) or len(token) > LONGEST_TOKEN:
            raise NotProven("{provider} sent no identity token.", provider=provider.name)
        claims = _claims(provider, token, asked)
        if provider.groups_claim not in claims:
            claims = _with_userinfo(provider, claims, answer.get("access_token"))
    except Unreachable as problem:
        raise NotProven(problem.reason) from problem
    return _person(provider, claims)


def _exchanged(provider: Provider, code: str, asked: Asked) -> dict[str, Any]:
    places = metadata_of(provider)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": asked.redirect_uri,
        "code_verifier": asked.verifier,
    }
    try:
        secret = provider.secret
    except OSError as error:
        raise NotProven("The secret for {provider} cannot be read here.", provider=provider.name) from error
    if places.basic:
        headers = {"Authorization": basic(provider.client_id, secret)}
        return fetch(provider, places.token, form=form, headers=headers)
    return fetch(
        provider, places.token, form=form | {"client_id": provider.client_id, "client_secret": secret}
    )


def _claims(provider: Provider, token: str, asked: Asked) -> dict[str, Any]:
    claims = _signed_claims(provider, token)
    audience = claims["aud"]
    if (isinstance(audience, list) and len(audience) > 1 and "azp" not in claims) or claims.get(
        "azp", provider.client_id
    ) != provider.client_id:
        raise NotProven("The token was made for another client.")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), asked.nonce.encode()):
        raise NotProven("The token answers another question than ours (nonce).")
    if provider.acr and claims.get("acr") not in provider.acr:
        raise NotProven(
            "The person was not proved as strongly as asked (acr {wanted}).", wanted=", ".join(provider.acr)
        )
    if asked.fresh_since is not None:
        moment = claims.get("auth_time")
        earliest = asked.fresh_since.timestamp() - LEEWAY_SECONDS
        if not isinstance(moment, int | float) or isinstance(moment, bool) or moment < earliest:
            raise NotProven("{provider} did not ask the person anew (auth_time).", provider=provider.name)
    return claims


def _signed_claims(provider: Provider, token: str) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS:
            raise NotProven("The token is not signed in a way that proves anything.")
        key = key_of(provider, header.get("kid"), algorithm)
        if key is None:
            raise NotProven("{provider} has no such key.", provider=provider.name)
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=[algorithm],
            audience=provider.client_id,
            issuer=provider.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": REQUIRED},
        )
    except wrong.InvalidAudienceError as error:
        raise NotProven("The token was made for another client.") from error
    except wrong.InvalidIssuerError as error:
        raise NotProven("The token is of another issuer.") from error
    except wrong.ExpiredSignatureError as error:
        raise NotProven("The token has run out, or a clock is wrong.") from error
    except wrong.InvalidSignatureError as error:
        raise NotProven("The token's signature is not the provider's.") from error
    except (wrong.PyJWTError, ValueError, TypeError, OverflowError) as error:
        raise NotProven("The token is not valid.") from error
    return claims


def _with_userinfo(provider: Provider, claims: dict[str, Any], access: object) -> dict[str, Any]:
    """The claims, and those that the provider tells only on asking. Both must speak of the same person."""
    address = metadata_of(provider).userinfo
    if not address or not isinstance(access, str):
        return claims
    found = fetch(provider, address, headers={"Authorization": f"Bearer {access}"})
    if found.get("sub") != claims["sub"]:
        raise NotProven("{provider} told of two people at once.", provider=provider.name)
    return found | claims


def _person(provider: Provider, claims: Mapping[str, Any]) -> Vouched:
    subject = claims["sub"]
    if not isinstance(subject, str) or not subject.isprintable() or not 0 < len(subject) <= 255:
        raise NotProven("The token does not name the person.")
    groups = claims.get(provider.groups_claim, [])
    groups = [groups] if isinstance(groups, str) else groups
    if not isinstance(groups, list) or len(groups) > MOST_GROUPS:
        raise NotProven("The claim {claim} is no list of groups.", claim=provider.groups_claim)
    first, _, last = _text(claims, "name").partition(" ")
    return Vouched(
        subject=subject,
        username=_text(claims, provider.username_claim),
        first_name=_text(claims, "given_name") or first,
        last_name=_text(claims, "family_name") or last,
        email=_text(claims, "email"),
        email_verified=claims.get("email_verified") is True,
        groups=frozenset(group for group in groups if isinstance(group, str)),
        external_id=_text(claims, provider.scim_claim),
    )


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name, "")
    return value.strip()[:150] if isinstance(value, str) and value.isprintable() else ""
