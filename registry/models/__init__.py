"""What exists: models, their versions with every file's digest, data sets, cards and deployments.

A version never changes once it is registered: new bytes are a new version. Cards change by new revisions.
"""

from registry.models.cards import CardComment, CardRevision
from registry.models.datasets import Classification, Dataset, DatasetRole
from registry.models.deployments import (
    RUNNING,
    UNDECIDED,
    Deployment,
    DeploymentStatus,
    Environment,
    Strategy,
)
from registry.models.mlflow import (
    DEFAULT_SERVER,
    HookDelivery,
    SyncRun,
    SyncStatus,
    TrackedModel,
    TrackingServer,
)
from registry.models.teams import Team
from registry.models.uses import (
    NEVER,
    CustomField,
    FieldKind,
    Lifecycle,
    ModelDependency,
    ModelKind,
    ModelTag,
    Origin,
    RegisteredModel,
)
from registry.models.versions import ArtifactFile, ModelVersion, Upload, VersionSource

__all__ = [
    "DEFAULT_SERVER",
    "RUNNING",
    "UNDECIDED",
    "NEVER",
    "ArtifactFile",
    "CardComment",
    "CardRevision",
    "Classification",
    "CustomField",
    "Dataset",
    "DatasetRole",
    "Deployment",
    "DeploymentStatus",
    "Environment",
    "FieldKind",
    "HookDelivery",
    "Lifecycle",
    "ModelDependency",
    "ModelKind",
    "ModelTag",
    "ModelVersion",
    "Origin",
    "RegisteredModel",
    "Strategy",
    "SyncRun",
    "SyncStatus",
    "Team",
    "TrackedModel",
    "TrackingServer",
    "Upload",
    "VersionSource",
]
