"""When the run of a night begins."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

LATEST: Final = timedelta(hours=6)
"""How long after its hour a run may still begin: what a night missed is left to the next one, not done by day."""
NEVER: Final = 24


def night_of(now: datetime, zone: ZoneInfo, hour: int) -> date | None:
    """The day of the operator whose run is to begin or has begun by now; None by day, and where there is to be none.

    An hour that the clocks skip is the one after; of one that comes twice the first counts.
    """
    if hour == NEVER:
        return None
    today = now.astimezone(zone).date()
    for day in (today, today - timedelta(days=1)):
        begins = datetime.combine(day, time(hour), zone).astimezone(UTC)
        if begins <= now < begins + LATEST:
            return day
    return None
