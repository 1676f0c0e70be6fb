"""What ticketing publishes: the life of a ticket from intake to archive."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from careloop_contracts.customer import ErasureDone
from careloop_contracts.event import Event, Record
from careloop_contracts.vocabulary import Cause, TicketTier


class TicketOpenedV1(Event, entity="ticket", name="opened", version=1, key="ticket_id"):
    """A complaint or enquiry was taken in."""

    ticket_id: UUID
    number: str
    customer_id: UUID | None = None
    kind: str
    channel: str
    language: str | None = None
    region: str | None = None
    vip: bool = False
    acknowledge: bool = True
    """Whether a machine may tell the customer that it came in: not where a machine seems to have written, or to answer."""
    opened_at: datetime


class TicketClassifiedV1(Event, entity="ticket", name="classified", version=1, key="ticket_id"):
    """A rule set, or a person, decided cause, tier and severity, what it is about and in what state the customer is."""

    ticket_id: UUID
    customer_id: UUID | None = None
    cause: Cause
    tier: TicketTier
    severity: str
    product: str | None = None
    emotion: str | None = None
    rule_set: str | None = None
    rules: tuple[str, ...] = ()
    by: str
    classified_at: datetime


class TicketRespondedV1(Event, entity="ticket", name="responded", version=1, key="ticket_id"):
    """The customer got the first answer."""

    ticket_id: UUID
    customer_id: UUID | None = None
    responded_at: datetime
    within_target: bool | None = None


class TicketMilestoneReachedV1(Event, entity="ticket", name="milestone_reached", version=1, key="ticket_id"):
    """The work has come this far: `diagnosed`, `visit_needed`, `visited`."""

    ticket_id: UUID
    customer_id: UUID | None = None
    milestone: str
    by: str
    reached_at: datetime


class TicketAssignedV1(Event, entity="ticket", name="assigned", version=1, key="ticket_id"):
    """The ticket went to a person, a level or a team."""

    ticket_id: UUID
    number: str
    customer_id: UUID | None = None
    assignee_id: str | None = None
    """None if it waits for somebody there."""
    assignee_before: str | None = None
    level: str
    team: str | None = None
    by: str
    assigned_at: datetime


class TicketReleasedV1(Event, entity="ticket", name="released", version=1, key="ticket_id"):
    """Who held the ticket does not any more: it waits for somebody."""

    ticket_id: UUID
    number: str
    customer_id: UUID | None = None
    assignee_before: str
    because: str
    """`given_back`, `off_duty`, or `escalated` to the next level."""
    level: str
    team: str | None = None
    by: str
    released_at: datetime


class TicketPausedV1(Event, entity="ticket", name="paused", version=1, key="ticket_id"):
    """The ticket waits for others, and those of its clocks that may wait stand still."""

    ticket_id: UUID
    number: str
    customer_id: UUID | None = None
    reason: str
    clocks: tuple[str, ...] = ()
    by: str
    paused_at: datetime


class TicketResumedV1(Event, entity="ticket", name="resumed", version=1, key="ticket_id"):
    """The wait is over."""

    ticket_id: UUID
    number: str
    customer_id: UUID | None = None
    because: str
    """`asked` for, `customer_wrote`, `not_allowed` any more by what the ticket has become, or `undone`: it was none."""
    by: str
    resumed_at: datetime


class TicketNotedV1(Event, entity="ticket", name="noted", version=1, key="ticket_id"):
    """Somebody wrote a note; its text stays in ticketing."""

    ticket_id: UUID
    number: str
    customer_id: UUID | None = None
    note_id: UUID
    by: str
    noted_at: datetime


class NoticedTicket(Record):
    """What a notice is about."""

    notice_id: UUID
    ticket_id: UUID
    number: str
    role: str
    """As what they are told: assignee, team_lead, holder, deputy, fallback, watcher, nobody."""
    level: str | None = None
    clock: str | None = None
    step: str | None = None
    also: tuple[str, ...] = ()
    """What else happened to the ticket at that instant."""
    due_at: datetime | None = None
    asks: bool = False
    """Whether it waits for somebody to acknowledge the ticket's escalation."""


class TicketNoticedV1(Event, entity="ticket", name="noticed", version=1, key="recipient"):
    """Somebody is to be told of something that happened to tickets: for gateways that carry it to them."""

    recipient: str
    """Id of an agent; empty where nobody was there to be told."""
    channels: tuple[str, ...]
    """How they want to be told, in their order: in_app, email, sms, im, phone. Addresses are the gateway's to know."""
    reason: str
    tickets: tuple[NoticedTicket, ...]
    by: str
    noticed_at: datetime


