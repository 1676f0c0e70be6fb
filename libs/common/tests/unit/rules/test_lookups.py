"""Families of attributes that are written as calls."""

import json
import subprocess
import sys

import pytest
from careloop_common.rules import (
    BOOL,
    NUMBER,
    TEXTS,
    TIMESTAMP,
    Catalogue,
    Lookup,
    RuleError,
    Type,
    attributes,
    compile_python,
    depends_on,
    from_json,
    one_of,
    parse,
    sql,
    to_json,
    to_text,
)
from careloop_common.rules.catalogue import TAKEN
from careloop_common.rules.functions import FUNCTIONS
from sqlalchemy import Integer, column

KNOWN = Catalogue(
    {"fee": NUMBER},
    {
        "total": Lookup(NUMBER, (("calls", "visits"), ("7d", "30d"))),
        "label": Lookup(BOOL, (("new", 'äl"t'),)),
        "trait": Lookup.typed(
            {"loud": BOOL, "size": NUMBER, "shape": one_of("round", "flat"), "marks": TEXTS}
        ),
        "count": Lookup(
            NUMBER,
            (("paid", "called"), ("7d", "30d")),
            where={"paid": Catalogue({"amount": NUMBER, "by": one_of("card", "cash"), "at": TIMESTAMP})},
        ),
    },
)


def test_a_lookup_is_an_attribute_under_its_canonical_text(now):
    rule = parse("total( 'calls','30d' ) > fee && has(total('visits', '7d')) && !label('new')", KNOWN)
    assert to_text(rule) == 'total("calls", "30d") > fee && has(total("visits", "7d")) && !label("new")'
    assert attributes(rule) == {"fee", 'total("calls", "30d")', 'total("visits", "7d")', 'label("new")'}
    assert parse(to_text(rule), KNOWN) == rule == from_json(to_json(rule), KNOWN)
    values = {"fee": 1, 'total("calls", "30d")': 2, 'total("visits", "7d")': 0}
    assert compile_python([rule])(values, now) == [True]
    assert parse(to_text(parse("label('äl\"t')", KNOWN)), KNOWN) == parse("label('äl\"t')", KNOWN)


def test_a_lookup_takes_its_column_by_the_same_text(now):
    rule = parse("total('calls', '30d') > 1", KNOWN)
    assert "calls_30d" in str(sql.to_sql(rule, {'total("calls", "30d")': column("calls_30d", Integer)}, now))


def test_the_type_of_a_lookup_can_depend_on_its_argument(now):
    rule = parse(
        "trait('loud') && trait('size') > 3 && trait('shape') == 'flat' && 'x' in trait('marks')", KNOWN
    )
    values = {'trait("loud")': True, 'trait("size")': 4, 'trait("shape")': "flat", 'trait("marks")': ["x"]}
    assert compile_python([rule])(values, now) == [True]
    assert not compile_python([rule])(values | {'trait("size")': "4"}, now)[0]
    assert {attribute.type for attribute in depends_on(rule)} == {BOOL, NUMBER, one_of(), TEXTS}
    assert parse(to_text(rule), KNOWN) == rule == from_json(to_json(rule), KNOWN)


def test_a_condition_of_a_lookup_is_part_of_its_key_and_kept_for_who_counts(now):
    rule = parse(
        "count( 'paid', '30d', (amount>100) && by in ['card'] ) > 2 && count('paid', '30d') > 5", KNOWN
    )
    key = 'count("paid", "30d", amount > 100 && by in ["card"])'
    assert attributes(rule) == {key, 'count("paid", "30d")'}
    assert compile_python([rule])({key: 3, 'count("paid", "30d")': 6}, now) == [True]
    assert compile_python([rule])({key: 2, 'count("paid", "30d")': 6}, now) == [False]
    (counted,) = (attribute for attribute in depends_on(rule) if attribute.where)
    assert (counted.name, counted.arguments) == ("count", ("paid", "30d"))
    assert counted.where is not None
    holds = compile_python([counted.where.rule])
    assert [holds({"amount": 200, "by": by}, now)[0] for by in ("card", "cash")] == [True, False]
    assert parse(to_text(rule), KNOWN) == rule == from_json(json.loads(json.dumps(to_json(rule))), KNOWN)
    assert hash(rule) == hash(parse(to_text(rule), KNOWN))


@pytest.mark.parametrize(
    ("written", "column", "said"),
    [
        ("trait('size') == 'flat'", 18, "does not go with number and text"),
        ("trait('shape') == 'fla'", 19, "did you mean 'flat'?"),
        ("trait('form') == 'flat'", 7, "not one of the values"),
        ("count('paid') > 1", 1, "takes 2 texts and a condition, not 1"),
        ("count('paid', '7d', true, true) > 1", 1, "takes 2 texts and a condition, not 4"),
        ("count('paid', '7d', amount) > 1", 21, "true or false"),
        ("count('paid', '7d', amont > 1) > 1", 21, "did you mean 'amount'?"),
        ("count('paid', '7d', fee > 1) > 1", 21, "no attribute 'fee'"),
        ("count('called', '7d', amount > 1) > 1", 23, "no attribute 'amount'"),
        ("count('paid', '7d', by == 'check') > 1", 27, "not one of the values"),
        ("count('paid', '7d', now() > at) > 1", 27, "cannot depend on now()"),
        ("count('paid', '7d', days_since(at) > 1) > 1", 36, "cannot depend on now()"),
        ("total('calls', '30d', true) > 1", 1, "takes 2 texts, not 3"),
        ("count('paid', '7d', " + "!" * 12 + "true) > 1", 21, "12 levels"),
        ("total('calls') > 1", 1, "takes 2 texts, not 1"),
        ("total('call', '30d') > 1", 7, "did you mean 'calls'?"),
        ("total('calls', fee) > 1", 16, "takes texts in quotes"),
        ("totl('calls', '30d') > 1", 1, "did you mean 'total'?"),
        ("total > 1", 1, "no attribute 'total'"),
        ("label('new') > 1", 1, "does not go with bool and number"),
    ],
)
def test_a_mistake_in_a_lookup_is_pointed_at(written, column, said):
    with pytest.raises(RuleError) as caught:
        parse(written, KNOWN)
    assert said in caught.value.detail
    assert caught.value.column == column


@pytest.mark.parametrize(
    ("name", "lookup"),
    [
        ("size", Lookup(NUMBER, (("a",),))),
        ("a.b", Lookup(NUMBER, (("a",),))),
        ("total", Lookup(NUMBER, ())),
        ("total", Lookup(Type("list of number"), (("a",),))),
        ("total", Lookup.typed({"a": NUMBER, "b": Type("list of number")})),
        ("days_since", Lookup(NUMBER, (("a",),))),
    ],
)
def test_a_catalogue_has_only_lookups_that_a_rule_can_write(name, lookup):
    with pytest.raises(ValueError, match="cannot"):
        Catalogue({}, {name: lookup})


def test_every_function_has_its_name_to_itself():
    assert {name for name in FUNCTIONS if name.isalpha()} <= TAKEN


def test_rules_are_read_and_evaluated_without_a_database_library():
    program = "import sys, careloop_common.rules; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
