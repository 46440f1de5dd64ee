"""What a rule says, as somebody wrote it, and what is wrong with it."""

from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

from django.conf import settings

from accounts.refusals import Invalid
from governance.pipelines.kinds import GITHUB
from governance.pipelines.models import KNOWN_ISSUERS, SYSTEMS
from registry.addresses import BadAddress, place_of
from registry.models import Environment

MOST_MODELS = 200
LONGEST_ISSUER = 250
LONGEST = {"workflow": 300, "git_ref": 200, "ci_environment": 120, "repository": 200, "team": 80}


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Whose pipelines, under which conditions, may ask about what."""

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "kind",
        "issuer",
        "owner_id",
        "repository_id",
        "repository",
        "workflow",
        "job_project_id",
        "git_ref",
        "ci_environment",
        "protected_only",
        "team",
    )

    kind: str
    issuer: str = ""
    owner_id: str
    repository_id: str
    repository: str
    workflow: str = ""
    job_project_id: str = ""
    git_ref: str = ""
    ci_environment: str = ""
    protected_only: bool = True
    models: tuple[str, ...] = ()
    team: str = ""
    environments: tuple[str, ...] = ()

    def detail(self) -> dict[str, Any]:
        """For the record: what is said, without what is left open."""
        return {name: value for name, value in asdict(self).items() if value not in ("", ())}


def refuse_bad_terms(given: Terms) -> Terms:
    """The terms, tidied. Raises Invalid, with the field, for what cannot be trusted or names nobody."""
    tidy: dict[str, Any] = {
        name: value.strip() for name, value in asdict(given).items() if isinstance(value, str)
    }
    terms = replace(given, **tidy)
    if terms.kind not in SYSTEMS:
        raise Invalid("Choose the CI system.", field="kind")
    terms = replace(terms, issuer=_issuer(terms))
    _refuse_missing_ids(terms)
    _refuse_bad_conditions(terms)
    if not terms.models and not terms.team:
        raise Invalid(
            "Name at least one model, or a team.", "A rule for nothing lets nobody ask.", field="models"
        )
    if len(terms.models) > MOST_MODELS:
        raise Invalid(
            f"A rule names at most {MOST_MODELS} models.", "Name their team instead.", field="models"
        )
    if not terms.environments or set(terms.environments) - set(Environment.values):
        raise Invalid("Choose at least one environment from the list.", field="environments")
    return terms


def _issuer(terms: Terms) -> str:
    """The issuer's exact address: of the hosted services it is known, of others it is an address we may go to."""
    if known := KNOWN_ISSUERS.get(terms.kind):
        if terms.issuer not in ("", known):
            raise Invalid(
                f"Its issuer is {known}.", "Leave it empty, or choose a server of your own.", field="issuer"
            )
        return known
    if not terms.issuer:
        raise Invalid("Name the issuer.", "It is the iss of your server's tokens.", field="issuer")
    try:
        place = place_of(terms.issuer, settings.CI_ALLOW)
    except BadAddress as problem:
        raise Invalid(str(problem), field="issuer") from problem
    if "?" in place.target or terms.issuer.endswith("/") or len(terms.issuer) > LONGEST_ISSUER:
        raise Invalid(
            "The issuer must be written exactly as in the tokens, without a / or ? at its end.",
            field="issuer",
        )
    return terms.issuer


def _refuse_missing_ids(terms: Terms) -> None:
    """Names are given to others when an account is renamed or deleted; numbers never are."""
    system = SYSTEMS[terms.kind]
    for field, claim in (("owner_id", system.owner_id), ("repository_id", system.repository_id)):
        value = getattr(terms, field)
        if not (value.isascii() and value.isdigit() and len(value) <= 20 and int(value)):
            raise Invalid(
                f"Give the number that stands in the token as {claim}.",
                "A name could belong to somebody else tomorrow.",
                field=field,
            )
    if not terms.repository:
        raise Invalid("Name the repository, for people who read the record.", field="repository")


def _refuse_bad_conditions(terms: Terms) -> None:
    github = SYSTEMS[terms.kind] is GITHUB
    if github and terms.job_project_id:
        raise Invalid("Only GitLab's tokens have a job_project_id.", field="job_project_id")
    if terms.job_project_id and not (terms.job_project_id.isascii() and terms.job_project_id.isdigit()):
        raise Invalid("Give the number of the project.", field="job_project_id")
    if github and terms.git_ref and not terms.git_ref.startswith("refs/"):
        raise Invalid(
            "GitHub writes refs in full.", f"Write it like refs/heads/{terms.git_ref[:40]}.", field="git_ref"
        )
    if terms.workflow and "@" not in terms.workflow:
        raise Invalid(
            "The workflow ends with @ and the ref that it is taken from.",
            "Copy it from the claim as it stands in a token.",
            field="workflow",
        )
    for field, most in (
        ("workflow", 300),
        ("git_ref", 200),
        ("ci_environment", 120),
        ("repository", 200),
        ("team", 80),
    ):
        value = getattr(terms, field)
        if len(value) > most or not value.isprintable():
            raise Invalid(f"At most {most} characters, all of them visible.", field=field)
