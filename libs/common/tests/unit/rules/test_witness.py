from datetime import UTC, datetime

import pytest
from careloop_common.rules import (
    BOOL,
    COUNT,
    DURATION,
    NUMBER,
    TEXT,
    TEXTS,
    TIMESTAMP,
    Catalogue,
    compile_python,
    like,
    one_of,
    parse,
    within,
)
from careloop_common.rules.witness import never, never_first, together
from hypothesis import given
from hypothesis import strategies as st

CATALOGUE = Catalogue(
    {
        "vip": BOOL,
        "plus": BOOL,
        "fee": NUMBER,
        "other": NUMBER,
        "tier": one_of("low", "high"),
        "city": TEXT,
        "seen_at": TIMESTAMP,
        "age": DURATION,
        "flags": TEXTS,
    }
)


@pytest.mark.parametrize(
    "text",
    [
        "vip && !vip",
        'tier == "low" && tier == "high"',
        "fee > 3 && fee < 2",
        "fee == 1 && fee == 2",
        'city == "a" && city != "a"',
        "has(city) && !has(city)",
        'seen_at < timestamp("2026-01-01T00:00:00Z") && seen_at > timestamp("2026-02-01T00:00:00Z")',
        'age > duration("2h") && age < duration("1h")',
        'fee > 1 && (fee < 0 || tier == "low" && tier != "low")',
    ],
)
def test_what_contradicts_itself_never_holds(text):
    assert never(parse(text, CATALOGUE))


@pytest.mark.parametrize(
    "text",
    [
        "vip",
        "!vip",
        "fee > 2 && fee < 3",
        '!(tier in ["low", "high"])',
        'city in ["a", "b"] && city != "a"',
        'city.startsWith("a") && city == "b"',
        "fee + 1 > fee",
        "fee < other",
        "fee < other && other < 5",
        '"x" in flags && "y" in flags',
        "between(fee, 1, 1)",
        "seen_at < now() && !(seen_at < now())",
    ],
)
def test_what_may_hold_or_is_not_known_is_not_refused(text):
    assert not never(parse(text, CATALOGUE))


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "vip": st.booleans(),
        "fee": st.integers(-3, 6).map(float) | st.floats(-2, 5),
        "tier": st.sampled_from(["low", "high"]),
        "city": st.sampled_from(["a", "b", "c", ""]),
    },
)
LEAVES = st.one_of(
    st.just("vip"),
    st.builds("fee {} {}".format, st.sampled_from(["<", "<=", "==", "!=", ">", ">="]), st.integers(0, 4)),
    st.builds('tier {} "{}"'.format, st.sampled_from(["==", "!="]), st.sampled_from(["low", "high"])),
    st.builds('city {} "{}"'.format, st.sampled_from(["==", "!="]), st.sampled_from(["a", "b"])),
)
RULES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("!({})".format, inner),
    ),
    max_leaves=6,
)


@given(RULES, VALUES)
def test_no_values_make_a_rule_true_that_never_holds(text, values):
    rule = parse(text, CATALOGUE)
    if compile_python((rule,))(values, datetime(2026, 5, 1, tzinfo=UTC))[0]:
        assert not never(rule)


@pytest.mark.parametrize(
    "texts",
    [
        ["vip", "vip"],
        ["true", "plus"],
        ["vip || !vip", "plus"],
        ["vip", "!vip", "true"],
        ['tier == "low"', 'tier == "high"', "plus"],
        ["fee > 3", "fee > 4 && vip"],
        ['city.startsWith("a")', "vip", "vip && plus"],
        ['city == "a"', 'city == "a"'],
    ],
)
def test_what_the_rules_before_it_take_is_never_the_first_to_hold(texts):
    assert never_first([parse(text, CATALOGUE) for text in texts], optional={"city", "fee"})


@pytest.mark.parametrize(
    "texts",
    [
        ["vip"],
        ["vip && plus", "vip"],
        ["fee > 3", "fee > 2"],
        ['city == "a" || city != "a"', "vip"],
        ['city.startsWith("a")', 'city == "ab"'],
        ["vip", 'city.startsWith("a") && vip'],
        ["has(city)", "!has(city)"],
    ],
)
def test_what_may_come_to_a_rule_or_is_not_known_to_be_taken_is_left_to_it(texts):
    assert not never_first([parse(text, CATALOGUE) for text in texts], optional={"city"})


@given(st.lists(RULES, min_size=1, max_size=3), VALUES)
def test_no_values_make_a_rule_the_first_that_never_is(texts, values):
    rules = [parse(text, CATALOGUE) for text in texts]
    *before, holds = compile_python(rules)(values, datetime(2026, 5, 1, tzinfo=UTC))
    if holds and not any(before):
        assert not never_first(rules, optional={"vip", "fee", "tier", "city"})


NARROW = Catalogue(
    {
        "times": COUNT,
        "code": like("[a-z][a-z0-9_]*"),
        "fee": NUMBER,
        "vip": BOOL,
        "share": within(0, 1),
        "score": within(1, 5),
    }
)


@pytest.mark.parametrize(
    "text",
    [
        "times < 0",
        "times == 1.5",
        "times > 2 && times < 3",
        "share >= 95",
        "share > 1 || share < 0",
        "share > 0.5 && score < 1",
        'code == ""',
        'code == "Ä"',
        'code < "A"',
        "!has(code)",
    ],
)
def test_values_that_an_attribute_cannot_have_make_nothing_true(text):
    assert never(parse(text, NARROW), optional=())


@pytest.mark.parametrize(
    "text",
    [
        "times > 1 && times < 3",
        "times <= 0",
        "share >= 1",
        "share < 95",
        "share > 0.95 && share < 0.96",
        "fee == 95 && share <= 0 && score == 1",
        'code != ""',
        'code > "b" && code < "c"',
        "fee < 0",
        "times != 0",
    ],
)
def test_values_that_an_attribute_can_have_are_found(text):
    assert not never(parse(text, NARROW), optional=())


def test_what_may_be_missing_is_only_what_is_optional():
    rule = parse("!has(code)", NARROW)
    assert (never(rule, optional=()), never(rule, optional={"code"}), never(rule)) == (True, False, False)


def test_rules_hold_together_where_one_case_makes_all_of_them_true():
    low, high, sure = (parse(text, NARROW) for text in ("times < 2", "times > 1", "vip"))
    assert together([low, sure], optional=())
    assert not together([low, high], optional=())


@given(
    st.lists(st.sampled_from(["times < 2.5", "times > 1", "times != 2", "vip", "!vip"]), min_size=1),
    st.integers(0, 5),
)
def test_whatever_makes_rules_true_together_is_found(texts, times):
    rules = [parse(text, NARROW) for text in texts]
    if any(
        all(compile_python(rules)({"times": times, "vip": vip}, datetime(2026, 5, 1, tzinfo=UTC)))
        for vip in (True, False)
    ):
        assert together(rules, optional=())
