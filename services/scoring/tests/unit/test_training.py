from dataclasses import replace

import numpy as np
import pytest
from careloop_scoring.churn import bundle, features, gate, training
from careloop_scoring.churn.errors import ArtefactDamaged
from careloop_scoring.churn.model import FULL
from sklearn.metrics import roc_auc_score


@pytest.fixture(scope="module")
def population(make_population, as_of):
    facts = make_population(900)
    keys = [str(one.customer_id) for one in facts]
    return keys, [features.record(one, as_of) for one in facts], [int(one.left) for one in facts]


@pytest.fixture(scope="module")
def trained(population):
    return training.train(*population)


@pytest.fixture(scope="module")
def files(trained, population):
    return bundle.save(trained.model, population[1])


def test_it_ranks_calibrates_and_reports_beside_a_baseline(trained) -> None:
    assert trained.report.auc > 0.75
    assert trained.report.calibration_error < 0.08
    assert abs(trained.report.auc - trained.baseline.auc) < 0.05
    assert sum(share for _, share in trained.report.importance) == pytest.approx(1.0)


def test_customers_of_the_training_set_get_the_word_of_the_fold_that_held_them_out(
    trained, population
) -> None:
    again = trained.model.predict(population[1], [int(fold) for fold in trained.folds])
    np.testing.assert_allclose(again, trained.probabilities, rtol=0, atol=1e-12)
    assert not np.allclose(again, trained.model.predict(population[1], [FULL] * len(again)))


def test_folds_are_stratified_and_do_not_depend_on_the_order_of_rows(population) -> None:
    keys, _, labels = population
    y = np.array(labels)
    folds = training.assign_folds(keys, y)
    rates = [y[folds == k].mean() for k in range(training.FOLDS)]
    assert max(rates) - min(rates) < 0.01
    order = np.random.default_rng(3).permutation(len(keys))
    np.testing.assert_array_equal(training.assign_folds([keys[i] for i in order], y[order]), folds[order])


def test_permuted_labels_teach_nothing(population) -> None:
    keys, records, labels = population
    shuffled = np.random.default_rng(4).permutation(labels).tolist()
    assert abs(training.train(keys, records, shuffled).report.auc - 0.5) < 0.08


def test_contributions_add_up_to_the_margin_of_the_trees(trained, population) -> None:
    records = population[1][:50]
    scored = trained.model.score(records, [FULL] * 50)
    matrix = features.encode(trained.model.specification, records)
    margin = trained.model.full.trees.predict(matrix, raw_score=True)
    np.testing.assert_allclose(scored.contributions.sum(axis=1), margin, rtol=0, atol=1e-9)


def test_a_model_survives_its_files(trained, files, population) -> None:
    loaded = bundle.load(files)
    assert loaded.specification == trained.model.specification
    folds = [int(fold) for fold in trained.folds]
    np.testing.assert_array_equal(
        loaded.predict(population[1], folds), trained.model.predict(population[1], folds)
    )


def test_unseen_categories_and_empty_records_are_scored(files) -> None:
    rows = [{}, {"contract": "Lifetime", "tech_support": "Premium", "monthly_fee": "n/a"}]
    found = bundle.load(files).predict(rows, [FULL, FULL])
    assert ((found > 0) & (found < 1)).all()


def test_a_changed_file_is_refused(files) -> None:
    damaged = [replace(file, content=file.content[:-1] + b"x") for file in files]
    with pytest.raises(ArtefactDamaged, match="not what was stored"):
        bundle.load(damaged)


def test_a_missing_file_is_refused(files) -> None:
    with pytest.raises(ArtefactDamaged):
        bundle.load([file for file in files if file.name != bundle.CURVES])


def test_golden_rows_notice_another_model_under_valid_digests(files, population) -> None:
    keys, records, labels = population
    other = bundle.save(training.train(keys, records, labels, seed=9).model, records)
    mixed = [one if one.name != bundle.GOLDEN else file for one, file in zip(files, other, strict=True)]
    with pytest.raises(ArtefactDamaged, match="golden rows"):
        bundle.load(mixed)


def test_golden_rows_are_no_customers(trained, population) -> None:
    names = trained.model.specification.names
    real = {tuple(record.get(name) for name in names) for record in population[1]}
    golden = bundle.golden_rows(trained.model.specification, population[1])
    assert not any(tuple(row[name] for name in names) in real for row in golden)


def test_a_checkpoint_can_end_the_training(population) -> None:
    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        training.train(*population, checkpoint=stop)


@pytest.mark.parametrize(
    ("labels", "enough"),
    [
        ([1] * 30 + [0] * 170, True),
        ([1] * 29 + [0] * 171, False),
        ([1] * 60 + [0] * 139, False),
        ([1] * 300, False),
    ],
)
def test_how_many_labels_are_enough(labels: list[int], enough: bool) -> None:
    assert training.enough(labels) is enough


def test_the_gate_lets_equals_pass_and_stops_what_is_worse(trained, population) -> None:
    labels = np.array(population[2])
    noise = np.random.default_rng(5).normal(0, 0.35, len(labels))
    blurred = np.clip(trained.probabilities + noise, 0, 1)
    assert gate.against(trained.probabilities, trained.probabilities, labels).promoted
    assert gate.against(trained.probabilities, blurred, labels).promoted
    worse = gate.against(blurred, trained.probabilities, labels)
    assert not worse.promoted
    assert worse.upper is not None
    assert worse.upper < 0
    assert not gate.first(0.52).promoted


def test_the_gate_weighs_as_scikit_learn_does(trained, population) -> None:
    labels = np.array(population[2])
    times = np.random.default_rng(6).integers(0, 4, len(labels)).astype(float)
    rounded = np.round(trained.probabilities, 1)
    expected = roc_auc_score(labels, rounded, sample_weight=times)
    assert gate.Curve(rounded, labels).auc(times) == pytest.approx(expected, abs=1e-12)
