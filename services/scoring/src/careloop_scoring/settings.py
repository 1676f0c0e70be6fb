from datetime import time
from typing import Self

from careloop_common import zones
from careloop_common.settings import ServiceSettings, settings_config
from pydantic import field_validator, model_validator

from careloop_scoring.scores.policy import Thresholds


class Settings(ServiceSettings):
    model_config = settings_config("SCORING_")

    port: int = 8004
    run_every_hours: float | None = None
    """A run this long after the last scheduled one; takes the place of the daily time."""
    run_daily_at: time | None = time(2, 30)
    """Wall-clock time of the nightly run; neither of the two means no scheduled runs."""
    run_timezone: str = "UTC"
    chunk: int = 1000
    """Customers scored in one transaction."""
    train_rows: int = 100_000
    """Most customers that a training looks at; of more, a sample by hash."""
    retrain_days: int = 30
    """Age at which a run with `train: auto` trains again."""
    cut_point_days: int = 90
    """Age at which the cut points of segments and tiers are drawn again."""
    medium_at: float = 0.3
    """Churn probability from which a customer is in the medium band."""
    warn_at: float = 0.6
    """Churn probability from which a customer is at risk: high band, warning tier, one warning."""
    rearm_below: float = 0.45
    """A warned customer is warned again only after the probability was below this."""
    change_tolerance: float = 0.05
    """A probability that moved less than this is no changed score."""

    @field_validator("run_timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        return zones.zone(name).key

    @model_validator(mode="after")
    def _thresholds_rise(self) -> Self:
        self.thresholds()
        return self

    def thresholds(self) -> Thresholds:
        return Thresholds(self.medium_at, self.warn_at, self.rearm_below, self.change_tolerance)
