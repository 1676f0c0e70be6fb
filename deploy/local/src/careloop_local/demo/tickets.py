"""The tickets of a run as they go through the stations: what was filed, how it is treated, and what becomes of it."""

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from careloop_local.simulator.dice import pick


class Treatment(StrEnum):
    """How the demo's agents deal with a ticket."""

    FIRST_CONTACT = "first_contact"
    """Resolved while the customer is still on the line."""
    PROMPT = "prompt"
    """Answered and then resolved, in time."""
    LATE = "late"
    """Answered and resolved only after its clocks ran out."""
    IGNORED = "ignored"
    """Never touched: it climbs the whole ladder."""


SHARES = {
    Treatment.FIRST_CONTACT: 0.35,
    Treatment.PROMPT: 0.15,
    Treatment.LATE: 0.1,
    Treatment.IGNORED: 0.4,
}
IN_TIME = (Treatment.FIRST_CONTACT, Treatment.PROMPT)
HELPED = (*IN_TIME, Treatment.LATE)


@dataclass(slots=True)
class Ticket:
    ticket_id: str
    treatment: Treatment
    tier: str


@dataclass(slots=True)
class Tickets:
    """What the complaint stations of one run share."""

    filed: dict[str, Ticket] = field(default_factory=dict)
    all_resolved: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once nobody is going to resolve a ticket any more, so that no further question comes."""

    gave_up: bool = False
    """Whether the work on the tickets broke off, so that some of them are going to stay as they are."""

    def give_up(self) -> None:
        self.gave_up = True
        self.all_resolved.set()

    def treated(self, *treatments: Treatment) -> list[Ticket]:
        return [ticket for ticket in self.filed.values() if ticket.treatment in treatments]


def treatment(dice: Random) -> Treatment:
    return pick(dice, SHARES)
