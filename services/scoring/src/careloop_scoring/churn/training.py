"""Training and honest evaluation in one pass over the folds. Pure computation: records in, model and report out."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from careloop_scoring.churn import calibration, evaluation, guard, linear
from careloop_scoring.churn.evaluation import Report
from careloop_scoring.churn.features import (
    Matrix,
    Record,
    Specification,
    encode,
    observe,
    without,
)
from careloop_scoring.churn.linear import Linear
from careloop_scoring.churn.model import Member, Model, blend, grow, shares

if TYPE_CHECKING:
    from lightgbm import Booster

FOLDS = 5
MIN_ROWS = 200
MIN_LEAVERS = 30

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Trained:
    """A model with its evidence; `folds` and `probabilities` are those of the training rows, in their order."""

    model: Model
    folds: Labels
    probabilities: Matrix
    report: Report
    baseline: Report
    rows: int
    leavers: int

    def card(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "leavers": self.leavers,
            "folds": FOLDS,
            "calibration": self.model.full.calibrator.method,
            "dropped": dict(self.model.specification.dropped),
            "model": self.report.to_dict(),
            "baseline": self.baseline.to_dict(),
        }


@dataclass(frozen=True)
class _Parts:
    trees: "Booster"
    curve: Linear


def enough(labels: Sequence[int]) -> bool:
    """Whether there is anything to learn from: rows, leavers, and as many who stayed."""
    leavers = sum(labels)
    return len(labels) >= MIN_ROWS and MIN_LEAVERS <= leavers <= len(labels) - MIN_LEAVERS


def as_labels(labels: Sequence[int]) -> Labels:
    return np.asarray(labels, dtype=np.int64)


def specify(records: Sequence[Record], labels: Labels) -> Specification:
    spec = observe(records)
    return without(spec, guard.leaks(spec, encode(spec, records), labels))


def assign_folds(keys: Sequence[str], labels: Labels, *, seed: int = 0) -> Labels:
    """Stratified folds from a hash of the customer: the same customers always fall together, in any order of rows."""
    digests = [hashlib.sha256(f"{seed}:{key}".encode()).digest() for key in keys]
    folds = np.empty(len(keys), dtype=np.int64)
    for label in (0, 1):
        rows = sorted(np.flatnonzero(labels == label), key=lambda row: digests[row])
        folds[rows] = np.arange(len(rows)) % FOLDS
    return folds


def train(
    keys: Sequence[str],
    records: Sequence[Record],
    labels: Sequence[int],
    *,
    seed: int = 0,
    checkpoint: Callable[[], None] = lambda: None,
) -> Trained:
    """`checkpoint` is called between folds; an exception from it ends the training."""
    with threadpool_limits(1):
        return _train(keys, records, as_labels(labels), seed, checkpoint)


def _train(
    keys: Sequence[str], records: Sequence[Record], y: Labels, seed: int, checkpoint: Callable[[], None]
) -> Trained:
    spec = specify(records, y)
    matrix, folds = encode(spec, records), assign_folds(keys, y, seed=seed)
    raw, plain = np.empty(len(y)), np.empty(len(y))
    pull = np.zeros(len(spec.features))
    parts: list[_Parts] = []
    for k in range(FOLDS):
        checkpoint()
        seen, unseen = folds != k, folds == k
        one = _Parts(grow(spec, matrix[seen], y[seen]), linear.fit(spec, matrix[seen], y[seen]))
        raw[unseen] = blend(one.trees, one.curve, matrix[unseen])
        plain[unseen] = linear.fit(spec, matrix[seen], y[seen], knots=0).predict(matrix[unseen])
        pull += np.abs(shares(one.trees, matrix[unseen])[:, :-1]).sum(axis=0)
        parts.append(one)
    method = _better_calibration(raw, y, folds)
    crossed = calibration.cross_fit(method, raw, y, folds)
    probabilities = calibration.apply_cross(crossed, raw, folds)
    full = Member(grow(spec, matrix, y), linear.fit(spec, matrix, y), calibration.fit(method, raw, y))
    held_out = tuple(Member(p.trees, p.curve, c) for p, c in zip(parts, crossed, strict=True))
    straight = linear.fit(spec, matrix, y, knots=0)
    return Trained(
        model=Model(spec, full, held_out),
        folds=folds,
        probabilities=probabilities,
        report=evaluation.report(probabilities, y, folds, _named(spec, pull)),
        baseline=evaluation.report(plain, y, folds, _named(spec, straight.importance())),
        rows=len(y),
        leavers=int(y.sum()),
    )


def _better_calibration(raw: Matrix, y: Labels, folds: Labels) -> calibration.Method:
    """Isotonic only where it wins clearly: its steps tie customers that the model can tell apart."""
    brier: dict[calibration.Method, float] = {}
    methods: tuple[calibration.Method, ...] = ("platt", "isotonic")
    for method in methods:
        fitted = calibration.cross_fit(method, raw, y, folds)
        brier[method] = float(np.mean((calibration.apply_cross(fitted, raw, folds) - y) ** 2))
    return "isotonic" if brier["isotonic"] < 0.99 * brier["platt"] else "platt"


def _named(spec: Specification, values: Sequence[float] | Matrix) -> Mapping[str, float]:
    return {name: float(value) for name, value in zip(spec.names, values, strict=True)}
