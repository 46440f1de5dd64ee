"""The registry's calls. A key acts by its scopes; its owner stands in the record as the person behind it.

Tier and status are judged above the registry: the roof subclasses these views and overrides `standing`.
"""

from registry.api.cards import Card
from registry.api.common import Standings
from registry.api.datasets import DatasetFile, Datasets, DatasetVersion
from registry.api.models import Fields, Model, Models
from registry.api.uploads import UploadFile, Uploads, UploadView
from registry.api.versions import ModelVersionManifest, ModelVersions, ModelVersionView

__all__ = [
    "Card",
    "DatasetFile",
    "DatasetVersion",
    "Datasets",
    "Fields",
    "Model",
    "ModelVersionManifest",
    "ModelVersionView",
    "ModelVersions",
    "Models",
    "Standings",
    "UploadFile",
    "UploadView",
    "Uploads",
]
