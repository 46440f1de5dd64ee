"""The GitHub App that stands for Countersign on GitHub: who it is, and proof of it. No Django."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import jwt

HOSTED = "https://api.github.com"
SHORTEST_SECRET = 16
CLOCK_SECONDS, LIFE_SECONDS = 60, 540  # GitHub takes tokens that live for ten minutes at most


class BadApp(Exception):
    """What was set is no App; the text says why, without secrets."""


@dataclass(frozen=True)
class GitHubApp:
    """An App by its id or client id, the address of GitHub's API, and what it proves itself with."""

    app_id: str
    api: str
    key_pem: str = field(repr=False)
    webhook_secret: str = field(repr=False)

    @property
    def origin(self) -> str:
        """Scheme, host and port of the API."""
        parts = urlsplit(self.api)
        return f"{parts.scheme}://{parts.netloc}"

    def proof(self, at: datetime) -> str:
        """A token that proves to GitHub who asks, for some minutes."""
        now = int(at.timestamp())
        claims = {"iss": self.app_id, "iat": now - CLOCK_SECONDS, "exp": now + LIFE_SECONDS}
        return jwt.encode(claims, self.key_pem, algorithm="RS256")

    def issues_for(self, issuer: str) -> bool:
        """Whether the issuer of identity tokens belongs to the same GitHub as this API.

        GitHub.com has its own; with data residency both are below one name; a server has them on one host.
        """
        host, api = urlsplit(issuer).netloc, urlsplit(self.api).netloc
        if self.api == HOSTED:
            return issuer == "https://token.actions.githubusercontent.com"
        return host.removeprefix("token.actions.") == api.removeprefix("api.")


def app_of(app_id: str, key_file: str, webhook_secret: str, *, api: str = "") -> GitHubApp:
    """The App. Raises BadApp for what GitHub would not take or what would prove nothing."""
    api = (api or HOSTED).rstrip("/")
    parts = urlsplit(api)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or "@" in parts.netloc:
        raise BadApp("COUNTERSIGN_GITHUB_API is no address. Write it like https://github.example.org/api/v3.")
    if len(webhook_secret) < SHORTEST_SECRET:
        raise BadApp(f"COUNTERSIGN_GITHUB_WEBHOOK_SECRET has fewer than {SHORTEST_SECRET} characters.")
    try:
        pem = Path(key_file).read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise BadApp(
            f"COUNTERSIGN_GITHUB_APP_KEY names {key_file}, which is no readable PEM file."
        ) from error
    made = GitHubApp(app_id, api, pem, webhook_secret)
    try:
        made.proof(datetime.now().astimezone())
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError) as error:
        raise BadApp("COUNTERSIGN_GITHUB_APP_KEY holds no RSA key that signs.") from error
    return made
