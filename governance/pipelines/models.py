"""Which pipelines may ask the gate about which models, and the tokens that were used."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import User
from governance.pipelines.kinds import GITHUB, GITLAB, System
from registry.models import RegisteredModel


class IssuerKind(models.TextChoices):
    """Who signs the tokens."""

    GITHUB = "github", "GitHub Actions on github.com"
    GITHUB_SERVER = "github_server", "GitHub Actions on a server of your own"
    GITLAB = "gitlab", "GitLab CI/CD on gitlab.com"
    GITLAB_SERVER = "gitlab_server", "GitLab CI/CD on a server of your own"


SYSTEMS: dict[str, System] = {
    IssuerKind.GITHUB: GITHUB,
    IssuerKind.GITHUB_SERVER: GITHUB,
    IssuerKind.GITLAB: GITLAB,
    IssuerKind.GITLAB_SERVER: GITLAB,
}
KNOWN_ISSUERS: dict[str, str] = {
    IssuerKind.GITHUB: "https://token.actions.githubusercontent.com",
    IssuerKind.GITLAB: "https://gitlab.com",
}
ALGORITHMS: dict[str, tuple[str, ...]] = {
    IssuerKind.GITHUB: ("RS256",),
    IssuerKind.GITLAB: ("RS256",),
    IssuerKind.GITHUB_SERVER: ("RS256", "ES256"),
    IssuerKind.GITLAB_SERVER: ("RS256", "ES256"),
}
"""What an issuer signs with. A token may not choose anything else."""


class TrustRule(models.Model):
    """One repository whose pipelines may ask the gate. Never changed: switched off, and a new one made."""

    name = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=16, choices=IssuerKind)
    issuer = models.CharField(max_length=250)
    owner_id = models.CharField(
        max_length=20
    )  # of the organisation or group: numbers that are never given again
    repository_id = models.CharField(max_length=20)
    repository = models.CharField(max_length=200)  # its name, for people; never compared
    workflow = models.CharField(max_length=300, blank=True)  # "": any
    job_project_id = models.CharField(max_length=20, blank=True)  # GitLab: where the job itself is defined
    git_ref = models.CharField(max_length=200, blank=True)  # the branch or tag
    ci_environment = models.CharField(max_length=120, blank=True)  # as the CI system calls it
    protected_only = models.BooleanField(default=True)
    named_models = models.ManyToManyField(RegisteredModel, related_name="trust_rules", blank=True)
    team = models.CharField(max_length=80, blank=True)  # or: every model of a team
    environments = models.JSONField()
    reason = models.CharField(max_length=300)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="trust_rules")
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)

    NOT_ATTESTED: ClassVar = {"last_used_at": "each use is on the record by itself"}
    off_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(issuer="") & ~Q(owner_id="") & ~Q(repository_id=""),
                name="trust_rule_names_its_repository",
            )
        ]
        indexes = [models.Index(fields=["issuer", "repository_id"], name="trust_rule_by_repository")]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"pipeline:{self.name}"

    @property
    def system(self) -> System:
        """The CI system that issues its tokens."""
        return SYSTEMS[self.kind]

    @property
    def conditions(self) -> list[tuple[str, str]]:
        """What a token must say beyond owner and repository: claim and value, for those that the rule names."""
        asked = [
            (self.system.workflow, self.workflow),
            ("job_project_id", self.job_project_id),
            ("ref", self.git_ref),
            ("environment", self.ci_environment),
            ("ref_protected", "true" if self.protected_only else ""),
        ]
        return [(claim, value) for claim, value in asked if value]

    def covers(self, *, model: str, environment: str) -> bool:
        """Whether it lets its pipelines ask about this model, by its short name, in this environment."""
        if self.off_at is not None or environment not in self.environments:
            return False
        meant = Q(trust_rules=self)
        if self.team:
            meant |= Q(team=self.team)
        return RegisteredModel.objects.filter(meant, slug=model).exists()


class SpentToken(models.Model):
    """A token that was used, remembered until it would no longer be taken anyway.

    `call` is the SHA-256 of the question with its Idempotency-Key: the same call may be sent again, because its answer
    is remembered; nothing else may be asked with the token.
    """

    NOT_ATTESTED: ClassVar = "Forgotten once the token has run out; what was asked with it is on the record"

    sha256 = models.CharField(max_length=64, unique=True)  # of the issuer and its id for the token
    call = models.CharField(max_length=64, blank=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.sha256[:12]
