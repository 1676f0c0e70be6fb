from datetime import datetime
from typing import Literal
from uuid import UUID

from careloop_common.schemas import View
from pydantic import Field

Band = Literal["low", "medium", "high"]
Tier = Literal["strategic", "potential", "mass", "warning"]
SegmentName = Literal["champion", "promising", "drifting", "slipping", "loyal", "new", "fading", "dormant"]


class ReasonView(View):
    feature: str
    label: str
    label_zh: str
    contribution: float = Field(description="Log-odds that this adds to the risk.")
    driver: str


class RfmView(View):
    segment: SegmentName
    name: str
    name_zh: str
    basis: Literal["activity", "subscription"] = Field(
        description="Recorded payments, or the subscriptions where no payment is known."
    )
    recency: int = Field(ge=1, le=5)
    frequency: int = Field(ge=1, le=5)
    monetary: int = Field(ge=1, le=5)


class ScoreView(View):
    customer_id: UUID
    churn_probability: float
    churn_band: Band
    tier: Tier
    rfm_segment: SegmentName | None
    rfm: RfmView | None
    driver: str | None = Field(
        description="Where the evidence points; no prediction of the customer's reason."
    )
    reasons: list[ReasonView]
    basis: Literal["model", "previous_model", "rules"]
    model_version: str | None
    run_id: UUID
    as_of: datetime
    scored_at: datetime
    warned_at: datetime | None


class CountView(View):
    key: str
    name: str
    name_zh: str
    customers: int


class SummaryView(View):
    customers: int
    tiers: list[CountView]
    bands: list[CountView]
    segments: list[CountView]
