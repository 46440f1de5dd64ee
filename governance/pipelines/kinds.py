"""What CI systems write into their identity tokens, and which of it Countersign relies on.

GitHub: https://docs.github.com/en/actions/reference/security/oidc
GitLab: https://docs.gitlab.com/ci/secrets/id_token_authentication/
"""

from collections.abc import Mapping
from dataclasses import dataclass

from audit.canonical import clean


@dataclass(frozen=True)
class System:
    """A CI system: where its public keys are below the issuer's address, and the claims that rules compare.

    Events are listed by what is safe, not by what is dangerous: one that is added tomorrow may not ask before somebody
    has looked at it.
    """

    name: str
    keys_path: str
    owner_id: str
    repository_id: str
    repository: str
    workflow: str
    event: str
    events: frozenset[str]
    review_refs: str
    kept: tuple[str, ...]


GITHUB = System(
    name="GitHub Actions",
    keys_path="/.well-known/jwks",
    owner_id="repository_owner_id",
    repository_id="repository_id",
    repository="repository",
    workflow="job_workflow_ref",
    event="event_name",
    # not pull_request, pull_request_target, issue_comment and workflow_run: strangers can start those
    events=frozenset(
        {"push", "workflow_dispatch", "schedule", "release", "deployment", "repository_dispatch"}
    ),
    review_refs="refs/pull/",
    kept=(
        "repository_owner",
        "workflow_ref",
        "job_workflow_sha",
        "ref_type",
        "sha",
        "run_id",
        "run_attempt",
        "actor",
        "actor_id",
        "runner_environment",
    ),
)
GITLAB = System(
    name="GitLab CI/CD",
    keys_path="/oauth/discovery/keys",
    owner_id="namespace_id",
    repository_id="project_id",
    repository="project_path",
    workflow="ci_config_ref_uri",
    event="pipeline_source",
    # not merge_request_event and external_pull_request_event, nor parent_pipeline, which may be the child of one
    events=frozenset({"push", "web", "schedule", "api", "trigger", "pipeline"}),
    review_refs="refs/merge-requests/",
    kept=(
        "namespace_path",
        "job_project_id",
        "job_project_path",
        "ci_config_sha",
        "ref_type",
        "ref_path",
        "environment_protected",
        "sha",
        "pipeline_id",
        "job_id",
        "user_id",
        "user_login",
        "runner_environment",
    ),
)

LONGEST_CLAIM = 300


def claims_of_interest(system: System, claims: Mapping[str, object]) -> dict[str, str]:
    """What goes on the record of a token: who asked, from where and by which run. Never the token."""
    names = (
        "iss",
        "sub",
        "jti",
        system.owner_id,
        system.repository_id,
        system.repository,
        system.workflow,
        system.event,
        "ref",
        "ref_protected",
        "environment",
        *system.kept,
    )
    return {
        name: clean(text_of(claims[name]))[:LONGEST_CLAIM] for name in names if claims.get(name) is not None
    }


def text_of(value: object) -> str:
    """A claim as text: ids are numbers in some tokens and text in others, flags are truth values or words."""
    return str(value).lower() if isinstance(value, bool) else str(value)
