"""What each operator and function means, with all operands there and with some of them missing."""

import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum

import pytest
from careloop_common.rules import RuleError, compile_python, parse, python
from careloop_common.rules.duckdb import DUCKDB
from careloop_common.rules.functions import FUNCTIONS
from careloop_common.rules.sql import SQL
from careloop_common.rules.sql import WRITTEN_OUT as WRITTEN_OUT_IN_SQL


class Level(StrEnum):
    TOP = "top"


MICROSECOND = timedelta(microseconds=1)
AT = datetime(2026, 3, 1, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ("fee == 1 && fee != 2 && fee < 2 && fee <= 1 && fee > 0.5 && fee >= 1", {"fee": 1}),
        ("fee == 1", {"fee": 1.0}),
        ("fee == 0.1", {"fee": Decimal("0.1")}),
        ("name == 'a' && name != 'b' && name < 'b' && name >= 'a'", {"name": "a"}),
        ("name < 'a'", {"name": "Z"}),
        ("name > '\uffff'", {"name": "😀"}),
        ("level == 'top'", {"level": Level.TOP}),
        ("vip", {"vip": True}),
        ("!vip", {"vip": False}),
        ("vip == true && vip != false", {"vip": True}),
        ("(fee > 1) == vip", {"fee": 0, "vip": False}),
        ("fee in [1, 2.5]", {"fee": 2.5}),
        ("name in ['a', 'b']", {"name": "b"}),
        ("'a' in words && !('b' in words)", {"words": ["a"]}),
        ("name in words", {"words": {"a"}, "name": "a"}),
        ("between(fee, 1, 2)", {"fee": 1}),
        ("between(fee, 1, 2)", {"fee": 2}),
        ("!between(fee, 1, 2)", {"fee": 2.1}),
        ("between(name, 'a', 'c')", {"name": "b"}),
        ("fee + age * 2 - 1 == 6", {"fee": 1, "age": 3}),
        ("fee / age == 2.5 && -fee == -5", {"fee": 5, "age": 2}),
        ("name.startsWith('ab') && name.endsWith('c') && name.contains('b')", {"name": "abc"}),
        ("name.startsWith('') && name.endsWith('') && name.contains('')", {"name": ""}),
        ("size(name) == 2", {"name": "中😀"}),
        ("size(words) == 2", {"words": ("a", "b")}),
        ("has(fee)", {"fee": 0}),
        ("!has(fee)", {}),
        ("seen < now() && now() - seen == duration('1h')", {"seen": AT}),
        ("seen + duration('1h') == now()", {"seen": AT}),
        ("now() - wait == seen", {"seen": AT, "wait": timedelta(hours=1)}),
        ("seen == due", {"seen": AT, "due": AT.astimezone(timezone(timedelta(hours=8)))}),
        ("seen > timestamp('2026-03-01T18:59:59+08:00')", {"seen": AT}),
        ("wait + wait - duration('1h') == -duration('-1h')", {"wait": timedelta(hours=1)}),
        ("-wait < wait", {"wait": timedelta(hours=1)}),
        ("home.city == '深圳'", {"home.city": "深圳"}),
        ("days_since(seen) == 0", {"seen": AT}),
        ("days_since(seen) == 1", {"seen": AT - timedelta(hours=23)}),
        ("days_since(seen) == 0", {"seen": AT - timedelta(hours=23) + MICROSECOND}),
        ("days_since(seen) == -1", {"seen": AT + timedelta(hours=1, microseconds=1)}),
        ("days_since(seen) == -1", {"seen": AT + timedelta(hours=25)}),
        ("days_since(seen) == -2", {"seen": AT + timedelta(hours=25, microseconds=1)}),
        ("days_since(now() - duration('49h')) == 2", {}),
        ("age_years(seen) == 18", {"seen": datetime(2008, 3, 1, 12, tzinfo=UTC)}),
        ("age_years(seen) == 17", {"seen": datetime(2008, 3, 1, 12, 0, 0, 1, tzinfo=UTC)}),
        ("age_years(seen) == 18", {"seen": datetime(2008, 2, 29, 23, tzinfo=UTC)}),
        ("age_years(seen) == 18", {"seen": datetime(2008, 3, 1, 19, tzinfo=timezone(timedelta(hours=8)))}),
        ("age_years(seen) == -1", {"seen": AT + timedelta(days=300)}),
        ("age_years(seen) == 2025", {"seen": datetime(1, 1, 1, 0, 0, 1, tzinfo=UTC)}),
    ],
)
def test_true(rule, values, holds):
    assert holds(rule, **values)


