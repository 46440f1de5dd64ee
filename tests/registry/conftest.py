from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from audit.models import Event
from registry.models import RegisteredModel
from tests.builders import a_model

Verbs = Callable[[], list[str]]


@pytest.fixture
def model(cast: SimpleNamespace) -> RegisteredModel:
    """Olga's credit model, which Dev develops."""
    return a_model(cast)


@pytest.fixture
def verbs(db: None) -> Verbs:
    """What was recorded, oldest first."""
    return lambda: list(Event.objects.order_by("id").values_list("verb", flat=True))


@pytest.fixture
def leftovers(own_files: Path) -> Callable[[], list[str]]:
    """Every stored or half-stored file, by its path under the media folder."""

    def leftovers() -> list[str]:
        media = own_files / "files"
        return sorted(path.relative_to(media).as_posix() for path in media.rglob("*") if path.is_file())

    return leftovers
