"""From pairs to persons: what a score leads to, and whether two persons with several customers each are one."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

CERTAIN: Final = 0.99
"""Probability from which nobody needs to look."""
DOUBTFUL: Final = 0.80
"""Probability from which somebody should."""
LOUDEST: Final = 10.0
"""Bits that one pair may speak with for or against two persons: no pair outvotes all others."""


class Verdict(StrEnum):
    MERGE = "merge"
    REVIEW = "review"
    NOTHING = "nothing"


def verdict(probability: float, *, agreed: bool) -> Verdict:
    """What to do about two customers; `agreed` is whether the other customers of their persons are alike as well."""
    if probability >= CERTAIN and agreed:
        return Verdict.MERGE
    return Verdict.REVIEW if probability >= DOUBTFUL else Verdict.NOTHING


def agree(weights: Iterable[float]) -> bool:
    """Whether, over all pairs between two persons, more speaks for one person than against it.

    A pair that is alike by chance, a father and his son, would else join all that hangs on either.
    """
    return sum(max(-LOUDEST, min(LOUDEST, weight)) for weight in weights) > 0


def outcomes(probabilities: Iterable[float]) -> dict[str, int]:
    """How many pairs of these probabilities would be merged, and how many asked about."""
    found = Counter(verdict(one, agreed=True) for one in probabilities)
    return {"merge": found[Verdict.MERGE], "review": found[Verdict.REVIEW]}
