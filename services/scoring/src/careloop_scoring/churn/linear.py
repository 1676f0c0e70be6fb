"""Logistic regression over restricted cubic splines, kept as numbers that JSON can hold.

With `knots=0` every numeric column enters as a straight line: that is the plain baseline.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from careloop_scoring.churn.features import Kind, Matrix, Specification

KNOTS = 5
MIN_DISTINCT = 10
"""Columns with fewer distinct values than this get no curve."""


@dataclass(frozen=True, slots=True)
class Column:
    """How one feature enters the design: its knots (numeric), or its number of categories."""

    median: float
    knots: tuple[float, ...]
    categories: int


@dataclass(frozen=True, slots=True)
class Linear:
    columns: tuple[Column, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float

    def predict(self, matrix: Matrix) -> Matrix:
        design = np.hstack([_expand(matrix[:, i], column) for i, column in enumerate(self.columns)])
        margin = (design - np.array(self.mean)) / np.array(self.scale) @ np.array(
            self.weights
        ) + self.intercept
        found: Matrix = 1.0 / (1.0 + np.exp(-np.clip(margin, -500, 500)))
        return found

    def importance(self) -> list[float]:
        """Absolute weight per standard deviation, summed over the columns of a feature."""
        shares: list[float] = []
        at = 0
        for column in self.columns:
            width = _width(column)
            shares.append(float(np.abs(self.weights[at : at + width]).sum()))
            at += width
        return shares

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> "Linear":
        columns = tuple(Column(c["median"], tuple(c["knots"]), c["categories"]) for c in raw["columns"])
        mean, scale, weights = (tuple(raw[key]) for key in ("mean", "scale", "weights"))
        return cls(columns, mean, scale, weights, raw["intercept"])


def fit(spec: Specification, matrix: Matrix, labels: NDArray[np.int64], *, knots: int = KNOTS) -> Linear:
    from sklearn.linear_model import LogisticRegression

    columns = tuple(
        Column(0.0, (), len(feature.categories) + 1)
        if feature.kind is Kind.CATEGORY
        else _numeric(matrix[:, i], knots)
        for i, feature in enumerate(spec.features)
    )
    design = np.hstack([_expand(matrix[:, i], column) for i, column in enumerate(columns)])
    mean, scale = design.mean(axis=0), design.std(axis=0)
    scale = np.where(scale > 1e-12, scale, 1.0)
    model = LogisticRegression(C=1.0, max_iter=1000, tol=1e-5).fit((design - mean) / scale, labels)
    weights = tuple(float(w) for w in model.coef_[0])
    return Linear(columns, tuple(mean.tolist()), tuple(scale.tolist()), weights, float(model.intercept_[0]))


def _numeric(values: Matrix, knots: int) -> Column:
    present = values[np.isfinite(values)]
    if not present.size:
        return Column(0.0, (), 0)
    median = float(np.median(present))
    if knots < 3 or np.unique(present).size < MIN_DISTINCT:
        return Column(median, (), 0)
    places = np.unique(np.quantile(present, np.linspace(0.02, 0.98, knots)))
    return Column(median, tuple(places.tolist()) if places.size >= 3 else (), 0)


def _width(column: Column) -> int:
    return column.categories or 2 + max(0, len(column.knots) - 2)


def _expand(values: Matrix, column: Column) -> Matrix:
    """One column per category, or value, missing flag and spline terms."""
    if column.categories:
        flags: Matrix = (values[:, None] == np.arange(column.categories)[None, :]).astype(np.float64)
        return flags
    absent = np.isnan(values)
    filled = np.where(absent, column.median, values)
    return np.column_stack([filled, absent.astype(np.float64), *_spline(filled, column.knots)])


def _spline(x: Matrix, knots: tuple[float, ...]) -> list[Matrix]:
    """Harrell's restricted cubic basis: cubic between the knots, linear outside them."""
    if len(knots) < 3:
        return []
    last, before = knots[-1], knots[-2]
    unit = (last - knots[0]) ** 2

    def cube(at: float) -> Matrix:
        return np.maximum(x - at, 0.0) ** 3

    return [
        (cube(k) - cube(before) * (last - k) / (last - before) + cube(last) * (before - k) / (last - before))
        / unit
        for k in knots[:-2]
    ]
