from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django.fixtures import Settings

from audit.actions import record
from audit.actor import Actor
from audit.models import Event
from audit.verbs import Verb

ADA = Actor("user:ada", "Ada Okafor", "session", "req-1")
CI = Actor("key:ci-retail", "CI retail", "api key")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)

Happen = Callable[[int], list[Event]]


@pytest.fixture(autouse=True)
def own_keys(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signing keys of this test alone."""
    settings.VAR_DIR = tmp_path
    settings.COUNTERSIGN_ORIGIN = "countersign.example/log"
    settings.COUNTERSIGN_GENERATE_KEYS = True
    for name in ("COUNTERSIGN_LOG_KEY", "COUNTERSIGN_ATTESTATION_KEY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)


@pytest.fixture
def happen() -> Happen:
    """Record a number of gate decisions, a second apart."""

    def happen(count: int) -> list[Event]:
        with transaction.atomic():
            return [
                record(
                    Verb.GATE_DENIED,
                    subject="model:credit-default/version:3/environment:production",
                    actor=CI,
                    at=NOON + timedelta(seconds=n),
                    detail={"attempt": n},
                )
                for n in range(count)
            ]

    return happen
