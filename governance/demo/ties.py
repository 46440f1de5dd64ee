"""The demo's versions came from the default tracking store by hand; from here on they follow it like any others."""

from collections.abc import Iterable

from django.utils import timezone

from registry.actions.servers import default_server
from registry.models import ModelVersion, TrackedModel, VersionSource
from registry.tracked import tie, tie_version


def tie_to_store(versions: Iterable[ModelVersion]) -> None:
    """Tie each registered model of the store to its model here, and the versions that came from it."""
    server, ties = default_server(at=timezone.now()), dict[str, TrackedModel]()
    for version in versions:
        if version.source != VersionSource.MLFLOW:
            continue
        name = version.source_uri.removeprefix("models:/").rpartition("/")[0]
        if name not in ties:
            ties[name] = tie(server=server, name=name, model=version.model, at=timezone.now(), older={})
        tie_version(ties[name], version)
