"""Time zones by the names of the IANA database, which every machine and PostgreSQL know: `Europe/Berlin`, `UTC`.

What one machine happens to have besides (`localtime`, `right/…`) means something else on the next, or nothing.
"""

from datetime import date, datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

_NO_PLACES: Final = frozenset({"localtime", "posixrules", "Factory"})


@cache
def names() -> frozenset[str]:
    """All of them."""
    return frozenset(available_timezones()) - _NO_PLACES


def zone(name: str) -> ZoneInfo:
    """The zone of this name; `ValueError` if there is none."""
    if name not in names():
        raise ValueError(f"{name!r} is no time zone")
    return ZoneInfo(name)


def at(now: datetime, name: str) -> datetime:
    """The moment as the clocks of this zone tell it."""
    return now.astimezone(zone(name))


def name_of(now: datetime) -> str:
    """The zone whose clocks tell this moment: that of `at`, else UTC."""
    return now.tzinfo.key if isinstance(now.tzinfo, ZoneInfo) else "UTC"


def day_of(now: datetime, name: str) -> date:
    """The day that it is in this zone."""
    return at(now, name).date()
