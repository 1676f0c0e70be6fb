from math import log2

import pytest
from careloop_profile.linkage import policy
from careloop_profile.linkage.policy import Record


def plainly(field, value):
    return f"{field}={value}"


@pytest.fixture
def model(document):
    return policy.read(1, document)


def record(model, **known):
    sources = {"birth_date": "attributes.birth_date"}
    return model.record({sources.get(name, name): value for name, value in known.items()}, plainly)


def test_weights_add_up_over_the_fields_that_both_have(model):
    one = record(model, name="Li Na", phone="138", birth_date="1985-03-07")
    other = record(model, name="Li Na", birth_date="1985-03-01")
    score = model.score(one, other)
    assert {name: said.level for name, said in score.fields.items()} == {
        "name": "equal",
        "birth_date": "edits 1",
    }
    assert score.weight == pytest.approx(log2(1e-3 / 0.999) + log2(0.8 / 0.0005) + log2(0.05 / 0.002))
    odds = 2**score.weight
    assert score.probability == pytest.approx(odds / (1 + odds))


def test_sharing_a_common_name_says_less_than_sharing_a_rare_one(model):
    common, rare = record(model, name="Wang Wei"), record(model, name="Ouyang Feng")
    assert model.score(common, common).fields["name"].weight == pytest.approx(log2(0.8 / 0.01))
    assert model.score(rare, rare).fields["name"].weight == pytest.approx(log2(0.8 / 0.0005))


def test_records_that_have_nothing_in_common_keep_the_prior(model):
    score = model.score(record(model, name="Li Na"), record(model, phone="138"))
    assert (score.fields, score.probability) == ({}, pytest.approx(1e-3))


def test_a_score_has_no_direction(model):
    one, other = record(model, name="Li Na", phone="138"), record(model, name="Li Nan", phone="139")
    assert model.score(one, other) == model.score(other, one)


def test_the_most_unlikely_pair_has_a_probability():
    assert policy.probability_of(-5000.0) == 0.0
    assert policy.probability_of(5000.0) == 1.0


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda d: d["comparisons"][0]["levels"].pop(), "end with 'else'"),
        (lambda d: d["comparisons"][0]["levels"].insert(0, d["comparisons"][0]["levels"][0]), "there once"),
        (lambda d: d["comparisons"][0]["levels"].pop(0), "need the level 'equal'"),
        (lambda d: d["comparisons"][0]["levels"][1].update(when="sounds like"), "there is no level"),
        (lambda d: d["comparisons"].append(d["comparisons"][0]), "compared twice"),
        (lambda d: d["comparisons"][0].update(field="email"), "'email' is no field"),
        (lambda d: d["frequencies"].update(email={"floor": 0.1, "terms": {}}), "'email' is no field"),
        (lambda d: d["keys"].append(["email:3"]), "'email', which is no field"),
        (lambda d: d["fields"].append(d["fields"][0]), "there twice"),
    ],
)
def test_a_document_that_contradicts_itself_is_refused(document, change, what):
    change(document)
    with pytest.raises(ValueError, match=what):
        policy.read(1, document)


def test_fields_are_known_by_where_they_come_from(model):
    assert model.made_of("phone") == {"phone"}
    assert (
        model.score(Record({"phone": "1"}).without(model.made_of("phone")), Record({"phone": "1"})).fields
        == {}
    )
