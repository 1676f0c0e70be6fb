"""A ticket's steps as the events that other services see."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from careloop_contracts import (
    TicketAmendedV1,
    TicketArchivedV1,
    TicketAssignedV1,
    TicketCancelledV1,
    TicketClassifiedV1,
    TicketMergedV1,
    TicketMilestoneReachedV1,
    TicketNotedV1,
    TicketOpenedV1,
    TicketPausedV1,
    TicketRejectedV1,
    TicketReleasedV1,
    TicketReopenedV1,
    TicketResolvedV1,
    TicketRespondedV1,
    TicketResumedV1,
    TicketSatisfactionRequestedV1,
    TicketUnmergedV1,
)

from careloop_ticketing.tickets.models import TicketRow
from careloop_ticketing.vocabulary import Level, Milestone


class Named(Protocol):
    """A ticket, or where it stands, as far as these events name it."""

    id: UUID
    number: str
    customer_id: UUID | None
    assignee_id: str | None
    level: Level
    team: str | None


def opened(ticket: TicketRow, *, acknowledge: bool) -> TicketOpenedV1:
    return TicketOpenedV1(
        ticket_id=ticket.id,
        number=ticket.number,
        customer_id=ticket.customer_id,
        kind=ticket.kind.value,
        channel=ticket.channel,
        language=ticket.language,
        region=ticket.region,
        vip=ticket.vip,
        acknowledge=acknowledge,
        opened_at=ticket.opened_at,
    )


def classified(ticket: TicketRow, now: datetime, *, by: str | None = None) -> TicketClassifiedV1:
    """How the ticket is classified now; `by` names who changed that, if not who classified it as a whole."""
    return TicketClassifiedV1(
        ticket_id=ticket.id,
        customer_id=ticket.customer_id,
        cause=ticket.cause.value,
        tier=ticket.tier.value,
        severity=ticket.severity.value,
        product=ticket.product,
        emotion=ticket.emotion.value,
        rule_set=None if ticket.rule_set is None else str(ticket.rule_set),
        rules=tuple(ticket.rules),
        by=by or ticket.classified_by,
        classified_at=now,
    )


def responded(ticket: TicketRow, *, within_target: bool, now: datetime) -> TicketRespondedV1:
    return TicketRespondedV1(
        ticket_id=ticket.id, customer_id=ticket.customer_id, responded_at=now, within_target=within_target
    )


def milestone_reached(
    ticket: TicketRow, milestone: Milestone, *, by: str, now: datetime
) -> TicketMilestoneReachedV1:
    return TicketMilestoneReachedV1(
        ticket_id=ticket.id, customer_id=ticket.customer_id, milestone=milestone.value, by=by, reached_at=now
    )


def resolved(ticket: TicketRow, *, within_target: bool, now: datetime) -> TicketResolvedV1:
    return TicketResolvedV1(
        ticket_id=ticket.id,
        customer_id=ticket.customer_id,
        resolution=ticket.outcome.value if ticket.outcome else None,
        within_target=within_target,
        resolved_at=now,
    )


def satisfaction_requested(ticket: TicketRow, *, expires_at: datetime) -> TicketSatisfactionRequestedV1:
    return TicketSatisfactionRequestedV1(
        ticket_id=ticket.id, customer_id=ticket.customer_id, channel=ticket.channel, expires_at=expires_at
    )


def reopened(ticket: TicketRow, *, reason: str, now: datetime) -> TicketReopenedV1:
    return TicketReopenedV1(
        ticket_id=ticket.id, customer_id=ticket.customer_id, reason=reason, reopened_at=now
    )


def amended(
    ticket: TicketRow, attributes: Sequence[str], before: Mapping[str, Any], *, now: datetime
) -> TicketAmendedV1:
    """`before` is what the history says of it."""
    return TicketAmendedV1(
        ticket_id=ticket.id,
        customer_id=ticket.customer_id,
        customer_before=before.get("customer_id"),
        attributes=tuple(attributes),
        amended_at=now,
    )


def archived(ticket: TicketRow, *, reason: str, now: datetime) -> TicketArchivedV1:
    return TicketArchivedV1(
        ticket_id=ticket.id, customer_id=ticket.customer_id, reason=reason, archived_at=now
    )


def merged(ticket: TicketRow, into: TicketRow, *, now: datetime) -> TicketMergedV1:
    return TicketMergedV1(
        ticket_id=ticket.id,
        customer_id=ticket.customer_id,
        into_ticket_id=into.id,
        into_number=into.number,
        merged_at=now,
    )


def unmerged(ticket: TicketRow, out_of: TicketRow, *, now: datetime) -> TicketUnmergedV1:
    return TicketUnmergedV1(
        ticket_id=ticket.id, customer_id=ticket.customer_id, from_ticket_id=out_of.id, unmerged_at=now
    )


def rejected(ticket: TicketRow, *, reason: str, now: datetime) -> TicketRejectedV1:
    return TicketRejectedV1(
        ticket_id=ticket.id, customer_id=ticket.customer_id, reason=reason, rejected_at=now
    )


def cancelled(ticket: TicketRow, *, reason: str, now: datetime) -> TicketCancelledV1:
    return TicketCancelledV1(
        ticket_id=ticket.id, customer_id=ticket.customer_id, reason=reason, cancelled_at=now
    )


def assigned(ticket: Named, assignee_before: str | None, *, by: str, now: datetime) -> TicketAssignedV1:
    return TicketAssignedV1(
        ticket_id=ticket.id,
        number=ticket.number,
        customer_id=ticket.customer_id,
        assignee_id=ticket.assignee_id,
        assignee_before=assignee_before,
        level=ticket.level.value,
        team=ticket.team,
        by=by,
        assigned_at=now,
    )


def released(
    ticket: Named, assignee_before: str, *, because: str, by: str, now: datetime
) -> TicketReleasedV1:
    return TicketReleasedV1(
        ticket_id=ticket.id,
        number=ticket.number,
        customer_id=ticket.customer_id,
        assignee_before=assignee_before,
        because=because,
        level=ticket.level.value,
        team=ticket.team,
        by=by,
        released_at=now,
    )


def paused(ticket: Named, *, reason: str, clocks: Sequence[str], by: str, now: datetime) -> TicketPausedV1:
    return TicketPausedV1(
        ticket_id=ticket.id,
        number=ticket.number,
        customer_id=ticket.customer_id,
        reason=reason,
        clocks=tuple(clocks),
        by=by,
        paused_at=now,
    )


def resumed(ticket: Named, *, because: str, by: str, now: datetime) -> TicketResumedV1:
    return TicketResumedV1(
        ticket_id=ticket.id,
        number=ticket.number,
        customer_id=ticket.customer_id,
        because=because,
        by=by,
        resumed_at=now,
    )


def noted(ticket: Named, note_id: UUID, *, by: str, now: datetime) -> TicketNotedV1:
    return TicketNotedV1(
        ticket_id=ticket.id,
        number=ticket.number,
        customer_id=ticket.customer_id,
        note_id=note_id,
        by=by,
        noted_at=now,
    )
