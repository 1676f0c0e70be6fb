"""May a new model replace the active one? Only if it is not worse beyond noise, on the same customers."""

from dataclasses import dataclass

import numpy as np

from careloop_scoring.churn.evaluation import Labels
from careloop_scoring.churn.features import Matrix

MIN_AUC = 0.55
"""A model that ranks hardly better than chance replaces nothing, not even the rules."""

RESAMPLES = 200
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Verdict:
    promoted: bool
    reason: str
    difference: float | None = None
    upper: float | None = None


def first(auc: float) -> Verdict:
    if auc < MIN_AUC:
        return Verdict(promoted=False, reason=f"AUC {auc:.3f} is below {MIN_AUC}")
    return Verdict(promoted=True, reason="first model")


def against(candidate: Matrix, active: Matrix, labels: Labels, *, seed: int = 0) -> Verdict:
    """A paired bootstrap of the difference in AUC; both sets of probabilities are for customers held out."""
    from sklearn.metrics import roc_auc_score

    auc = float(roc_auc_score(labels, candidate))
    if auc < MIN_AUC:
        return first(auc)
    difference = auc - float(roc_auc_score(labels, active))
    random = np.random.default_rng(seed)
    groups = [np.flatnonzero(labels == label) for label in (0, 1)]
    curves = Curve(candidate, labels), Curve(active, labels)
    draws = []
    for _ in range(RESAMPLES):
        picked = np.concatenate([random.choice(group, group.size) for group in groups])
        times = np.bincount(picked, minlength=labels.size).astype(np.float64)
        draws.append(curves[0].auc(times) - curves[1].auc(times))
    upper = float(np.quantile(draws, CONFIDENCE))
    promoted = upper >= 0
    said = "not worse than the active model beyond noise" if promoted else "worse than the active model"
    return Verdict(promoted, said, difference, upper)


class Curve:
    """A ROC curve that is sorted once and then weighted many times."""

    def __init__(self, scores: Matrix, labels: Labels) -> None:
        _, self._places = np.unique(scores, return_inverse=True)
        self._left = labels == 1

    def auc(self, times: Matrix) -> float:
        """The AUC with each customer counted so many times; ties count half."""
        left = np.bincount(self._places, weights=times * self._left)
        stayed = np.bincount(self._places, weights=times * ~self._left)
        beaten = np.cumsum(stayed) - stayed / 2
        return float(left @ beaten / (left.sum() * stayed.sum()))