@pytest.mark.parametrize(
    "leaf",
    [
        *(f"fee {op} 1" for op in ("==", "!=", "<", "<=", ">", ">=")),
        *(f"1 {op} fee" for op in ("==", "!=", "<", "<=", ">", ">=")),
        "fee == fee",
        "fee + 1 > 0",
        "-fee < 1",
        "fee in [1]",
        "between(fee, 0, 9)",
        "between(5, fee, 9)",
        "between(5, 1, fee)",
        "age / 0 > 1",
        "age / 0 <= 1",
        "vip",
        "vip == false",
        "vip != true",
        "'a' in words",
        "name in words",
        "name in ['a']",
        "name.contains('')",
        "'a'.startsWith(name)",
        "size(name) >= 0",
        "size(words) >= 0",
        "has(name)",
        "seen < now()",
        "now() - seen > wait",
        "seen + wait > seen",
        "days_since(seen) >= 0",
        "days_since(seen) < 0",
        "age_years(due) != 5",
    ],
)
def test_a_condition_over_something_missing_is_false_and_its_complement_true(leaf, holds):
    assert not holds(leaf, age=1)
    assert holds(f"!({leaf})", age=1)
    assert holds(f"!({leaf}) == true", age=1)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        *(
            ("fee", value)
            for value in (math.nan, math.inf, -math.inf, 1e15, -1e15, 10**15, 10**400, True, "1", [])
        ),
        *(("fee", value) for value in (Decimal("NaN"), Decimal("sNaN"), Decimal("1e400"), 1j, None)),
        *(("name", value) for value in (1, b"a", True, ["a"])),
        *(("vip", value) for value in (0, 1, "true", "")),
        *(("seen", value) for value in (AT.replace(tzinfo=None), AT.date(), "2026-03-01T00:00:00Z", 0)),
        ("seen", datetime.max.replace(tzinfo=UTC)),
        ("seen", datetime.min.replace(tzinfo=UTC)),
        ("seen", datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))),
        *(("wait", value) for value in (1, "1h", timedelta.max, timedelta.min)),
        *(("words", value) for value in ("abc", {"a": 1}, 1)),
    ],
)
def test_a_value_that_its_type_does_not_have_is_missing(attribute, value, holds):
    assert not holds(f"has({attribute})", **{attribute: value})


@pytest.mark.parametrize(
    "calculation",
    [
        "fee * fee > 0",
        "fee + fee > 0",
        "-fee - fee < 0",
        "fee / 1e-40 > 0",
        "fee / (age - age) > 0",
        "fee / (age * 0) > 0",
        "(fee * fee) * 0 == 0",
    ],
)
def test_a_result_out_of_range_is_missing(calculation, holds):
    assert not holds(calculation, fee=9e14, age=1)


def test_29_february_has_its_anniversary_on_1_march_in_other_years(catalogue):
    of_age = compile_python([parse("age_years(seen) >= 18", catalogue)])
    born = datetime(2008, 2, 29, 18, tzinfo=UTC)
    for now, held in (
        (datetime(2026, 2, 28, 23, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 1, tzinfo=UTC), True),
        (datetime(2028, 2, 29, 17, tzinfo=UTC), True),
    ):
        assert of_age({"seen": born}, now) == [held]
    of_twenty = compile_python([parse("age_years(seen) >= 20", catalogue)])
    assert of_twenty({"seen": born}, datetime(2028, 2, 29, 17, 59, tzinfo=UTC)) == [False]
    assert of_twenty({"seen": born}, datetime(2028, 2, 29, 18, tzinfo=UTC)) == [True]


def test_what_is_nearly_zero_becomes_zero(holds):
    assert holds("fee == 0", fee=5e-324)
    assert holds("fee == 0", fee=-0.0)
    assert holds("fee * fee == 0", fee=1e-40)
    assert holds("fee > 0", fee=1e-40)
    assert not holds("1 / fee > 0 || 1 / fee <= 0", fee=5e-324)


def test_times_that_lead_out_of_the_calendar_are_missing(holds):
    far = timedelta(days=3_652_425)
    assert not holds("seen + wait > seen || seen - wait < seen", seen=AT, wait=far)
    assert not holds("wait + wait > wait || -wait - wait < wait", wait=far)


def test_many_rules_fused_say_what_each_says_alone(catalogue, now):
    texts = ["fee > 1", "vip", "true", "false", "fee > 1 && vip", "name == 'a'", "fee == 1", "vip == true"]
    rules = [parse(text, catalogue) for text in texts]
    values = {"fee": 1, "vip": True, "name": "a"}
    alone = [compile_python([rule])(values, now)[0] for rule in rules]
    assert compile_python(rules)(values, now) == alone == [False, True, True, False, False, True, True, True]
    assert compile_python([])(values, now) == []


def test_compiling_the_same_rules_again_costs_nothing(catalogue):
    text = "fee > 1 && name == 'a'"
    assert compile_python([parse(text, catalogue)]) is compile_python([parse(f"({text})", catalogue)])


def test_now_needs_a_zone(catalogue, now):
    with pytest.raises(ValueError, match="zone"):
        compile_python([parse("now() > seen", catalogue)])({}, now.replace(tzinfo=None))


def test_nothing_of_a_rule_gets_into_the_source(catalogue, now, monkeypatch):
    sources = []
    monkeypatch.setattr(
        python,
        "compile",
        lambda source, *rest: sources.append(source) or compile(source, *rest),
        raising=False,
    )
    text = "name == '\\'); import os #' || home.city in ['__import__'] || fee > 31415"
    assert compile_python([parse(text, catalogue)])({"name": "'); import os #"}, now) == [True]
    for part in ("import", "os", "home", "31415"):
        assert part not in sources[0]


def test_every_back_end_knows_every_function():
    keys = {function.key for found in FUNCTIONS.values() for function in found}
    by_hand = {
        function.key
        for found in FUNCTIONS.values()
        for function in found
        if function.name in python.WRITTEN_OUT
    }
    assert set(python.PYTHON) | by_hand == keys == set(SQL) | by_hand == set(DUCKDB) | by_hand
    assert python.WRITTEN_OUT == WRITTEN_OUT_IN_SQL
    assert not set(python.PYTHON) & by_hand


def test_an_error_never_shows_more_than_a_message_can_hold(catalogue):
    with pytest.raises(RuleError) as caught:
        parse("x" * 3_000, catalogue)
    assert len(caught.value.detail) < 120
