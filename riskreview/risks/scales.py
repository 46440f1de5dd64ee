"""The scales that risks are rated on, as they stand: the newest that the organisation kept, or the product's own."""

from policy.risk_scales import RiskScales, default_scales, read_scales
from riskreview.models import RiskScale


def current_scales() -> RiskScales:
    """The scales that count now. Raises policy.risk_scales.ScalesError for a row that was tampered with."""
    content = RiskScale.objects.values_list("content", flat=True).first()
    return default_scales() if content is None else read_scales(content)


def word_for_level(level: str) -> str:
    """`High`; `Not rated` for no level."""
    return level.capitalize() if level else "Not rated"
