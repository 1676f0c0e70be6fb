"""The thresholds, which operators set and which hold from a day on."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Terms:
    """Days, shares and numbers by which stages and tiers are told apart."""

    onboarding_days: int = 90
    silent_days: tuple[int, int, int] = (30, 60, 90)
    left_after_days: int = 180
    """Who has been silent for so long is taken to have left."""
    win_back_days: int = 90
    """How long somebody counts as won back."""
    trend: float = 0.1
    """From which change of usage or revenue on somebody grows or declines."""
    open_complaints: int = 2
    """From so many on somebody declines, whatever the trend."""
    tier_shares: tuple[float, float, float] = (0.01, 0.09, 0.3)
    """How many at most are S, A and B by value; the others are C."""
    tier_periods: int = 2
    """Periods that have to agree before somebody changes the tier."""

    def contradiction(self) -> str | None:
        """What does not go together, if anything does not."""
        if not self.silent_days[0] < self.silent_days[1] < self.silent_days[2] < self.left_after_days:
            return (
                "each degree of silence is longer than the one before, and being away longer than all of them"
            )
        if round(sum(self.tier_shares), 9) > 1:
            return "the shares of the tiers are more than everybody"
        return None


DEFAULT: Final = Terms()
