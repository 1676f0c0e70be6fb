"""Moments at which a rule has to say what it says now."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from careloop_common.rules.values import MICROSECOND

_FAR = timedelta(days=4_000)


def before(change: datetime | None, now: datetime, dice: random.Random) -> Iterator[datetime]:
    """Moments from `now` to just before `change`, some anywhere and some close to either end; far ones if there is none."""
    span = ((change - now) if change else _FAR) // MICROSECOND
    yield now + (span - 1) * MICROSECOND
    for _ in range(6):
        near = min(span, 10 ** dice.randrange(1, 16))
        yield now + dice.randrange(span) * MICROSECOND
        yield now + dice.randrange(near) * MICROSECOND
        yield now + (span - 1 - dice.randrange(near)) * MICROSECOND
