"""What there is to say of one metric."""

from dataclasses import dataclass
from typing import Literal

Better = Literal["higher", "lower", "zero", "one", "neither"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure's name for people, one sentence on what it means, and which way is better.

    `headline` puts it among the tiles of a page; `whole` says that it counts something.
    """

    label: str
    meaning: str
    better: Better = "higher"
    headline: bool = False
    whole: bool = False
