"""GitHub's API as far as an answer needs it: a token for one repository, an environment, the review of a run.

https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
https://docs.github.com/en/rest/actions/workflow-runs#review-custom-deployment-protection-rules-for-a-workflow-run
"""

import json
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from django.conf import settings

from governance.pipelines.fetching import Unfetchable, fetch_json
from governance.protection.app import GitHubApp
from governance.protection.asked import Asked, callback
from governance.siem.posting import Undelivered, in_words, posted, refused
from registry.addresses import place_of

SECONDS = 10.0
NO_LONGER = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.UNPROCESSABLE_ENTITY)
"""What GitHub says of a run that does not wait (any more)."""


class NotWaiting(Exception):
    """GitHub takes no answer for this run; asking again would change nothing."""


@dataclass(frozen=True)
class Session:
    """A token of the App's installation, good for the one repository that asks."""

    app: GitHubApp
    asked: Asked
    token: str

    def only_protected_branches(self) -> bool:
        """Whether GitHub lets nothing but protected branches deploy to the environment. Raises Undelivered."""
        name = quote(self.asked.environment, safe="")
        try:
            found = fetch_json(
                f"{self.app.api}/repos/{self.asked.repository}/environments/{name}",
                headers=_headers(self.token),
            )
        except Unfetchable as problem:
            raise Undelivered(f"The environment could not be looked at. {problem}") from problem
        policy = found.get("deployment_branch_policy") if isinstance(found, dict) else None
        return isinstance(policy, dict) and policy.get("protected_branches") is True

    def review(self, answer: str, comment: str) -> None:
        """Say approved or rejected. Raises Undelivered, NotWaiting."""
        body = {"environment_name": self.asked.environment, "state": answer, "comment": comment}
        address = callback(self.app.api, self.asked.repository, self.asked.run_id)
        status, problem, _ = _post(self.app, address, body, self.token)
        if status in NO_LONGER:
            raise NotWaiting(f"GitHub takes no answer for this run. {problem}")
        if problem:
            raise Undelivered(problem)


def opened(app: GitHubApp, asked: Asked, *, at: datetime) -> Session:
    """Exchange the App's proof for a token that can read and answer for this repository alone. Raises Undelivered."""
    address = f"{app.api}/app/installations/{asked.installation_id}/access_tokens"
    wanted = {
        "repository_ids": [int(asked.repository_id)],
        "permissions": {"actions": "read", "deployments": "write"},
    }
    _, problem, content = _post(app, address, wanted, app.proof(at))
    if problem:
        raise Undelivered(f"No token of the installation was given. {problem}")
    try:
        told = json.loads(content)
        token = told["token"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise Undelivered("GitHub's answer holds no token.") from error
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
        raise Undelivered("GitHub's answer holds no token.")
    return Session(app, asked, token)


def _post(app: GitHubApp, address: str, body: dict[str, Any], token: str) -> tuple[int, str, bytes]:
    """Status, why that is no yes, and the body. Raises Undelivered."""
    with in_words(SECONDS):
        place = place_of(address, settings.CI_ALLOW)
        answer = posted(
            place,
            json.dumps(body).encode(),
            _headers(token),
            private=place.origin in settings.CI_ALLOW,
            ca_file=settings.CI_CA,
            seconds=SECONDS,
        )
    return answer.status, refused(answer), answer.body


def _headers(token: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "User-Agent": "countersign",
    }
