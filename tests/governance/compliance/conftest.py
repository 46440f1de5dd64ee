"""A model that lends to people in the Union and in New York, with all that its tier asks for."""

import pytest

from registry.models import ModelVersion, RegisteredModel


@pytest.fixture
def lender(version: ModelVersion) -> RegisteredModel:
    """Of high tier and measured; it declares credit to people."""
    model = version.model
    model.jurisdictions, model.regulated_uses = ["DE", "US-NY"], ["credit"]
    model.save()
    return model
