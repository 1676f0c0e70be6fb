"""Frequency caps: rolling windows per person, over every campaign.

A contact of any class takes a slot, so that service messages use up the patience they really use up; only care and
marketing are refused for want of one. Calendar days are not used: 23:00 and 00:00 would both pass.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from careloop_campaign.contact.policy.terms import Purpose


@dataclass(frozen=True, slots=True)
class Cap:
    window: timedelta
    care: int
    marketing: int

    def limit(self, purpose: Purpose) -> int | None:
        """None means that the class is never refused."""
        match purpose:
            case Purpose.SERVICE:
                return None
            case Purpose.CARE:
                return self.care
            case Purpose.MARKETING:
                return self.marketing


def exhausted(caps: Iterable[Cap], purpose: Purpose, taken: Iterable[datetime], now: datetime) -> Cap | None:
    """The cap that leaves no slot for one more contact at `now`.

    Slots with a later time than `now` count too: another process's clock may be ahead of this one's.
    """
    slots = tuple(taken)
    for cap in caps:
        limit = cap.limit(purpose)
        if limit is not None and sum(slot > now - cap.window for slot in slots) >= limit:
            return cap
    return None
