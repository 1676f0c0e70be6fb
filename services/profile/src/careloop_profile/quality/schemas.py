from datetime import datetime
from typing import Literal
from uuid import UUID

from careloop_common.schemas import Body, View

from careloop_profile.cleansing.policy import Action, FieldName
from careloop_profile.customers.schemas import Line

State = Literal["open", "applied", "accepted", "dismissed", "outdated"]


class AcceptBody(Body):
    """Without a value, what is suggested."""

    value: Line | None = None


class IssueView(View):
    """What was written, what was taken of it, and what is suggested; masked unless the caller may see personal data."""

    issue_id: UUID
    customer_id: UUID
    source: str
    field: FieldName
    rule: str
    action: Action
    confidence: float
    raw: str | None
    value: str | None
    suggestion: str | None
    masked: bool
    state: State
    noted_at: datetime
    noted_by: str
    decided_at: datetime | None
    decided_by: str | None


class FieldQualityView(View):
    field: str
    filled: int
    completeness: float
    invalid: int
    doubtful: int
    repaired: int
    validity: float | None
    sharing: int | None
    uniqueness: float | None


class SourceQualityView(View):
    source: str
    customers: int
    duplicates: int
    fields: list[FieldQualityView]


class QualityReport(View):
    """How good the personal data of each source are."""

    sources: list[SourceQualityView]