class TicketEscalatedV1(Event, entity="ticket", name="escalated", version=1, key="ticket_id"):
    """A step of the escalation ladder was taken."""

    ticket_id: UUID
    customer_id: UUID | None = None
    step: str
    level: int
    action: str
    reason: str
    clock: str | None = None
    due_at: datetime | None = None
    escalated_at: datetime
    target: str | None = None
    notice: bool = True
    """Whether to tell the target: not of a step that a later one, taken at the same instant, has overtaken."""
    also: tuple[str, ...] = ()
    """The clocks and steps that this one has overtaken, for the one notice to mention."""
    people: tuple[str, ...] = ()
    """Ids of those who are told in the name of the target; none if nobody was there to be told."""


class TicketSlaBreachedV1(Event, entity="ticket", name="sla_breached", version=1, key="ticket_id"):
    """A clock ran out."""

    ticket_id: UUID
    customer_id: UUID | None = None
    clock: str
    target_seconds: int
    due_at: datetime
    breached_at: datetime
    by_change: bool = False
    """Whether a change of its terms made it late, and no delay of anybody's."""


class TicketSlaRecalculatedV1(Event, entity="ticket", name="sla_recalculated", version=1, key="ticket_id"):
    """A calendar or a policy changed, and a running clock is due at another time, has begun or has ended."""

    ticket_id: UUID
    customer_id: UUID | None = None
    clock: str
    because: str
    effect: str = "moved"
    """`moved`, or `begun` and `ended`: the policy has added the clock, or does not have it."""
    due_before: datetime | None = None
    due_after: datetime | None = None
    late_by_change: bool = False
    recalculated_at: datetime


class TicketResolvedV1(Event, entity="ticket", name="resolved", version=1, key="ticket_id"):
    """A remedy was found and told."""

    ticket_id: UUID
    customer_id: UUID | None = None
    resolution: str | None = None
    within_target: bool | None = None
    resolved_at: datetime


class TicketSatisfactionRequestedV1(
    Event, entity="ticket", name="satisfaction_requested", version=1, key="ticket_id"
):
    """The customer is to be asked how it went, until `expires_at`."""

    ticket_id: UUID
    customer_id: UUID | None = None
    channel: str
    expires_at: datetime


class TicketSatisfactionReceivedV1(
    Event, entity="ticket", name="satisfaction_received", version=1, key="ticket_id"
):
    """The customer answered; the comment itself stays in ticketing."""

    ticket_id: UUID
    customer_id: UUID | None = None
    score: int = Field(ge=1, le=5)
    comment_present: bool = False
    late: bool = False
    received_at: datetime


class TicketReopenedV1(Event, entity="ticket", name="reopened", version=1, key="ticket_id"):
    """A resolved ticket is open again."""

    ticket_id: UUID
    customer_id: UUID | None = None
    reason: str
    reopened_at: datetime


class TicketArchivedV1(Event, entity="ticket", name="archived", version=1, key="ticket_id"):
    """The ticket is closed for good."""

    ticket_id: UUID
    customer_id: UUID | None = None
    reason: str
    archived_at: datetime


class TicketAmendedV1(Event, entity="ticket", name="amended", version=1, key="ticket_id"):
    """What was taken down was corrected. The words of a text are in no event, only that it changed."""

    ticket_id: UUID
    customer_id: UUID | None = None
    """Whose ticket it is now."""
    customer_before: UUID | None = None
    """Whose it was, if it was another's."""
    attributes: tuple[str, ...]
    amended_at: datetime


class TicketMergedV1(Event, entity="ticket", name="merged", version=1, key="ticket_id"):
    """The ticket is about the same as another one, and goes on there."""

    ticket_id: UUID
    customer_id: UUID | None = None
    into_ticket_id: UUID
    into_number: str
    merged_at: datetime


class TicketUnmergedV1(Event, entity="ticket", name="unmerged", version=1, key="ticket_id"):
    """A merge was undone: the ticket is open again, and its clocks run on."""

    ticket_id: UUID
    customer_id: UUID | None = None
    from_ticket_id: UUID
    unmerged_at: datetime


class TicketRejectedV1(Event, entity="ticket", name="rejected", version=1, key="ticket_id"):
    """Nothing will be done about it."""

    ticket_id: UUID
    customer_id: UUID | None = None
    reason: str
    rejected_at: datetime


class TicketCancelledV1(Event, entity="ticket", name="cancelled", version=1, key="ticket_id"):
    """Nothing needs to be done about it any more."""

    ticket_id: UUID
    customer_id: UUID | None = None
    reason: str
    cancelled_at: datetime


class TicketHistoryAnchoredV1(Event, entity="ticket", name="history_anchored", version=1, key="chain"):
    """An anchor over the histories of all tickets was written. Whoever keeps it can tell whether it was ever replaced."""

    chain: Literal["ticketing"] = "ticketing"
    number: int
    hash: str
    """Hexadecimal."""
    tickets: int
    """Those that had a new entry since the anchor before it."""
    at: datetime


class TicketCustomerErasedV1(
    ErasureDone, Event, entity="ticket", name="customer_erased", version=1, key="customer_id"
):
    """What ticketing had of a customer is erased."""
