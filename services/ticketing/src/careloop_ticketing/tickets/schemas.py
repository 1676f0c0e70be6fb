import unicodedata
from datetime import datetime
from typing import Annotated, Any, Final, Self, cast
from uuid import UUID

from careloop_common.schemas import Body, Instant, View
from pydantic import AfterValidator, StringConstraints, model_validator

from careloop_ticketing.classification.policy import ATTRIBUTES, Cause, Changes, Emotion, Severity
from careloop_ticketing.classification.schemas import ProductCode
from careloop_ticketing.sla.schemas import ClockView
from careloop_ticketing.staff.schemas import AgentId
from careloop_ticketing.tickets.corrections import AmendReason, Correction, Named
from careloop_ticketing.tickets.policy import (
    CancelReason,
    LinkType,
    LowerReason,
    Outcome,
    RejectReason,
    ReopenReason,
)
from careloop_ticketing.vocabulary import Kind, Level, Milestone, PauseReason, Status, Tier

_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs by name that nobody sees."""


def visible(text: str) -> str:
    """`ValueError` if nobody sees anything of the text: it is made of spaces, format characters and marks on nothing."""
    if not any(unicodedata.category(char)[0] in "LNPS" and char not in _BLANK for char in text):
        raise ValueError("at least one visible character is needed")
    return text


Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
"""A channel or a source system."""
Line = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]+$")]
Subject = Annotated[Line, AfterValidator(visible)]
Text = Annotated[str, StringConstraints(max_length=20_000, pattern=r"^[^\x00]*$")]
Note = Annotated[str, StringConstraints(min_length=1, max_length=10_000, pattern=r"^[^\x00]+$")]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Number = Annotated[str, StringConstraints(pattern=r"^[Cc]-[0-9]{8}-[0-9]{6,12}$")]
"""What the customer quotes."""
PERSON: Final = r"^[^\x00-\x1f\x7f/@]+$"
"""An agent's id that is no e-mail address: what histories say of people stays there."""
Person = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=PERSON)]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]


class CustomerReference(Body):
    """A customer by the id that another system gave them."""

    source: Code
    external_id: Reference


class OpenTicket(Body):
    """The customer may be named by id or by reference, known to us or not (yet), or not at all."""

    kind: Kind = Kind.COMPLAINT
    channel: Code
    subject: Subject
    description: Text = ""
    language: Language | None = None
    customer_id: UUID | None = None
    customer: CustomerReference | None = None
    external_ref: Reference | None = None
    """The ticket's id in the system it comes from: sent again, it finds the same ticket."""
    source: Code | None = None
    """That system; the channel, where it is not given."""

    @model_validator(mode="after")
    def _one_customer(self) -> Self:
        if self.customer_id and self.customer:
            raise ValueError("customer_id or customer, not both")
        return self


class Amend(Body):
    """A merge patch (RFC 7396): what is left out stays. Without a customer the ticket is nobody's."""

    subject: Subject | None = None
    description: Text | None = None
    kind: Kind | None = None
    channel: Code | None = None
    language: Language | None = None
    customer_id: UUID | None = None
    customer: CustomerReference | None = None
    reason: AmendReason | None = None
    """Needed for another kind or another customer: clocks and figures follow."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        given = self.model_fields_set - {"reason"}
        if not given:
            raise ValueError("something to correct is needed")
        for name in given & {"subject", "kind", "channel", "language"}:
            if getattr(self, name) is None:
                raise ValueError(f"a ticket has a {name}")
        if self.customer_id and self.customer:
            raise ValueError("customer_id or customer, not both")
        if given & {"kind", "customer_id", "customer"} and self.reason is None:
            raise ValueError("another kind or customer needs a reason")
        return self

    def said(self) -> Correction:
        whose = None
        if self.model_fields_set & {"customer_id", "customer"}:
            reference = (self.customer.source, self.customer.external_id) if self.customer else None
            whose = Named(self.customer_id, reference)
        return Correction(
            subject=self.subject,
            description=(self.description or "") if "description" in self.model_fields_set else None,
            kind=self.kind,
            channel=self.channel,
            language=self.language,
            customer=whose,
            reason=self.reason,
        )


class Respond(Body):
    note: Note | None = None


class Reach(Body):
    milestone: Milestone
    note: Note | None = None


class Classify(Body):
    """What is left out stays as it is. `"product": null` says that it is about none of them."""

    cause: Cause | None = None
    tier: Tier | None = None
    severity: Severity | None = None
    product: ProductCode | None = None
    """One of the active rule set."""
    emotion: Emotion | None = None
    reason: LowerReason | None = None
    """Why a tier or severity is lowered: without one it is not. This needs the scope tickets:supervise."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.said():
            raise ValueError("cause, tier, severity, product or emotion is needed")
        return self

    def said(self) -> Changes:
        given = {name: getattr(self, name) for name in ATTRIBUTES if name in self.model_fields_set}
        return cast("Changes", {name: value for name, value in given.items() if value or name == "product"})


