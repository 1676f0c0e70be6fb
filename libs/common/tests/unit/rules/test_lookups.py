"""Families of attributes that are written as calls."""

import subprocess
import sys

import pytest
from careloop_common.rules import (
    BOOL,
    NUMBER,
    Catalogue,
    Lookup,
    RuleError,
    Type,
    attributes,
    compile_python,
    from_json,
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


@pytest.mark.parametrize(
    ("written", "column", "said"),
    [
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
