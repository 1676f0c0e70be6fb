import numpy as np
from careloop_scoring.churn import calibration, evaluation
from careloop_scoring.churn.calibration import Calibrator
from hypothesis import given
from hypothesis import strategies as st

SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def _fitted(method: calibration.Method) -> Calibrator:
    dice = np.random.default_rng(1)
    scores = dice.uniform(0, 1, 800)
    labels = (dice.uniform(0, 1, 800) < scores**2).astype(np.int64)
    return calibration.fit(method, scores, labels)


PLATT, ISOTONIC = _fitted("platt"), _fitted("isotonic")


@given(st.sampled_from([PLATT, ISOTONIC]), SCORES)
def test_probabilities_are_bounded_and_keep_the_order(calibrator: Calibrator, scores: list[float]) -> None:
    found = calibrator.apply(np.sort(np.array(scores)))
    assert ((found >= calibration.FLOOR) & (found <= 1 - calibration.FLOOR)).all()
    assert (np.diff(found) >= -1e-12).all()


@given(st.sampled_from([PLATT, ISOTONIC]))
def test_a_calibrator_survives_its_dictionary(calibrator: Calibrator) -> None:
    assert Calibrator.from_dict(calibrator.to_dict()) == calibrator


def test_calibration_mends_a_distorted_score() -> None:
    dice = np.random.default_rng(2)
    truth = dice.uniform(0, 1, 4000)
    labels = (dice.uniform(0, 1, 4000) < truth).astype(np.int64)
    distorted, folds = truth**3, np.arange(4000) % 5
    before = evaluation.calibration_error(distorted, labels)
    for method in ("platt", "isotonic"):
        mended = calibration.apply_cross(
            calibration.cross_fit(method, distorted, labels, folds), distorted, folds
        )
        assert evaluation.calibration_error(mended, labels) < before / 4


def test_a_score_that_ranks_backwards_is_flattened_and_never_turned_round() -> None:
    labels = np.array([1] * 50 + [0] * 50)
    calibrator = calibration.fit("platt", np.linspace(0.1, 0.9, 100), labels)
    assert np.ptp(calibrator.apply(np.array([0.1, 0.9]))) == 0
