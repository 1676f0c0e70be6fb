"""The life of one message: its key, its states, and what follows from what a transport answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from careloop_campaign.contact.policy import Purpose

LEDGER = UUID("6f1d1c3e-6f0b-5b0e-9a86-0c5d8d9f3a41")
BY_MACHINES = frozenset({"retention"})
"""Campaigns whose messages nobody but a machine decided on."""
LEASE = timedelta(seconds=90)
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


OPEN_TO_SUCCESS = frozenset(State) - {State.ACCEPTED, State.FAILED}
"""States in which a late success of the latest attempt still counts: what is known beats what was assumed."""

OPEN_TO_FAILURE = frozenset({State.SUBMITTING, State.UNKNOWN})


def ledger_key(customer_id: UUID, campaign: str, step: str, occurrence: str) -> UUID:
    """One message for each decision to send. No run and no attempt takes part, so a repeated decision is the same row."""
    return uuid5(LEDGER, "\x1f".join((str(customer_id), campaign, step, occurrence)))


@dataclass(frozen=True, slots=True)
class Plan:
    """A decision to send one message. `step` and `occurrence` say which one of the campaign it is."""

    customer_id: UUID
    purpose: Purpose
    template: str
    campaign: str
    step: str
    occurrence: str
    expires_at: datetime
    reference: str | None = None
    values: Mapping[str, str | int | None] = field(default_factory=dict)
    channel: str | None = None
    """The channel that the customer used, tried first where it is one that we can write on."""
    immediate: bool = False

    @property
    def message_id(self) -> UUID:
        return ledger_key(self.customer_id, self.campaign, self.step, self.occurrence)


def retry_delay(attempts: int) -> timedelta:
    return BACKOFF[min(max(attempts, 1), len(BACKOFF)) - 1]


def after_lost_answer(*, service_class: bool, possible_duplicate: bool) -> State:
    """Nobody knows whether it was delivered. Only a service message is tried again, once, marked as a possible duplicate."""
    return State.PLANNED if service_class and not possible_duplicate else State.UNKNOWN


def lease_until(now: datetime) -> datetime:
    return now + LEASE
