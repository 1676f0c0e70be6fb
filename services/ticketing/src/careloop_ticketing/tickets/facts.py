"""What a ticket's policies are decided by."""

from typing import Protocol

from careloop_ticketing.classification.policy import Cause, Severity
from careloop_ticketing.facts import Facts
from careloop_ticketing.vocabulary import Kind, Level, Tier


class Described(Protocol):
    """A ticket as far as rules speak of it."""

    kind: Kind
    channel: str
    language: str
    region: str | None
    vip: bool
    cause: Cause
    tier: Tier
    severity: Severity
    level: Level
    reopened_count: int


def facts_of(ticket: Described) -> Facts:
    return {
        "kind": ticket.kind,
        "channel": ticket.channel,
        "language": ticket.language,
        "region": ticket.region,
        "vip": ticket.vip,
        "cause": ticket.cause,
        "tier": ticket.tier,
        "severity": ticket.severity,
        "level": ticket.level,
        "reopened": ticket.reopened_count,
    }
