"""Which model, version and environment GitHub means. One answer or none: what is unclear is rejected, and says why."""

from collections.abc import Callable
from dataclasses import dataclass

from audit.actor import Actor
from governance.pipelines.kinds import GITHUB
from governance.pipelines.matching import same_repository, why_no_pipeline, why_not
from governance.pipelines.models import IssuerKind, TrustRule
from governance.protection.app import GitHubApp
from governance.protection.asked import Asked
from governance.protection.models import Guard
from registry.models import ModelVersion

KINDS = (IssuerKind.GITHUB, IssuerKind.GITHUB_SERVER)
FULL, BRANCH, TAG = "refs/", "refs/heads/", "refs/tags/"
SHOWN = 5


class Unclear(Exception):
    """Nothing can be judged; the text says why, to people on GitHub. `rule` is the one that knows the repository."""

    def __init__(self, reason: str, rule: TrustRule | None = None) -> None:
        super().__init__(reason)
        self.rule = rule


@dataclass(frozen=True)
class Meant:
    """What is asked about, and the rule by which it may be."""

    guard: Guard
    version: ModelVersion


def meant_by(asked: Asked, app: GitHubApp, only_protected: Callable[[], bool]) -> Meant:
    """What the question is about. Raises Unclear. `only_protected` asks GitHub, and is called only where it counts."""
    guard = _guard(asked, app)
    _refuse_run(guard.rule, asked, only_protected)
    return Meant(guard, _version(guard, asked))


def claims_of(asked: Asked) -> dict[str, str]:
    """What goes on the record of who asked, under the names that identity tokens use."""
    said = {
        "repository": asked.repository,
        "repository_id": asked.repository_id,
        "repository_owner_id": asked.owner_id,
        "environment": asked.environment,
        "event_name": asked.event,
        "ref": asked.ref,
        "sha": asked.sha,
        "run_id": asked.run_id,
        "actor": asked.sender,
    }
    return {name: value for name, value in said.items() if value}


def actor_of(asked: Asked, delivery_id: str) -> Actor:
    """GitHub's question as the record names who asked."""
    return Actor(
        f"pipeline:github/{asked.repository_id}",
        asked.repository[:120],
        "signed webhook, GitHub App",
        delivery_id,
    )


def _guard(asked: Asked, app: GitHubApp) -> Guard:
    rules = TrustRule.objects.filter(kind__in=KINDS, repository_id=asked.repository_id).order_by("pk")
    ours = [rule for rule in rules if app.issues_for(rule.issuer) and same_repository(rule, claims_of(asked))]
    if not ours:
        raise Unclear(f"No rule of Countersign names the repository {asked.repository} by its number.")
    live = [rule for rule in ours if rule.off_at is None]
    found = list(
        Guard.objects.filter(rule__in=live, off_at=None, github_environment__iexact=asked.environment)
        .select_related("rule", "model")
        .order_by("pk")[:2]
    )
    shown = f"the environment {asked.environment} of {asked.repository}"
    if not found:
        raise Unclear(f"No rule of Countersign says which model deploys to {shown}.", (live or ours)[0])
    if len(found) > 1:
        raise Unclear(f"Two rules of Countersign speak of {shown}; one of them has to go.", found[0].rule)
    return found[0]


def _refuse_run(rule: TrustRule, asked: Asked, only_protected: Callable[[], bool]) -> None:
    """The rule's own conditions, as for an identity token; the message does not say whether the ref is protected."""
    said = claims_of(asked)
    if reason := why_no_pipeline(GITHUB, said):
        raise Unclear(reason, rule)
    short = not asked.ref.startswith(FULL)
    if (rule.protected_only or (rule.git_ref and short)) and only_protected():
        branch = asked.ref if not short else f"{BRANCH}{asked.ref}"
        said |= {"ref_protected": "true" if branch.startswith(BRANCH) else "false", "ref": branch}
    elif short:
        said.pop("ref")  # a branch or a tag: nobody knows
    if rule.ci_environment.casefold() == asked.environment.casefold():
        said["environment"] = rule.ci_environment
    if reason := why_not(rule, said, speaker="GitHub"):
        hint = " Let only protected branches deploy to the environment." if rule.protected_only else ""
        raise Unclear(reason + hint, rule)


def _version(guard: Guard, asked: Asked) -> ModelVersion:
    """The one version that was registered from the very commit, under the tag's number where tags name it."""
    slug, commit = guard.model.slug, asked.sha[:12]
    rows = ModelVersion.objects.filter(model=guard.model, code_commit__iexact=asked.sha)
    if guard.tag_prefix:
        tag = asked.ref.removeprefix(TAG)
        number = tag.removeprefix(guard.tag_prefix)
        if tag.startswith(FULL) or not tag.startswith(guard.tag_prefix) or not number:
            raise Unclear(
                f"The version of {slug} is named by a tag such as {guard.tag_prefix}3; this run is of {asked.ref}.",
                guard.rule,
            )
        rows = rows.filter(version=number)
        none = f"No version {number} of {slug} was registered from commit {commit}."
    else:
        none = f"No version of {slug} was registered from commit {commit}."
    found = list(rows.order_by("pk")[:SHOWN])
    if not found:
        raise Unclear(none, guard.rule)
    if len(found) > 1:
        numbers = ", ".join(version.version for version in found)
        raise Unclear(
            f"Several versions of {slug} were registered from commit {commit}: {numbers}. Let a tag name the one.",
            guard.rule,
        )
    return found[0]
