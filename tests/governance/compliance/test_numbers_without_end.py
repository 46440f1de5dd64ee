"""A number of thousands of digits is no reason to break: Python itself refuses to read it."""

import pytest

from accounts.refusals import Invalid
from governance.compliance.importing import read_any
from policy.lines import PackError
from registry.card_formats.reading import read_json

ENDLESS = "9" * 10_000


def test_a_framework_with_one_is_refused() -> None:
    with pytest.raises(PackError, match="too long"):
        read_any(f'{{"catalog": {ENDLESS}}}', source="catalog.json")


def test_a_card_with_one_is_refused() -> None:
    with pytest.raises(Invalid, match="too long"):
        read_json(f'{{"version": {ENDLESS}}}')
