from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from careloop_common.schemas import Body, View
from pydantic import AfterValidator, StringConstraints

from careloop_profile.customers.schemas import printable
from careloop_profile.customers.views import ConsentView, QuietHoursView

Reason = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(printable)]
"""It is kept for good, so it is no place for personal data."""


class MergeBody(Body):
    """Who else the customer is, and how that is known."""

    customer_id: UUID
    reason: Reason


class UndoBody(Body):
    reason: Reason


class MergeView(View):
    merge_id: UUID
    number: int
    operation: Literal["merge", "unmerge"]
    method: Literal["deterministic", "probabilistic", "manual"]
    reason: str
    undoes: UUID | None
    undone_by: UUID | None
    before: list[list[UUID]]
    """The persons there were, each with its customers; the first of each is its `person_id`."""
    after: list[list[UUID]]
    at: datetime
    by: str


class EvidenceView(View):
    one: UUID
    other: UUID
    method: Literal["deterministic", "probabilistic", "manual"]
    rule: str
    probability: float | None
    detail: dict[str, Any]
    state: Literal["holds", "withdrawn", "apart"]
    merge_id: UUID | None
    at: datetime
    by: str
    withdrawn_at: datetime | None
    withdrawn_by: str | None


class FieldView(View):
    value: str | float | bool | date | Decimal | QuietHoursView | None
    customer_id: UUID
    """The customer of whom it is known."""
    why: str


class MemberView(View):
    """One of the person's customers. How it may be reached is as other services are told: what the person refused
    anywhere binds them all."""

    customer_id: UUID
    version: int
    source: str
    external_id: str | None
    do_not_disturb: bool
    quiet_hours: QuietHoursView | None
    also_quiet: list[QuietHoursView]
    consents: list[ConsentView]


class PersonView(View):
    person_id: UUID
    customers: list[MemberView]
    golden: dict[str, FieldView]
    masked: bool
    evidence: list[EvidenceView]
