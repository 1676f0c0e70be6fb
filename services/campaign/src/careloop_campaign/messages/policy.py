"""The life of one message: its key, its states, and what follows from what a transport answered."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

LEDGER = UUID("6f1d1c3e-6f0b-5b0e-9a86-0c5d8d9f3a41")
LEASE = timedelta(seconds=60)
BACKOFF = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))


class State(StrEnum):
    PLANNED = "planned"
    RESERVED = "reserved"
    SUBMITTING = "submitting"
    ACCEPTED = "accepted"
    FAILED = "failed"
    UNKNOWN = "unknown"
    WITHHELD = "withheld"
    DEFERRED = "deferred"


SLOT_HELD = frozenset({State.RESERVED, State.SUBMITTING, State.ACCEPTED, State.UNKNOWN})
"""States in which a message counts as a contact."""

OVERTAKEN_BY_RESULT = frozenset(
    {State.SUBMITTING, State.UNKNOWN, State.PLANNED, State.RESERVED, State.DEFERRED}
)
"""States that a late answer to the latest attempt still settles: what is known beats what was assumed."""


def ledger_key(customer_id: UUID, campaign: str, step: str, occurrence: str) -> UUID:
    """One message for each decision to send. No run and no attempt takes part, so a repeated decision is the same row."""
    return uuid5(LEDGER, "\x1f".join((str(customer_id), campaign, step, occurrence)))


@dataclass(frozen=True, slots=True)
class Retry:
    """Known not to be delivered; try again after the delay."""

    after: timedelta


def retry_delay(attempts: int) -> timedelta:
    return BACKOFF[min(max(attempts, 1), len(BACKOFF)) - 1]


def after_lost_answer(*, service_class: bool, possible_duplicate: bool) -> State:
    """Nobody knows whether it was delivered. Only a service message is tried again, once, marked as a possible duplicate."""
    return State.PLANNED if service_class and not possible_duplicate else State.UNKNOWN


def lease_until(now: datetime) -> datetime:
    return now + LEASE
