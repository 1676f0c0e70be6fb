"""What the answers of people say about a model."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Band:
    """Answers to questions of about one probability."""

    least: float
    accepted: int
    rejected: int

    @property
    def precision(self) -> float:
        return self.accepted / (self.accepted + self.rejected)


def precision(bands: Iterable[Band]) -> float | None:
    """The share of questions to which people said yes; None before anybody said anything."""
    answers = [(band.accepted, band.rejected) for band in bands]
    accepted, rejected = sum(one for one, _ in answers), sum(other for _, other in answers)
    return accepted / (accepted + rejected) if accepted + rejected else None
