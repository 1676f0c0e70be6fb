from datetime import datetime
from typing import Literal
from uuid import UUID

from careloop_common.schemas import Body, Instant, View
from pydantic import Field


class RequestRun(Body):
    train: Literal["auto", "yes", "no"] = Field(
        default="auto",
        description="auto: when there is no model, when it is old, or when many more leavers are known.",
    )
    raise_warnings: bool = Field(
        default=True, description="Whether customers who enter the risk zone are warned."
    )
    refresh_cut_points: bool = Field(
        default=False, description="Draw the cut points of segments and tiers again."
    )
    as_of: Instant | None = Field(
        default=None,
        description="The instant from which tenure and recency count; facts are the present ones. Default: now.",
    )


class Progress(View):
    done: int
    total: int


class RunView(View):
    id: UUID
    state: Literal["queued", "running", "completed", "failed"]
    phase: Literal["training", "cutting", "scoring", "done"]
    train: Literal["auto", "yes", "no"]
    raise_warnings: bool
    refresh_cut_points: bool
    as_of: datetime
    requested_by: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    progress: Progress
    counts: dict[str, int]
    metrics: dict[str, float]
    basis: str | None = Field(
        description="Step of the fallback ladder that gave the probabilities: model, previous_model or rules."
    )
    model_id: UUID | None
    model_version: str | None
    cut_points: int | None
    notes: list[str]
    error: str | None
