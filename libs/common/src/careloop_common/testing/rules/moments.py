"""Moments at which a rule has to say what it says now."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from careloop_common.rules.values import MICROSECOND

_FAR = timedelta(days=4_000)


def before(change: datetime | None, now: datetime, dice: random.Random) -> Iterator[datetime]:
    """Moments from `now` to just before `change`, some anywhere and some close to either end; far ones if there is none. The
    zone of `now` tells all of them."""
    zone, now = now.tzinfo, now.astimezone(UTC)
    span = ((change - now) if change else _FAR) // MICROSECOND
    yield told(now + (span - 1) * MICROSECOND, zone)
    for _ in range(6):
        near = min(span, 10 ** dice.randrange(1, 16))
        for passed in (dice.randrange(span), dice.randrange(near), span - 1 - dice.randrange(near)):
            yield told(now + passed * MICROSECOND, zone)


def told(moment: datetime, zone: tzinfo | None) -> datetime:
    """A moment of UTC as this zone tells it; as it is where that would be another millennium."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment
