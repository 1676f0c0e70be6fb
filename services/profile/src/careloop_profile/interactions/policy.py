"""From an interaction as a client sends it to a row as it is stored. Pure, and on the hot path."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import NamedTuple

from careloop_profile.interactions.errors import ItemRefused

OLDEST, NEWEST = timedelta(days=400), timedelta(days=1)
"""How far from its arrival an interaction may have happened. What lies outside is a broken clock."""
MAX_PROPERTIES = 32 << 10
_MICROSECOND = timedelta(microseconds=1)
_48_BITS = (1 << 48) - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CODE = re.compile(r"[a-z][a-z0-9_.-]{0,47}")
_DIGITS = 12
"""Of an amount, before the point."""
_FOUR_PLACES = Decimal("0.0001")


class Row(NamedTuple):
    """One interaction on its way to the database, every value as text, empty where there is none.

    `customer_id` or `blind_index` says whose it is; `label` is how a source system calls that customer, for those who
    look at what could not be attached. No value contains a newline.
    """

    uid: str
    customer_id: str
    blind_index: str
    label: str
    channel: str
    kind: str
    at: str
    suspect: str
    direction: str
    amount: str
    properties: str


def microseconds(moment: datetime) -> int:
    """Since 1970: the form in which times travel to the database."""
    return (moment - _EPOCH) // _MICROSECOND


class Arrival:
    """The moment a batch came in, and what times its interactions may claim."""

    __slots__ = ("at", "newest", "oldest")

    def __init__(self, now: datetime, oldest: timedelta = OLDEST) -> None:
        self.at = microseconds(now)
        self.oldest = microseconds(now - oldest)
        self.newest = microseconds(now + NEWEST)

    def occurred(self, claimed: int) -> tuple[int, bool]:
        """When it happened, and whether that is a guess because the sender's clock cannot be right."""
        if self.oldest <= claimed <= self.newest:
            return claimed, False
        return self.at, True


def message_uid(claimed: int, *parts: str) -> str:
    """Equal time and parts, equal id: resent messages are recognised by it. Laid out as an RFC 9562 UUID, version 8.

    It begins with the time that the message claims, so that the key's index grows at one end. A random key would
    dirty a page of the index for every row, and read it back once the index no longer fits in memory.
    """
    digest = blake2b(
        "\0".join((str(claimed), *parts)).encode(), digest_size=9, person=b"careloop.message"
    ).hexdigest()
    return f"{max(0, claimed) // 1000 & _48_BITS:012x}8{digest[:3]}8{digest[3:]}"


def check_kind(kind: str, known: set[str]) -> None:
    """Kinds are the client's own words; `known` remembers those that were found well formed."""
    if kind in known:
        return
    if not _CODE.fullmatch(kind):
        raise ItemRefused("kind_malformed", "kind must match [a-z][a-z0-9_.-]{0,47}")
    if len(known) < 1000:
        known.add(kind)


def money(amount: Decimal) -> str:
    """With four places. What only rounding makes too large would not fit in the database either."""
    # The exponent comes first: arithmetic on 1e999999999 overflows.
    if amount.is_finite() and (not amount or amount.adjusted() < _DIGITS):
        rounded = (amount or Decimal(0)).quantize(_FOUR_PLACES)
        if rounded.adjusted() < _DIGITS:
            return str(rounded)
    raise ItemRefused("amount_out_of_range", "amount must be a number below 10^12")
