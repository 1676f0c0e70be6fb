"""Learning on an invented town of whom the answers are known, and which nobody tells the training."""

import json
import random

import pytest
from careloop_profile.linkage import policy, training
from careloop_profile.linkage.policy import Record

PLAN = {
    "fields": [
        {"name": name, "source": name, "spelling": "words"} for name in ("name", "street", "phone", "birth_date", "nick")
    ],
    "keys": [["name"], ["phone"], ["birth_date"]],
    "comparisons": [
        {"field": "name", "levels": ["equal", "jaro_winkler 0.9", "else"], "frequencies": True},
        {"field": "street", "levels": ["equal", "else"], "frequencies": True},
        {"field": "phone", "levels": ["equal", "edits 1", "else"]},
        {"field": "birth_date", "levels": ["equal", "edits 1", "else"]},
        {"field": "nick", "levels": ["equal", "else"]},
    ],
    "learn_from": [["phone"], ["birth_date"], ["name"]],
}  # fmt: skip
EFFORT = training.Effort(pairs=2e5)


def hashed(field, value):
    return f"{hash((field, value)) & (2**64 - 1):016x}"


@pytest.fixture(scope="module")
def town():
    dice = random.Random(7)
    families = ["".join(dice.choices("abcdefghilmnorstu", k=6)) for _ in range(60)]
    records = []
    for number in range(600):
        person = {
            "name": f"{dice.choice(families)} {''.join(dice.choices('aeiolnrst', k=5))}",
            "street": f"street {dice.randrange(40)}",
            "phone": f"138{dice.randrange(10**8):08d}",
            "birth_date": f"{dice.randrange(1940, 2005)}-{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d}",
        }
        records.append((number, Record(person)))
        for _ in range(dice.choice((0, 1, 1))):
            again = dict(person)
            wrong = dice.choice(list(again))
            again[wrong] = again[wrong][:-1] + dice.choice("0123456789")
            if dice.random() < 0.3:
                again.pop(dice.choice(["phone", "street"]))
            records.append((number, Record(again)))
    return records


@pytest.fixture(scope="module")
def document(town):
    return training.train([record for _, record in town], PLAN, hashed, EFFORT)


def test_the_model_tells_who_is_who(town, document):
    model = policy.read(1, document)
    known = [(number, model.record(record.values, hashed)) for number, record in town]
    right = wrong = missed = 0
    for place, (number, one) in enumerate(known):
        for other_number, other in known[place + 1 :]:
            same = number == other_number
            said = (
                set(model.keys_of(one)) & set(model.keys_of(other))
                and model.score(one, other).probability > 0.99
            )
            right, wrong, missed = (
                right + (same and bool(said)),
                wrong + (not same and bool(said)),
                missed + (same and not said),
            )
    assert wrong == 0
    assert right > 15 * missed


def test_splink_and_we_give_every_pair_the_same_weight(town, document):
    model = policy.read(1, document)
    known = [model.record(record.values, hashed) for _, record in town]
    theirs = training.weights(known, document)
    assert len(theirs) > 300
    for (one, other), weight in theirs.items():
        assert model.score(known[one], known[other]).weight == pytest.approx(weight, abs=1e-6)


def test_a_document_names_nobody(town, document):
    written = json.dumps(document)
    values = {value for _, record in town for value in record.values.values()}
    assert not [value for value in values if value in written]
    assert document["frequencies"]["street"]["terms"]
    assert document["frequencies"]["name"]["terms"] == {}


def test_what_hardly_anybody_has_is_not_learnt(document):
    assert "nick" not in {one["field"] for one in document["comparisons"]}
    assert "nick" not in {one["name"] for one in document["fields"]}


def test_the_prior_is_what_the_model_finds(town, document):
    records = len(town)
    pairs = records * (records - 1) / 2
    assert document["prior"] * pairs == pytest.approx(document["training"]["expected"], rel=0.01, abs=1)
    assert document["training"]["customers"] == records


def test_the_same_customers_give_the_same_model(town, document):
    assert training.train([record for _, record in town], PLAN, hashed, EFFORT) == document


def test_a_field_that_every_session_blocks_on_teaches_nothing(town):
    plan = PLAN | {"learn_from": [["phone"]]}
    with pytest.raises(training.NothingToLearn, match="phone"):
        training.train([record for _, record in town], plan, hashed, EFFORT)


def test_too_few_customers_teach_nothing():
    with pytest.raises(training.NothingToLearn):
        training.train([Record({"name": "a"})], PLAN, hashed, EFFORT)
