"""Bands, warnings and what counts as a change. Pure decisions over numbers that a run has worked out."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from careloop_scoring.churn.reasons import Driver, Reason
from careloop_scoring.rfm.policy import Placement


class Band(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Basis(StrEnum):
    """The step of the fallback ladder that gave the probability."""

    MODEL = "model"
    PREVIOUS_MODEL = "previous_model"
    RULES = "rules"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """A customer is at risk from `warn_at` on, and until the probability falls below `rearm_below`."""

    medium_at: float = 0.3
    warn_at: float = 0.6
    rearm_below: float = 0.45
    tolerance: float = 0.05

    def __post_init__(self) -> None:
        if not 0 <= self.medium_at <= self.rearm_below <= self.warn_at <= 1:
            raise ValueError("thresholds must rise: medium_at <= rearm_below <= warn_at")


@dataclass(frozen=True, slots=True)
class Episode:
    """`at_risk` lasts from the upper threshold down to the lower one; one warning belongs to it."""

    at_risk: bool = False
    warned: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    probability: float
    band: str
    rfm_segment: str | None
    tier: str


def advance(episode: Episode, probability: float, thresholds: Thresholds) -> Episode:
    if probability >= thresholds.warn_at:
        return Episode(at_risk=True, warned=episode.warned and episode.at_risk)
    if probability < thresholds.rearm_below:
        return Episode()
    return episode


def band(probability: float, episode: Episode, thresholds: Thresholds) -> Band:
    """High for the whole episode, so that a band flaps no more than a warning does."""
    if episode.at_risk:
        return Band.HIGH
    return Band.MEDIUM if probability >= thresholds.medium_at else Band.LOW


def changed(published: Verdict | None, verdict: Verdict, thresholds: Thresholds) -> bool:
    """Against what was last published, so that many small steps add up to one change."""
    if published is None:
        return True
    if (published.band, published.rfm_segment, published.tier) != (
        verdict.band,
        verdict.rfm_segment,
        verdict.tier,
    ):
        return True
    return abs(published.probability - verdict.probability) >= thresholds.tolerance


@dataclass(frozen=True, slots=True)
class Held:
    """What is stored of a customer from earlier runs."""

    episode: Episode = Episode()
    published: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A run's word on one customer. `episode` is the one after this run."""

    customer_id: UUID
    basis: Basis
    model_version: str | None
    verdict: Verdict
    placement: Placement | None
    driver: Driver | None
    reasons: tuple[Reason, ...]
    episode: Episode
    before: Held
    warn: bool
    change: bool
