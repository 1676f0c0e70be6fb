"""Batches of interactions as systems of an operator send them."""

import os
import random
from dataclasses import dataclass, field
from datetime import timedelta

from careloop_common import clock

CHANNELS = ("hotline", "app_android", "web", "mini_program", "store_pos", "bss", "oss", "sms")
KINDS = ("call", "browse", "usage", "message", "payment", "complaint", "login", "survey")
SOURCE = f"bench-{os.getpid()}"
RESENT = 0.05
ITEM = (
    '{"customer":{"source":"%s","external_id":"%d"},"channel":"%s","kind":"%s","occurred_at":"%s",'
    '"message_id":"m%d","direction":"inbound","amount":%s,"properties":{"session":"%032x",'
    '"page":"/plans/5g/details","device":{"os":"android","model":"P60","network":"5G"},"duration_ms":%d}}'
)
"""Written as text: the load runs on the machine that is measured, and should cost it little."""


@dataclass
class Load:
    """Batches of interactions, numbered so that each is different."""

    customers: int
    batch: int
    dice: random.Random
    number: int = 0
    recent: list[str] = field(default_factory=list)

    def next(self) -> tuple[list[int], str]:
        """The customers of the new interactions, and the body of the batch, with some old ones in it."""
        dice = self.dice
        resent = dice.sample(self.recent, min(len(self.recent), round(self.batch * RESENT)))
        # One in ten is of somebody busy: a tenth of all interactions are spread by a heavy tail.
        owners = [
            min(int(dice.paretovariate(0.6)) - 1, self.customers - 1)
            if dice.random() < 0.1
            else int(dice.random() * self.customers)
            for _ in range(self.batch - len(resent))
        ]
        at = (clock.now() - timedelta(milliseconds=self.number % 3_600_000)).isoformat()
        self.recent = [self._item(owner, at) for owner in owners]
        return owners, '{"items":[' + ",".join(self.recent + resent) + "]}"

    def _item(self, owner: int, at: str) -> str:
        self.number += 1
        number = self.number
        kind = KINDS[number % 8]
        amount = "59.9" if kind == "payment" else "null"
        channel = CHANNELS[(number * 7 + owner) % 8]
        return ITEM % (SOURCE, owner, channel, kind, at, number, amount, number, number % 60_000)
