"""What a ticket's policies are decided by."""

from collections.abc import Sequence
from typing import Any, Protocol

from careloop_ticketing.classification.policy import Cause, Emotion, Severity
from careloop_ticketing.facts import Facts
from careloop_ticketing.sla.policy.terms import Moment
from careloop_ticketing.vocabulary import OPEN, Kind, Level, Milestone, Status, Tier


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

    @property
    def milestones(self) -> Sequence[str]: ...


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
    if not seen:
        return seen
    if ticket.assignee_id:
        seen |= {Moment.ASSIGNED, Moment.TAKEN}
    if ticket.reopened_count:
        seen.add(Moment.REOPENED)
    return seen.union(map(Moment, ticket.milestones))


def past_of(ticket: Progressing) -> set[Moment]:
    """What may have happened to a ticket at any time, be it said again since."""
    if ticket.status not in OPEN:
        return set(Moment)
    past = seen_by(ticket) | {Moment.CLASSIFIED, Moment.ASSIGNED, Moment.TAKEN, Moment.CUSTOMER_WROTE}
    if ticket.reopened_count:
        past.add(Moment.RESOLVED)
    if Milestone.VISIT_NEEDED in ticket.milestones:
        past.add(Moment.VISITED)
    return past


def place(ticket: Placed) -> dict[str, Any]:
    """Who is responsible, as the history says it."""
    return {"assignee_id": ticket.assignee_id, "level": ticket.level.value, "team": ticket.team}


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