class Assign(Body):
    """To a person, a level, a team, or several of these; without a person it waits there to be picked up."""

    assignee_id: AgentId | None = None
    level: Level | None = None
    team: Code | None = None
    """Stays until somebody chooses another one: routing leaves it."""

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.assignee_id is None and self.level is None and self.team is None:
            raise ValueError("assignee_id, level or team is needed")
        return self


class Pause(Body):
    reason: PauseReason
    evidence: Reference | None = None
    """Where the reason can be checked, if the policy asks for it: a message, a report, the number of an order."""
    note: Note | None = None


class Resolve(Body):
    outcome: Outcome = Outcome.SOLVED
    note: Note | None = None


class Reopen(Body):
    reason: ReopenReason = ReopenReason.NOT_SOLVED
    note: Note | None = None


class CustomerMessage(Body):
    text: Note
    received_at: Instant | None = None
    """When it came in, if that was earlier: not before the ticket was opened. What came in before the resolution reopens
    nothing, but sets `overlooked_at`."""


class AddNote(Body):
    text: Note


class Reject(Body):
    reason: RejectReason
    note: Note | None = None


class Cancel(Body):
    reason: CancelReason
    note: Note | None = None


class Link(Body):
    """What this ticket is to the other: its duplicate, its child …"""

    to: UUID
    type: LinkType


class Merge(Body):
    into: UUID
    other_customer: bool = False
    """That the other ticket is of another customer is known, and meant."""


class Close(Body):
    note: Note | None = None


class TicketView(View):
    id: UUID
    number: str
    version: int
    status: Status
    kind: Kind
    channel: str
    source: str
    external_ref: str | None
    language: str
    subject: str
    description: str
    customer_id: UUID | None
    region: str | None
    vip: bool
    cause: Cause
    tier: Tier
    severity: Severity
    product: str | None
    emotion: Emotion
    classified_by: str
    rule_set: int | None
    rules: list[str]
    level: Level
    assignee_id: str | None
    team: str | None
    policy_version: int
    opened_at: datetime
    responded_at: datetime | None
    resolved_at: datetime | None
    archived_at: datetime | None
    outcome: Outcome | None
    feedback_until: datetime | None
    overlooked_at: datetime | None
    """When the customer wrote what reached nobody before the ticket was resolved: somebody has to look at it."""
    reopened_count: int
    merged_into: UUID | None
    watchers: list[str]
    milestones: list[Milestone]
    """What was reached on the way to a remedy."""
    next_due_at: datetime | None
    """When the first of the clocks that run is due."""
    clocks: list[ClockView]


class CountView(View):
    count: int
    exact: bool
    """Whether they were counted, or there are about so many."""


class OpenedTicketView(TicketView):
    acknowledgement: str
    """What to tell the customer, in their language."""


class HistoryView(View):
    seq: int
    fact: str
    at: datetime
    actor_id: str
    actor_kind: str
    before: dict[str, Any]
    after: dict[str, Any]


class NoteView(View):
    id: UUID
    ticket_id: UUID
    """The ticket that it was written on: this one, or one that was merged into it."""
    about: str
    text: str
    author_id: str
    written_at: datetime


class LinkView(View):
    from_id: UUID
    to_id: UUID
    type: LinkType
    linked_at: datetime
    linked_by: str
