"""From a score to a probability: Platt scaling or isotonic steps, fitted on out-of-fold scores only."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from careloop_scoring.churn.features import Matrix

Method = Literal["platt", "isotonic"]

FLOOR = 0.001
"""Nobody is certain to stay or to leave."""


@dataclass(frozen=True, slots=True)
class Calibrator:
    """Platt: `points` holds slope and offset on the log-odds; isotonic: the corners of the step curve."""

    method: Method
    points: tuple[tuple[float, float], ...]

    def apply(self, scores: Matrix) -> Matrix:
        if self.method == "platt":
            slope, offset = self.points[0]
            calibrated = 1.0 / (1.0 + np.exp(-(slope * _logit(scores) + offset)))
        else:
            x, y = np.array(self.points).T
            calibrated = np.interp(scores, x, y)
        return np.clip(calibrated, FLOOR, 1.0 - FLOOR)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> "Calibrator":
        return cls(raw["method"], tuple((x, y) for x, y in raw["points"]))


def fit(method: Method, scores: Matrix, labels: NDArray[np.int64]) -> Calibrator:
    from sklearn.isotonic import IsotonicRegression
    from sklearn.linear_model import LogisticRegression

    if method == "platt":
        model = LogisticRegression(C=1e6, max_iter=1000).fit(_logit(scores)[:, None], labels)
        slope = max(0.0, float(model.coef_[0, 0]))
        return Calibrator("platt", ((slope, float(model.intercept_[0])),))
    steps = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
    corners = zip(steps.X_thresholds_.tolist(), steps.y_thresholds_.tolist(), strict=True)
    return Calibrator("isotonic", tuple(corners))


def cross_fit(
    method: Method, scores: Matrix, labels: NDArray[np.int64], folds: NDArray[np.int64]
) -> list[Calibrator]:
    """One calibrator per fold, fitted on the other folds: no label helps to calibrate itself."""
    return [fit(method, scores[folds != k], labels[folds != k]) for k in range(int(folds.max()) + 1)]


def apply_cross(calibrators: list[Calibrator], scores: Matrix, folds: NDArray[np.int64]) -> Matrix:
    calibrated = np.empty_like(scores)
    for k, calibrator in enumerate(calibrators):
        calibrated[folds == k] = calibrator.apply(scores[folds == k])
    return calibrated


def _logit(scores: Matrix) -> Matrix:
    bounded = np.clip(scores, 1e-6, 1.0 - 1e-6)
    return np.log(bounded / (1.0 - bounded))
