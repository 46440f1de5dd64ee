"""Licences by the names of SPDX, where a card names one that has such a name."""

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression


def spdx(text: str) -> str:
    """The identifier or expression of SPDX in its usual case; "" where the text is none."""
    try:
        return str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        return ""
