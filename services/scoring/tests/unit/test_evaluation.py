import numpy as np
from careloop_scoring.churn import evaluation

LABELS = np.array([0, 0, 1, 1] * 25)
PERFECT = LABELS.astype(float)


def test_a_perfect_prediction_has_perfect_figures() -> None:
    report = evaluation.report(PERFECT, LABELS, np.arange(100) // 4 % 5, {"a": 3.0, "b": 1.0})
    assert (report.auc, report.auc_sd, report.average_precision, report.brier) == (1.0, 0.0, 1.0, 0.0)
    assert report.calibration_error == 0.0
    assert report.top_decile_lift == 2.0
    assert (report.confusion.false_positives, report.confusion.false_negatives) == (0, 0)
    assert report.importance == (("a", 0.75), ("b", 0.25))


def test_calibration_error_is_the_gap_between_said_and_seen() -> None:
    assert abs(evaluation.calibration_error(np.full(100, 0.8), LABELS) - 0.3) < 0.1


def test_the_confusion_counts_every_customer_once() -> None:
    said = evaluation.confusion(np.linspace(0, 1, 100), LABELS, 0.5)
    total = said.true_positives + said.false_positives + said.false_negatives + said.true_negatives
    assert total == 100
    assert said.true_positives + said.false_negatives == 50
