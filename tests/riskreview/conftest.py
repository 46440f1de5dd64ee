from collections.abc import Callable
from types import SimpleNamespace

import pytest

from audit.models import Event
from registry.models import ModelVersion
from riskreview.models import Review
from tests.builders import active_policy, ready_to_sign

Verbs = Callable[[], list[str]]


@pytest.fixture
def version(cast: SimpleNamespace) -> ModelVersion:
    """A high-tier version for which production lacks nothing but two signatures; Dev submitted it."""
    active_policy(cast)
    return ready_to_sign(cast)


@pytest.fixture
def review(version: ModelVersion) -> Review:
    """Its review for production."""
    return Review.objects.select_related("version__model").get(version=version)


@pytest.fixture
def refusals(db: None) -> Callable[[], list[str]]:
    """The reasons of the sign-offs that were refused, oldest first."""
    return lambda: [
        event.detail["reason"] for event in Event.objects.filter(verb="review.sign_refused").order_by("id")
    ]
