"""Proving an identity token: who signed it, for whom, and that it holds now. Whatever is not proven is refused."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from django.conf import settings
from jwt import exceptions as wrong

from governance.pipelines.issuers import KeysUnavailable, key_of
from governance.pipelines.kinds import System
from governance.pipelines.models import ALGORITHMS, SYSTEMS, TrustRule

LONGEST_TOKEN = 8 * 1024
LONGEST_ID = 255
LEEWAY_SECONDS = 30
LONGEST_LIFE_SECONDS = 24 * 3600
REQUIRED = ["iss", "sub", "aud", "exp", "iat", "nbf", "jti"]

SAID: tuple[tuple[type[Exception], str], ...] = (
    (wrong.ExpiredSignatureError, "The token has run out. Fetch a new one for each call."),
    (wrong.ImmatureSignatureError, "The token does not hold yet, or a clock is wrong."),
    (wrong.InvalidIssuedAtError, "The token's time of issue is no time."),
    (
        wrong.InvalidAudienceError,
        "The token is for another audience. Ask for one with the audience {audience}.",
    ),
    (wrong.InvalidSignatureError, "The token's signature is not its issuer's."),
)


class NotProven(Exception):
    """The token proves nothing; the text is a sentence that says why."""


@dataclass(frozen=True)
class Token:
    """A token that was proven."""

    kind: str
    issuer: str
    claims: Mapping[str, Any]

    @property
    def system(self) -> System:
        """The CI system that issued it."""
        return SYSTEMS[self.kind]

    @property
    def sha256(self) -> str:
        """Names the token among all tokens of all issuers."""
        return hashlib.sha256(f"{self.issuer} {self.claims['jti']}".encode()).hexdigest()

    @property
    def expires_at(self) -> datetime:
        """When it will no longer be taken, the leeway included."""
        return datetime.fromtimestamp(int(self.claims["exp"]) + LEEWAY_SECONDS, UTC)


def looks_like_token(text: str) -> bool:
    """Three parts with dots between them: an identity token, whatever it is worth. API keys hold no dots."""
    return text.count(".") == 2


def proven(text: str, *, at: datetime) -> Token:
    """The token with its claims. Raises NotProven."""
    header, issuer = _unproven(text)
    kind = _trusted_kind(issuer)
    algorithm, key_id = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS[kind]:
        raise NotProven(f"The token must be signed with {' or '.join(ALGORITHMS[kind])}.")
    if not isinstance(key_id, str) or not key_id:
        raise NotProven("The token does not name the key that signed it.")
    try:
        key = key_of(kind, issuer, key_id, now=at.timestamp())
    except KeysUnavailable as problem:
        raise NotProven(
            f"The keys of {issuer} cannot be had now, so the token cannot be checked: {problem} Ask again later."
        ) from problem
    if key is None or key.algorithm_name != algorithm:
        raise NotProven(f"{issuer} has no such key for {algorithm}.")
    return Token(kind, issuer, _claims(text, key, issuer))


def _unproven(text: str) -> tuple[dict[str, Any], str]:
    """The header and the issuer that the token claims: only to find the rule that trusts it."""
    if len(text) > LONGEST_TOKEN:
        raise NotProven(f"The token is longer than {LONGEST_TOKEN} characters.")
    try:
        read = jwt.decode_complete(text, options={"verify_signature": False})
    except (wrong.PyJWTError, ValueError) as error:
        raise NotProven("This is no identity token that can be read.") from error
    issuer = read["payload"].get("iss")
    if not isinstance(issuer, str) or not issuer or not issuer.isprintable():
        raise NotProven("The token does not say who issued it.")
    return read["header"], issuer


def _trusted_kind(issuer: str) -> str:
    """What kind of issuer a rule says that this is. Nothing is ever fetched from one that no rule names."""
    kinds = TrustRule.objects.filter(issuer=issuer, off_at=None).order_by("pk")
    kind = kinds.values_list("kind", flat=True).first()
    if kind is None:
        raise NotProven("No rule trusts the issuer of this token.")
    return kind


def _claims(text: str, key: jwt.PyJWK, issuer: str) -> dict[str, Any]:
    audience = settings.CI_AUDIENCE
    try:
        claims: dict[str, Any] = jwt.decode(
            text,
            key.key,
            algorithms=[key.algorithm_name],
            audience=audience,
            issuer=issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": REQUIRED, "strict_aud": True},
        )
    except wrong.MissingRequiredClaimError as error:
        raise NotProven(f"The token lacks the claim {error.claim}.") from error
    except (wrong.PyJWTError, ValueError, OverflowError) as error:
        said = next((words for kind, words in SAID if isinstance(error, kind)), "The token is not valid.")
        raise NotProven(said.format(audience=audience)) from error
    for name in ("jti", "sub"):
        value = claims[name]
        if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= LONGEST_ID:
            raise NotProven(f"The token's claim {name} must be a text of up to {LONGEST_ID} characters.")
    if int(claims["exp"]) - int(claims["iat"]) > LONGEST_LIFE_SECONDS:
        raise NotProven("The token lives longer than a day.")
    return claims
