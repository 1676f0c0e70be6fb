"""What scoring publishes: what we know and expect of a customer."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from careloop_contracts.customer import ErasureDone
from careloop_contracts.event import Event, Record
from careloop_contracts.vocabulary import ValueTier


class Reason(Record):
    """One feature's share in a churn probability, and the driver it stands for."""

    feature: str
    label: str
    contribution: float
    driver: str | None = None


class ScoreState(Record):
    """The verdict on a customer at one time."""

    churn_probability: float | None = Field(default=None, ge=0, le=1)
    churn_band: str | None = None
    rfm_segment: str | None = None
    tier: ValueTier


class ScoreChangedV1(ScoreState, Event, entity="score", name="changed", version=1, key="customer_id"):
    """A run came to another verdict than the one before."""

    customer_id: UUID
    run_id: UUID
    model_version: str | None = None
    reasons: tuple[Reason, ...] = ()
    previous: ScoreState | None = None


class ScoreWarningRaisedV1(Event, entity="score", name="warning_raised", version=1, key="customer_id"):
    """A customer entered the warning tier and wants care."""

    customer_id: UUID
    run_id: UUID
    churn_probability: float | None = Field(default=None, ge=0, le=1)
    tier: ValueTier
    rfm_segment: str | None = None
    driver: str | None = None
    reasons: tuple[Reason, ...] = ()
    raised_at: datetime


class ScoreRunCompletedV1(Event, entity="score", name="run_completed", version=1, key="run_id"):
    """A scoring run ended."""

    run_id: UUID
    model_version: str | None = None
    counts: dict[str, int] = Field(default_factory=dict)
    metrics: dict[str, float] = Field(default_factory=dict)
    completed_at: datetime


class ScoreCustomerErasedV1(
    ErasureDone, Event, entity="score", name="customer_erased", version=1, key="customer_id"
):
    """What scoring had of a customer is erased."""
