"""Many rules, of which a change asks only those that it can touch."""

from datetime import timedelta

import pytest
from careloop_common.rules import NUMBER, Catalogue, Lookup, RuleSet, compile_python, parse
from careloop_common.testing.rules import CATALOGUE, NOW, RandomCases
from hypothesis import given
from hypothesis import strategies as st

TEXTS = {
    "rich": "fee > 100",
    "new": "days_since(seen) < 30",
    "both": "fee > 100 && days_since(seen) < 30",
    "always": "true",
    "quiet": "'quiet' in flags",
}


@pytest.fixture(scope="module")
def rules(catalogue):
    return RuleSet({key: parse(text, catalogue) for key, text in TEXTS.items()})


@pytest.fixture
def values(now):
    return {"fee": 150, "seen": now - timedelta(days=40), "flags": ["quiet"]}


def test_all_rules_are_asked_together(rules, values, now):
    assert rules.evaluate(values, now) == {
        "rich": True,
        "new": False,
        "both": False,
        "always": True,
        "quiet": True,
    }


@pytest.mark.parametrize(
    ("changed", "asked"),
    [
        (["fee"], {"rich", "both"}),
        (["seen", "flags"], {"new", "both", "quiet"}),
        (["flags", "flags"], {"quiet"}),
        (["fee", "seen", "flags"], {"rich", "new", "both", "quiet"}),
        (["name", "unheard of"], set()),
        ([], set()),
    ],
)
def test_a_change_asks_the_rules_that_depend_on_it(changed, asked, rules, values, now):
    found = rules.evaluate_changed(values, now, changed)
    assert found.keys() == asked == rules.touched(changed)
    assert found.items() <= rules.evaluate(values, now).items()


def test_a_lookup_is_an_input_by_its_key(now):
    known = Catalogue({"fee": NUMBER}, {"total": Lookup(NUMBER, (("calls", "visits"), ("7d",)))})
    rules = RuleSet(
        {1: parse("total('calls', '7d') > 1", known), 2: parse("total('visits', '7d') > fee", known)}
    )
    values = {'total("calls", "7d")': 2}
    assert rules.evaluate_changed(values, now, ['total("calls", "7d")']) == {1: True}


@given(st.integers(0, 2**32), st.sets(st.sampled_from(sorted(CATALOGUE)), max_size=4))
def test_what_is_not_asked_would_say_the_same(seed, changed):
    cases = RandomCases(seed)
    found = [cases.rule() for _ in range(6)]
    before, other = cases.values(), cases.values()
    after = before | {name: other[name] for name in changed}
    rules, evaluate = RuleSet(dict(enumerate(found))), compile_python(found)
    kept = dict(enumerate(evaluate(before, NOW)))
    assert kept | rules.evaluate_changed(after, NOW, changed) == dict(enumerate(evaluate(after, NOW)))
