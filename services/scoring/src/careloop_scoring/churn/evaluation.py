"""How good the probabilities are: every figure from predictions for customers the model had not seen."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from careloop_scoring.churn.features import Matrix

Labels = NDArray[np.int64]
BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """A tenth of the customers, in the order of their probability: what was said and what came."""

    customers: int
    predicted: float
    observed: float


@dataclass(frozen=True, slots=True)
class Confusion:
    threshold: float
    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int


@dataclass(frozen=True, slots=True)
class Report:
    auc: float
    auc_sd: float
    fold_aucs: tuple[float, ...]
    average_precision: float
    brier: float
    calibration_error: float
    top_decile_lift: float
    confusion: Confusion
    reliability: tuple[Bin, ...]
    importance: tuple[tuple[str, float], ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def report(
    probabilities: Matrix, labels: Labels, folds: NDArray[np.int64], importance: Mapping[str, float]
) -> Report:
    from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

    parts = [folds == k for k in range(int(folds.max()) + 1)]
    aucs = tuple(float(roc_auc_score(labels[part], probabilities[part])) for part in parts)
    precisions = [float(average_precision_score(labels[part], probabilities[part])) for part in parts]
    total = sum(importance.values()) or 1.0
    shares = sorted(((name, share / total) for name, share in importance.items()), key=lambda one: -one[1])
    return Report(
        auc=float(np.mean(aucs)),
        auc_sd=float(np.std(aucs)),
        fold_aucs=aucs,
        average_precision=float(np.mean(precisions)),
        brier=float(brier_score_loss(labels, probabilities)),
        calibration_error=calibration_error(probabilities, labels),
        top_decile_lift=top_decile_lift(probabilities, labels),
        confusion=confusion(probabilities, labels, best_threshold(probabilities, labels)),
        reliability=reliability(probabilities, labels),
        importance=tuple(shares),
    )


def reliability(probabilities: Matrix, labels: Labels, bins: int = BINS) -> tuple[Bin, ...]:
    order = np.argsort(probabilities, kind="stable")
    parts = [part for part in np.array_split(order, bins) if part.size]
    return tuple(
        Bin(int(part.size), float(probabilities[part].mean()), float(labels[part].mean())) for part in parts
    )


def calibration_error(probabilities: Matrix, labels: Labels) -> float:
    """Expected calibration error over equally filled bins."""
    bins = reliability(probabilities, labels)
    return sum(one.customers * abs(one.predicted - one.observed) for one in bins) / len(labels)


def top_decile_lift(probabilities: Matrix, labels: Labels) -> float:
    count = max(1, len(labels) // 10)
    top = np.argsort(-probabilities, kind="stable")[:count]
    return float(labels[top].mean() / labels.mean())


def best_threshold(probabilities: Matrix, labels: Labels) -> float:
    """The threshold of the highest F1: leavers found and calls wasted weigh alike."""
    from sklearn.metrics import precision_recall_curve

    precision, recall, thresholds = precision_recall_curve(labels, probabilities)
    both = precision[:-1] + recall[:-1]
    f1 = np.divide(2 * precision[:-1] * recall[:-1], both, out=np.zeros_like(both), where=both > 0)
    return float(thresholds[int(np.argmax(f1))])


def confusion(probabilities: Matrix, labels: Labels, threshold: float) -> Confusion:
    said = probabilities >= threshold
    came = labels == 1
    return Confusion(
        threshold=threshold,
        true_positives=int((said & came).sum()),
        false_positives=int((said & ~came).sum()),
        false_negatives=int((~said & came).sum()),
        true_negatives=int((~said & ~came).sum()),
    )
