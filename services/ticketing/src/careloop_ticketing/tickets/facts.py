"""What a ticket's policies are decided by."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from careloop_ticketing.classification.policy import Cause, Emotion, Severity
from careloop_ticketing.facts import Facts
from careloop_ticketing.sla.policy.clock import State
from careloop_ticketing.sla.policy.terms import Moment
from careloop_ticketing.sla.policy.watches import Watch
from careloop_ticketing.vocabulary import Kind, Level, Status, Tier


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
    product: str | None
    emotion: Emotion
    level: Level
    reopened_count: int


class Progressing(Protocol):
    """A ticket as far as it has come."""

    status: Status
    assignee_id: str | None
    reopened_count: int


class Placed(Protocol):
    """A ticket as far as somebody is responsible for it."""

    assignee_id: str | None
    level: Level
    team: str | None


_SEEN = {
    Status.RECEIVED: {Moment.OPENED},
    Status.CLASSIFIED: {Moment.OPENED, Moment.CLASSIFIED},
    Status.HANDLING: {Moment.OPENED, Moment.CLASSIFIED, Moment.RESPONDED},
    Status.WAITING: {Moment.OPENED, Moment.CLASSIFIED, Moment.RESPONDED},
}


def seen_by(ticket: Progressing) -> set[Moment]:
    """What has happened to an open ticket already; nothing counts any more once it is resolved."""
    seen = set(_SEEN.get(ticket.status, ()))
    if seen and ticket.assignee_id:
        seen.add(Moment.ASSIGNED)
    if seen and ticket.reopened_count:
        seen.add(Moment.REOPENED)
    return seen


def place(ticket: Placed) -> dict[str, Any]:
    """Who is responsible, as the history says it."""
    return {"assignee_id": ticket.assignee_id, "level": ticket.level.value, "team": ticket.team}


class Listed(Described, Progressing, Protocol):
    """A ticket as far as rules speak of it that choose for a list."""

    team: str | None
    customer_id: UUID | None
    opened_at: datetime
    responded_at: datetime | None
    resolved_at: datetime | None


def listed_facts(ticket: Listed, clocks: Iterable[Watch], now: datetime) -> Facts:
    """What such rules may say of a ticket in hand, with every clock that it had: as `choices` says it to the database."""
    had = list(clocks)
    running = [one.due_at for one in had if one.state is State.RUNNING and one.due_at is not None]
    late = any(one.breached_at is not None for one in had) or any(due_at <= now for due_at in running)
    return {
        **facts_of(ticket),
        "status": ticket.status,
        "assignee_id": ticket.assignee_id,
        "team": ticket.team,
        "customer_id": None if ticket.customer_id is None else str(ticket.customer_id),
        "opened_at": ticket.opened_at,
        "responded_at": ticket.responded_at,
        "resolved_at": ticket.resolved_at,
        "due_at": min(running, default=None),
        "breached": late,
    }


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
        "product": ticket.product,
        "emotion": ticket.emotion,
        "level": ticket.level,
        "reopened": ticket.reopened_count,
    }
