from datetime import datetime
from typing import Literal
from uuid import UUID

from careloop_common.schemas import View
from pydantic import Field

ModelState = Literal["candidate", "active", "retired"]


class ModelView(View):
    id: UUID
    name: str
    version: str
    state: ModelState
    verdict: str = Field(description="Why it became the active model, or why not.")
    rows: int
    leavers: int
    auc: float
    baseline_auc: float
    run_id: UUID
    as_of: datetime
    created_at: datetime
    activated_at: datetime | None
    retired_at: datetime | None


class BinView(View):
    customers: int
    predicted: float
    observed: float


class ConfusionView(View):
    threshold: float = Field(description="The threshold of the highest F1.")
    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int


class FiguresView(View):
    """Every figure is from predictions for customers that the fold's model had not seen."""

    auc: float
    auc_sd: float
    fold_aucs: list[float]
    average_precision: float
    brier: float
    calibration_error: float
    top_decile_lift: float
    confusion: ConfusionView
    reliability: list[BinView]
    importance: list[tuple[str, float]]


class ReportView(View):
    model_id: UUID
    version: str
    state: ModelState
    verdict: str
    rows: int
    leavers: int
    folds: int
    calibration: Literal["platt", "isotonic"]
    dropped: dict[str, str] = Field(description="Fields that were left out, with the reason.")
    model: FiguresView
    baseline: FiguresView = Field(description="Plain logistic regression on the same folds.")
