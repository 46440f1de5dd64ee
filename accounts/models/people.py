"""People, the roles that they hold, what they are told, and the keys of pipelines."""

from datetime import datetime
from functools import cached_property
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models


class Role(models.TextChoices):
    """What a person may be asked to do. Independence is judged per version, not here."""

    OWNER = "owner", "Owner"
    DEVELOPER = "developer", "Developer"
    VALIDATOR = "validator", "Validator"
    RISK_OFFICER = "risk_officer", "Risk officer"
    COMPLIANCE_OFFICER = "compliance_officer", "Compliance officer"
    ETHICS_COMMITTEE = "ethics_committee", "Ethics committee member"
    BUSINESS_APPROVER = "business_approver", "Business approver"
    AUDITOR = "auditor", "Auditor"
    ADMINISTRATOR = "administrator", "Administrator"


SIGNING_ROLES = (
    Role.VALIDATOR,
    Role.RISK_OFFICER,
    Role.COMPLIANCE_OFFICER,
    Role.ETHICS_COMMITTEE,
    Role.BUSINESS_APPROVER,
)


class Theme(models.TextChoices):
    """Light, dark, or as the reader's system says."""

    SYSTEM = "system", "As the system"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class MailChoice(models.TextChoices):
    """How notices reach a person beside the inbox."""

    EACH = "each", "An e-mail for each"
    DIGEST = "digest", "One e-mail a day"
    NONE = "none", "No e-mail"


class User(AbstractUser):
    """A person. Never deleted: their name stands in the record."""

    theme = models.CharField(max_length=8, choices=Theme, default=Theme.SYSTEM)
    mail = models.CharField(max_length=8, choices=MailChoice, default=MailChoice.EACH)
    language = models.CharField(
        max_length=8, null=True, blank=True
    )  # of pages; None: as the organisation reads

    NOT_ATTESTED: ClassVar = {
        "password": "Django writes a stronger hash at a sign-in by itself",
        "last_login": "each sign-in is an event of its own",
        "email": "nothing is decided by it, and the record could never forget it",
        "theme": "a taste",
        "mail": "a taste",
        "language": "a taste",
    }

    class Meta:
        ordering = ["username"]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    @property
    def name(self) -> str:
        """The name that the record and the pages show."""
        return str(self)

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"user:{self.username}"

    @cached_property
    def roles(self) -> frozenset[str]:
        """Roles held now."""
        return frozenset(self.grants.values_list("role", flat=True))

    @property
    def role_labels(self) -> list[str]:
        """The words for the roles held, in the order of Role."""
        return [role.label for role in Role if role.value in self.roles]

    def holds(self, *roles: str) -> bool:
        """Whether the person holds any of these roles."""
        return not self.roles.isdisjoint(roles)

    @property
    def is_administrator(self) -> bool:
        """Administrators manage people and keys; they cannot sign by that role."""
        return self.holds(Role.ADMINISTRATOR)


class RoleGrant(models.Model):
    """One role of one person, and who gave it."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=32, choices=Role)
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    granted_at = models.DateTimeField()
    provider = models.CharField(max_length=40, blank=True)  # the identity provider whose groups gave it

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "role"], name="one_grant_per_role")]

    def __str__(self) -> str:
        return f"{self.user} as {self.get_role_display()}"


class Scope(models.TextChoices):
    """What a key may do."""

    GATE = "gate", "Ask the gate and report deployments"
    REGISTRY_READ = "registry:read", "Read the registry"
    REGISTRY_WRITE = "registry:write", "Register models, versions and data sets"
    EVALUATIONS_READ = "evaluations:read", "Read evaluations"
    EVALUATIONS_WRITE = "evaluations:write", "Start evaluations"
    FINDINGS_READ = "findings:read", "Read findings"
    FINDINGS_WRITE = "findings:write", "Raise findings"
    RISKS_READ = "risks:read", "Read the risk register"
    AUDIT_READ = "audit:read", "Read the audit trail"
    REPORTS_READ = "reports:read", "Read reports"
    REPORTS_WRITE = "reports:write", "Make reports"


class ApiKey(models.Model):
    """A pipeline's key. Only its SHA-256 is kept; the key itself is shown once."""

    name = models.CharField(max_length=80, unique=True)
    prefix = models.CharField(max_length=16, unique=True)
    sha256 = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="keys")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    NOT_ATTESTED: ClassVar = {"last_used_at": "each use is on the record by itself"}

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        """Stable text for the audit trail."""
        return f"key:{self.name}"

    def is_live(self, at: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)

    @property
    def is_authenticated(self) -> bool:
        """A key that has come this far has proved itself; REST framework asks for the attribute."""
        return True


class Notice(models.Model):
    """Something a person should know or do, in their inbox and by e-mail as they chose."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=32)  # what it is about, such as "review.assigned"
    text = models.CharField(max_length=300)
    url = models.CharField(max_length=300)  # where to act, a path of this site
    key = models.CharField(max_length=160)  # the same thing is never told twice
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    mail_at = models.DateTimeField(null=True, blank=True)  # when to send or try again; None: not (any more)
    mailed_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)

    NOT_ATTESTED: ClassVar = "Tells a person of what is on the record; nothing is decided by it"

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="notice_once")]
        indexes = [models.Index(fields=["mail_at"], name="notice_to_mail")]

    def __str__(self) -> str:
        return self.text
