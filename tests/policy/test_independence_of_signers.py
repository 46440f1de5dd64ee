"""Whoever may not sign is told each reason."""

import pytest

from policy.independence import reasons_against

INVOLVED = {"olga": ("owns this model",), "dev": ("develops this model", "registered this version")}


@pytest.mark.parametrize(
    ("username", "role", "held", "signed", "reasons"),
    [
        ("viktor", "validator", ["validator"], {}, ()),
        ("viktor", "validator", ["validator"], {"viktor": "validator"}, ()),
        ("viktor", "validator", [], {}, ("You do not hold the role validator.",)),
        ("olga", "validator", ["validator"], {}, ("You own this model.",)),
        ("dev", "validator", ["validator"], {}, ("You develop this model.", "You registered this version.")),
        (
            "viktor",
            "risk_officer",
            ["validator", "risk_officer"],
            {"viktor": "validator"},
            ("You already signed as validator, and one person signs for one role only.",),
        ),
        (
            "dev",
            "risk_officer",
            [],
            {"dev": "validator"},
            (
                "You do not hold the role risk officer.",
                "You develop this model.",
                "You registered this version.",
                "You already signed as validator, and one person signs for one role only.",
            ),
        ),
    ],
)
def test_reasons_against_signing(
    username: str, role: str, held: list[str], signed: dict[str, str], reasons: tuple[str, ...]
) -> None:
    found = reasons_against(username, role, involved=INVOLVED, roles_held=held, signed_roles=signed)
    assert found == reasons


def test_reasons_can_be_told_about_somebody_else() -> None:
    found = reasons_against(
        "olga", "validator", involved=INVOLVED, roles_held=[], signed_roles={}, name="Olga Brandt"
    )
    assert found == ("Olga Brandt does not hold the role validator.", "Olga Brandt owns this model.")
