"""Which formats of artifacts may be loaded: the policy says so, and the layer above knows which policy is in force."""

from collections.abc import Callable

from policy.words import SAFE_FORMATS

_source: list[Callable[[], tuple[str, ...] | None]] = []


def register_formats(source: Callable[[], tuple[str, ...] | None]) -> None:
    """`source` answers what the policy in force allows, None where none is."""
    _source[:] = [source]


def allowed_formats() -> tuple[str, ...]:
    """Without a policy only what runs no code."""
    said = _source[0]() if _source else None
    return SAFE_FORMATS if said is None else said
