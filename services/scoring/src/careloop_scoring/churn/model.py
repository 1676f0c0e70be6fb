"""The churn model: small boosted trees and a spline logistic, their mean calibrated, one set per fold and one for all.

A customer of the training set is scored by the set of the fold that held him out; everybody else by the full one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from careloop_scoring.churn.calibration import Calibrator
from careloop_scoring.churn.features import Matrix, Record, Specification, encode
from careloop_scoring.churn.linear import Linear

if TYPE_CHECKING:
    from lightgbm import Booster

FULL = -1
"""The fold number of customers who were not in the training set."""

TREES = 300
PARAMETERS = {
    "objective": "binary",
    "learning_rate": 0.02,
    "num_leaves": 8,
    "feature_fraction": 0.5,
    "min_data_in_leaf": 20,
    "lambda_l2": 5.0,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 7,
    "verbosity": -1,
}


@dataclass(frozen=True)
class Member:
    """What one training produced: trees, curve and the calibrator of their mean."""

    trees: "Booster"
    curve: Linear
    calibrator: Calibrator

    def raw(self, matrix: Matrix) -> Matrix:
        return blend(self.trees, self.curve, matrix)

    def predict(self, matrix: Matrix) -> Matrix:
        return self.calibrator.apply(self.raw(matrix))


@dataclass(frozen=True)
class Model:
    specification: Specification
    full: Member
    held_out: tuple[Member, ...]

    def member(self, fold: int) -> Member:
        return self.full if fold == FULL else self.held_out[fold]

    def score(self, records: Sequence[Record], folds: Sequence[int]) -> "Scored":
        matrix, group = encode(self.specification, records), np.asarray(folds, dtype=np.int64)
        probabilities = np.empty(len(records))
        contributions = np.empty((len(records), len(self.specification.features) + 1))
        for fold in np.unique(group):
            rows, member = group == fold, self.member(int(fold))
            probabilities[rows] = member.predict(matrix[rows])
            contributions[rows] = shares(member.trees, matrix[rows])
        return Scored(probabilities, contributions)

    def predict(self, records: Sequence[Record], folds: Sequence[int]) -> Matrix:
        matrix, group = encode(self.specification, records), np.asarray(folds, dtype=np.int64)
        found = np.empty(len(records))
        for fold in np.unique(group):
            found[group == fold] = self.member(int(fold)).predict(matrix[group == fold])
        return found


@dataclass(frozen=True)
class Scored:
    """Probabilities, and the log-odds that each feature adds in the trees; the last column is the base."""

    probabilities: Matrix
    contributions: Matrix


def grow(spec: Specification, matrix: Matrix, labels: NDArray[np.int64]) -> "Booster":
    import lightgbm

    data = lightgbm.Dataset(
        matrix,
        labels,
        feature_name=[f"f{i}" for i in range(len(spec.features))],
        categorical_feature=spec.categorical,
        free_raw_data=True,
    )
    return lightgbm.train(PARAMETERS, data, num_boost_round=TREES)


def blend(trees: "Booster", curve: Linear, matrix: Matrix) -> Matrix:
    from_trees = np.asarray(trees.predict(matrix, num_threads=1), dtype=np.float64)
    return (from_trees + curve.predict(matrix)) / 2.0


def shares(trees: "Booster", matrix: Matrix) -> Matrix:
    return np.asarray(trees.predict(matrix, pred_contrib=True, num_threads=1), dtype=np.float64)
