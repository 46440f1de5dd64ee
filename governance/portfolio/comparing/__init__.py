"""What changed between two versions of a model: values in, differences out. The page and the API show the same."""

from governance.portfolio.comparing.values import Comparison
from governance.portfolio.comparing.whole import compare

__all__ = ["Comparison", "compare"]
