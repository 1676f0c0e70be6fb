"""Which tags a change touches, and what becomes of them."""

from datetime import timedelta

import pytest
from careloop_profile.tags.policy.definitions import (
    Case,
    Content,
    Kind,
    Unreadable,
    ValueType,
    canonical,
    checked_value,
    read,
)
from careloop_profile.tags.policy.registry import Definition, Registry
from careloop_profile.tags.policy.vocabulary import catalogue
from hypothesis import given, settings
from hypothesis import strategies as st

BANDS = Content(
    Kind.RULE,
    ValueType.TEXT,
    cases=(Case("high", "age >= 60"), Case("middle", "age >= 30"), Case("low", "has(age)")),
)


@pytest.fixture
def codes(registry):
    return {one.code: number for number, one in registry.definitions.items()}


def test_only_what_depends_on_the_change_is_asked(registry, known, codes, now):
    before = known(age=40)
    after = known(age=70, status="active", last_seen_at=99)
    asked = registry.evaluate(after.facts(), now, {}, changed={"age"})
    assert codes["elderly"] in asked
    assert codes["silent_90d"] not in asked, "that last_seen_at is another was not said"
    assert after.changed(before) == {"age", "status", "last_seen_at"}


def test_time_alone_gives_a_tag_that_was_missing(registry, known, codes, now):
    facts = known(status="active", last_seen_at=29.5).facts()
    assert codes["silent_30d"] not in registry.evaluate(facts, now, {}, changed=None)
    later = registry.calendar.next(facts, now)
    assert later == now + timedelta(days=0.5)
    assert registry.evaluate(facts, later, {}, changed=(), timed=True)[codes["silent_30d"]] is True


def test_of_several_cases_the_first_that_holds_counts():
    registry = Registry([Definition(7, "band", 1, 0, True, BANDS)])
    ages = {None: None, 20: "low", 30: "middle", 60: "high"}
    for age, band in ages.items():
        held = {} if band else {7: "high"}
        assert registry.evaluate({"age": age}, None, held, changed={"age"}) == {7: band}


values = st.one_of(st.none(), st.integers(0, 90))


@given(st.lists(values, min_size=2, max_size=8))
@settings(max_examples=200)
def test_step_by_step_comes_to_the_same_as_all_at_once(ages):
    registry = Registry([Definition(7, "band", 1, 0, True, BANDS)])
    held = {}
    for age in ages:
        for number, value in registry.evaluate({"age": age}, None, held, changed={"age"}).items():
            held.pop(number, None)
            held |= {} if value is None else {number: value}
    assert held == registry.evaluate({"age": ages[-1]}, None, {}, changed=None)


def test_a_number_that_is_counted_is_told_and_forgotten():
    spent = Content(Kind.AGGREGATE, ValueType.NUMBER, of='metric("paid", "30d")')
    registry = Registry([Definition(3, "spent", 1, 0, True, spent)])
    key = 'metric("paid", "30d")'
    assert registry.evaluate({key: 12.5}, None, {}, changed={key}) == {3: 12.5}
    assert registry.evaluate({}, None, {3: 12.5}, changed={key}) == {3: None}


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (Content(Kind.RULE, ValueType.BOOL), "rule is missing"),
        (Content(Kind.RULE, ValueType.NUMBER, rule="vip"), "a rule gives"),
        (Content(Kind.AGGREGATE, ValueType.TEXT, of="age"), "an aggregate is a number"),
        (Content(Kind.MANUAL, ValueType.BOOL, rule="vip"), "rule does not go with"),
        (Content(Kind.RULE, ValueType.BOOL, rule="vip", of="age"), "of does not go with"),
        (Content(Kind.MANUAL, ValueType.NUMBER, values=("a",)), "values does not go with"),
    ],
)
def test_what_contradicts_itself_is_told(content, wrong):
    assert wrong in content.contradiction()


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        (Content(Kind.RULE, ValueType.BOOL, rule="vipp"), "/rule"),
        (Content(Kind.RULE, ValueType.TEXT, cases=(Case("a", "vip"), Case("b", "age >"))), "/cases/1/rule"),
        (Content(Kind.AGGREGATE, ValueType.NUMBER, of="region"), "/of"),
        (Content(Kind.AGGREGATE, ValueType.NUMBER, of="age) && has(vip"), "/of"),
        (Content(Kind.RULE, ValueType.BOOL, rule='tag("nothing")'), "/rule"),
    ],
)
def test_what_cannot_be_read_says_where(content, pointer):
    with pytest.raises(Unreadable) as refused:
        read(content, catalogue({}))
    assert refused.value.pointer == pointer


def test_a_rule_is_kept_in_its_one_spelling():
    said = canonical(Content(Kind.RULE, ValueType.BOOL, rule="(vip)&&age>=60.0"), catalogue({}))
    assert said.rule == "vip && age >= 60"


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [
        ("bool", True, True),
        ("bool", 1, False),
        ("number", 3, True),
        ("number", True, False),
        ("text", "a", True),
        ("text", "c", False),
    ],
)
def test_only_values_of_the_tag_can_be_given(kind, value, fits):
    texts = ("a", "b") if kind == "text" else ()
    assert checked_value(Content(Kind.MANUAL, ValueType(kind), values=texts), value) is fits


def test_of_cases_with_one_value_one_that_no_longer_holds_takes_nothing_from_the_others():
    cases = (Case("near", "age >= 60"), Case("far", "vip"), Case("near", "devices > 1"))
    content = Content(Kind.RULE, ValueType.TEXT, cases=cases)
    registry = Registry([Definition(7, "band", 1, 0, True, content)])
    facts = {"age": 70, "vip": False, "devices": 0}
    assert registry.evaluate(facts, None, {7: "near"}, changed={"devices"}) == {}


def test_of_what_is_asked_with_the_change_it_is_known_what_there_was(now):
    """Windows of an event are asked together: of one that did not move the row is read as well, or it would be as if
    nobody in it had anything."""
    rules = ['count("call", "7d") >= 1', 'count("call", "90d") >= 1']
    registry = Registry(
        Definition(number, f"tag_{number}", 1, number, True, Content(Kind.RULE, ValueType.BOOL, rule))
        for number, rule in enumerate(rules)
    )
    changed = {'count("call", "7d")'}
    facts = {'count("call", "7d")': 0, 'count("call", "90d")': 1}
    held = dict.fromkeys(registry.groups(changed, timed=False), True)
    assert registry.evaluate(facts, now, held, changed=changed) == {0: None}


def test_the_rows_of_all_that_may_be_asked_are_read(registry):
    for key in registry._topics:
        asked = {number for one in registry._touched({key}, timed=False) for number in one.numbers}
        assert {registry.definitions[number].group for number in asked} <= registry.groups({key}, timed=False)


def test_what_anything_changes_that_happens_is_asked_at_once(registry):
    metrics = {f'metric("{name}", "7d")' for name in ("interactions", "active_days", "channels")}
    changed = metrics | {"first_seen_at", "last_seen_at", "channels"}
    assert len(list(registry._touched(changed, timed=False))) == 1
