from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from careloop_common.schemas import Body, Instant, Version, View
from pydantic import Field, StrictBool, StringConstraints, model_validator

from careloop_profile.consents.policy import Reason
from careloop_profile.customers.policy import ANY
from careloop_profile.customers.policy.state import (
    Channel,
    ConsentStatus,
    LedgerChannel,
    LedgerPurpose,
    Purpose,
    Use,
)
from careloop_profile.customers.schemas import AttributeName, Code, Language, Line, QuietHours
from careloop_profile.customers.views import QuietHoursView

LegalBasis = Literal["consent", "contract", "legal_obligation", "vital_interest", "legitimate_interest"]
Wish = Literal["plain_language", "large_print", "screen_reader", "sign_language", "hearing"]
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]


class NoticeReference(Body):
    """The version of a text that the customer had read."""

    name: Code
    version: Version


class ProofBody(Body):
    """Where the word can be found: a recording, a form, a message. All but the kind is stored sealed."""

    kind: Code = Field(examples=["recording"])
    reference: Line = Field(examples=["call 2026-11-28/4711, 03:12"])
    details: dict[AttributeName, Line] = Field(default={}, max_length=20)


class Word(Body):
    """What the customer said about one purpose; without `at`, now. For a message without `channel`, about all of them."""

    purpose: LedgerPurpose
    channel: LedgerChannel = ANY
    granted: StrictBool | None = Field(default=None, description="The short form of `status`.")
    status: Literal["granted", "denied", "withdrawn"] | None = None
    at: Instant | None = None
    expires_at: Instant | None = Field(default=None, description="When a yes ends by itself.")
    legal_basis: LegalBasis = "consent"
    notice: NoticeReference | None = None
    proof: ProofBody | None = None
    source: Code | None = Field(default=None, examples=["web"])

    @model_validator(mode="after")
    def _one_answer(self) -> Self:
        if (self.granted is None) == (self.status is None):
            raise ValueError("state either `status` or `granted`")
        if self.expires_at and self.answer != "granted":
            raise ValueError("only a yes ends at a time")
        return self

    @property
    def answer(self) -> ConsentStatus:
        return self.status or ("granted" if self.granted else "denied")


class DeclareConsents(Body):
    items: list[Word] = Field(min_length=1, max_length=100)


class BlockBody(Body):
    """Do-not-disturb: on one channel or all, at some hours or always, for a while or for good."""

    reason: Code = Field(examples=["customer_request"])
    channel: Channel | None = None
    hours: QuietHours | None = None
    until: Instant | None = None


class WishesBody(Body):
    """The whole of it: what is left out is wished no more."""

    quiet_hours: list[QuietHours] = Field(default=[], max_length=20)
    language: Language | None = None
    accessibility: list[Wish] = Field(default=[], max_length=10)


class NoticeBody(Body):
    name: Code
    purposes: list[LedgerPurpose] = Field(min_length=1, max_length=10)
    texts: dict[Language, Text] = Field(min_length=1, max_length=20, examples=[{"zh": "我们……"}])


class NoticeView(View):
    name: str
    version: int
    purposes: list[LedgerPurpose]
    texts: dict[str, str]
    published_at: datetime
    published_by: str


class ProofView(View):
    kind: str
    reference: str | None = Field(description="Shown with `customers:personal` only.")
    details: dict[str, str] | None


class EntryView(View):
    """An entry of the ledger."""

    entry_id: UUID
    customer_id: UUID
    purpose: LedgerPurpose
    channel: LedgerChannel
    status: ConsentStatus
    at: datetime
    expires_at: datetime | None
    legal_basis: LegalBasis
    notice: NoticeReference | None
    proof: ProofView | None
    source: str | None
    recorded_at: datetime
    recorded_by: str


class EffectiveView(View):
    """What is in force about one purpose and channel, by which entry of which customer."""

    purpose: LedgerPurpose
    channel: LedgerChannel
    status: ConsentStatus
    since: datetime
    expires_at: datetime | None
    decided_by: EntryView


class StandingView(View):
    customer_id: UUID
    at: datetime
    known_at: datetime
    customers: list[UUID] = Field(description="Who were one person then.")
    items: list[EffectiveView]


class ProofDocument(View):
    """Everything about a person's consents, with a digest of it."""

    customer_id: UUID
    customers: list[UUID]
    made_at: datetime
    made_by: str
    masked: bool
    entries: list[EntryView]
    notices: list[NoticeView]
    in_force: list[EffectiveView]
    sha256: str = Field(description="Of all the other members, as JSON with sorted keys and no spaces.")


class BlockView(View):
    block_id: UUID | None = Field(description="None for a number on a register.")
    reason: str
    channel: Channel | None
    hours: QuietHoursView | None
    until: datetime | None


class RuleView(View):
    """May the customer be contacted for this purpose on this channel?"""

    purpose: Purpose
    channel: Channel
    allowed: bool
    reason: Reason
    why: str
    why_zh: str
    next_at: datetime | None = Field(description="When it is allowed; null: not before the customer says so.")
    entry_id: UUID | None = Field(description="The entry of the ledger that it rests on.")


class UseView(View):
    """May the customer's data be used for this?"""

    purpose: Use
    allowed: bool
    why: str
    why_zh: str
    entry_id: UUID | None


class ContactRulesView(View):
    customer_id: UUID
    customers: list[UUID]
    at: datetime
    language: str | None
    accessibility: list[Wish]
    variant: Literal["standard", "plain_large"] = Field(description="How texts are to be worded and set.")
    calls: Literal["voice", "text", "sign_language_video"] = Field(description="How to talk to the customer.")
    do_not_disturb: list[BlockView]
    quiet_hours: list[QuietHoursView]
    contact: list[RuleView]
    uses: list[UseView]


class RegisterView(View):
    name: str
    numbers: int
    untold: int = Field(description="Of how many numbers other services are still to be told.")
    changed_at: datetime


class RefusedLine(View):
    line: int
    reason: str


class NumbersView(View):
    """What became of a file of numbers."""

    register_name: str
    lines: int
    numbers: int
    changed: int
    refused: int
    examples: list[RefusedLine]
