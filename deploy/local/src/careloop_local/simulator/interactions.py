"""Streams of interactions with a daily rhythm: the busy customer, the busy channel, the busy hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Protocol
from zoneinfo import ZoneInfo

from careloop_local.simulator.channels import CHANNELS, Channel
from careloop_local.simulator.dice import stream

ZONE = ZoneInfo("Asia/Shanghai")
DAYS = 30


class Party(Protocol):
    """Whoever interacts: a simulated customer, or one that was imported from somewhere else."""

    @property
    def customer_no(self) -> str: ...
    @property
    def left_on(self) -> date | None: ...
    @property
    def monthly_fee(self) -> float: ...
    @property
    def complaints_90d(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Interaction:
    """One contact. `number` is unique in its stream, and stays the same when the stream is sent again."""

    number: int
    customer_no: str
    channel: str
    kind: str
    occurred_at: datetime
    amount: float | None


def simulate(
    customers: Sequence[Party], count: int, *, seed: int, today: date, days: int = DAYS
) -> list[Interaction]:
    """The last `days` before today, in order of time; who left is silent from the day of leaving on."""
    if not customers:
        return []
    dice = stream(seed, "interactions")
    weights = [_liveliness(dice, customer) for customer in customers]
    chosen = dice.choices(customers, weights=weights, k=count)
    channels = dice.choices(CHANNELS, weights=[channel.share for channel in CHANNELS], k=count)
    drawn = [
        _draw(dice, customer, channel, today, days)
        for customer, channel in zip(chosen, channels, strict=True)
    ]
    drawn.sort(key=lambda row: row[0])
    return [
        Interaction(number, customer.customer_no, channel, kind, at, amount)
        for number, (at, customer, channel, kind, amount) in enumerate(drawn, start=1)
    ]


def _liveliness(dice: Random, customer: Party) -> float:
    """A few customers call often: a heavy tail, longer for those with complaints."""
    return dice.gammavariate(0.8, 1.0) * (1 + 0.5 * min(customer.complaints_90d, 4)) + 0.02


def _draw(
    dice: Random, customer: Party, channel: Channel, today: date, days: int
) -> tuple[datetime, Party, str, str, float | None]:
    last = min(today, customer.left_on) if customer.left_on else today
    day = last - timedelta(days=dice.randint(1, days))
    hour = dice.choices(range(24), weights=channel.rhythm)[0]
    at = datetime.combine(
        day, time(hour, dice.randrange(60), dice.randrange(60), dice.randrange(1000) * 1000), tzinfo=ZONE
    )
    kind = dice.choices(list(channel.kinds), weights=list(channel.kinds.values()))[0]
    return at, customer, channel.code, kind, _amount(dice, kind, customer)


def _amount(dice: Random, kind: str, customer: Party) -> float | None:
    match kind:
        case "payment" | "bill":
            return customer.monthly_fee
        case "order":
            return round(dice.lognormvariate(3.4, 0.8), 2)
        case _:
            return None
