"""Texts and the trees they mean; mistakes and the columns they are at."""

import pytest
from careloop_common.errors import Kind
from careloop_common.rules import NUMBER, Catalogue, RuleError, Type, attributes, parse, to_text, uses_now


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("vip", "vip"),
        ("((vip))", "vip"),
        ("vip&&!vip||true", "vip && !vip || true"),
        ("vip && (vip || true)", "vip && (vip || true)"),
        ("(vip && true) && vip", "vip && true && vip"),
        ("vip || (true || vip)", "vip || true || vip"),
        ("!(vip && true)", "!(vip && true)"),
        ("!(fee == 1)", "!(fee == 1)"),
        ("fee + age * 2 > 1", "fee + age * 2 > 1"),
        ("(fee + age) * 2 > 1", "(fee + age) * 2 > 1"),
        ("fee - (age - 1) > 1", "fee - (age - 1) > 1"),
        ("(fee - age) - 1 > 1", "fee - age - 1 > 1"),
        ("fee / age / 2 > -fee", "fee / age / 2 > -fee"),
        ("fee / (age / 2) > -(fee + 1)", "fee / (age / 2) > -(fee + 1)"),
        ("fee - -1 > - - 2", "fee - -1 > 2"),
        ("-(-fee) > 1", "--fee > 1"),
        ("fee > -0.0", "fee > 0"),
        ("fee > 1.50", "fee > 1.5"),
        ("fee > 1e3 && fee < 2.5E-7", "fee > 1000 && fee < 2.5e-07"),
        ("fee in[1,-2,0.5]", "fee in [1, -2, 0.5]"),
        ("level in ['top','primary']", 'level in ["top", "primary"]'),
        ("'quiet' in flags", '"quiet" in flags'),
        ("name.startsWith('a')", 'name.startsWith("a")'),
        ("home.city.endsWith('市')", 'home.city.endsWith("市")'),
        ("'abc'.contains(name)", '"abc".contains(name)'),
        ("(fee > 1) == vip", "(fee > 1) == vip"),
        ("vip == (fee > 1)", "vip == (fee > 1)"),
        ("between(fee, 1, age + 2)", "between(fee, 1, age + 2)"),
        ("size(name) > 1 && has(home.city)", "size(name) > 1 && has(home.city)"),
        ("wait > duration('72h')", 'wait > duration("3d")'),
        ("wait > duration('1h30m')", 'wait > duration("90m")'),
        ("wait > -duration('90s')", 'wait > duration("-90s")'),
        ("wait > duration('1500ms') - wait", 'wait > duration("1500ms") - wait'),
        ("wait > duration('0h')", 'wait > duration("0s")'),
        ("seen<timestamp('2026-01-01T08:00:00+08:00')", 'seen < timestamp("2026-01-01T00:00:00Z")'),
        ("seen<timestamp('2026-01-01T00:00:00.5Z')", 'seen < timestamp("2026-01-01T00:00:00.500000Z")'),
        ("now() - seen > wait", "now() - seen > wait"),
        ("seen + wait - wait < now()", "seen + wait - wait < now()"),
        ("fee\n  >\t1", "fee > 1"),
        (r"name == 'a\'\"\\\n\t\x41\u4e2d\U0001F600\101'", r'name == "a' + "'" + r'\"\\\n\tA中😀A"'),
        (r"name == '\u00a0'", r'name == "\U000000a0"'),
    ],
)
def test_each_tree_has_one_way_to_be_written(written, canonical, catalogue):
    rule = parse(written, catalogue)
    assert to_text(rule) == canonical
    assert parse(canonical, catalogue) == rule


@pytest.mark.parametrize(
    ("written", "column", "said"),
    [
        ("", 1, "expected a value, not the end"),
        ("fee >", 6, "expected a value, not the end"),
        ("fee > 1)", 8, "expected an operator or the end, not ')'"),
        ("(fee > 1", 9, "expected ')', not the end"),
        ("fee > 1 and vip", 9, "write &&"),
        ("not vip", 5, "expected an operator or the end"),
        ("fee = 1", 5, "write =="),
        ("vip & vip", 5, "write &&"),
        ("vip | vip", 5, "write ||"),
        ("fee % 2 == 0", 5, "no remainder"),
        ("（fee > 1)", 1, "write ("),
        ("fee ＞ 1", 5, "write >"),
        ("name == “a”", 9, 'write "'),
        ("fee ≥ 1", 5, "write >="),
        ("fee > 1 > 2", 9, "do not chain"),
        ("1 < fee <= 2", 9, "do not chain"),
        ("fee > 12abc", 9, "cannot follow a number"),
        ("fee > 1.", 8, "cannot follow a number"),
        ("fee > .5", 7, "expected a value, not '.'"),
        ("name == 'abc", 9, "does not end"),
        ("name == 'a\nb'", 9, "does not end"),
        (r"name == '\q'", 10, "no escape sequence"),
        (r"name == '\ud800'", 9, "surrogate"),
        (r"name == '\000'", 9, "NUL"),
        (r"name == '\UFFFFFFFF'", 10, "no escape sequence"),
        ("name == '" + "x" * 201 + "'", 9, "more than 200 characters"),
        ("tenur > 1", 1, "no attribute 'tenur'"),
        ("vip && agee > 1", 8, "did you mean 'age'?"),
        ("home.citi == 'x'", 1, "did you mean 'home.city'?"),
        ("level == 'primry'", 10, "did you mean 'primary'?"),
        ("'primry' != level", 1, "did you mean 'primary'?"),
        ("level in ['top', 'low']", 18, "'low' is not one of the values"),
        ("'quite' in flags", 1, "did you mean 'quiet'?"),
        ("fee > 'a'", 7, "> does not go with number and text"),
        ("seen > '2026-01-01'", 8, "write the time as timestamp"),
        ("wait > '72h'", 8, "write the duration as duration"),
        ("vip > true", 1, "> does not go with bool and bool"),
        ("vip == 1", 8, "== does not go with bool and number"),
        ("words == words", 1, "does not go with list of text"),
        ("seen + seen > now()", 8, "+ does not go with timestamp and timestamp"),
        ("fee in ['a']", 8, "in does not go with number and list of text"),
        ("name in fee", 9, "in does not go with text and number"),
        ("fee in []", 8, "empty"),
        ("fee in [1, 'a']", 12, "all numbers or all text"),
        ("fee in [1, true]", 12, "expected a number or text"),
        ("fee in [1, age]", 12, "expected a number or text"),
        ("fee in [" + ", ".join(["1"] * 101) + "]", 309, "more than 100 items"),
        ("fee", 1, "this is a number"),
        ("fee + 1", 5, "this is a number"),
        ("vip && fee", 8, "joins conditions, and this is a number"),
        ("!fee == 1", 2, "! does not go with number"),
        ("!fee", 2, "! does not go with number"),
        ("-vip == 1", 2, "does not go with bool"),
        ("has(fee > 1)", 1, "has takes one attribute"),
        ("has()", 1, "has takes one attribute"),
        ("size(fee) > 1", 6, "size does not go with number"),
        ("size(name, name) > 1", 1, "size takes 1 operand, not 2"),
        ("between(fee, 1)", 1, "between takes 3 operands, not 2"),
        ("between(fee, 1, 'a')", 17, "between does not go with"),
        ("now(1) > seen", 1, "now takes 0 operands"),
        ("starts(name, 'a')", 1, "no function 'starts'; did you mean 'startsWith'?"),
        ("name.beginsWith('a')", 6, "no function 'beginsWith'"),
        ("name.size() > 1", 6, "write size(x)"),
        ("name.startsWith", 1, "no attribute"),
        ("name.startsWith(1)", 17, "does not go with text and number"),
        ("'a'.b", 6, "expected '('"),
        ("duration(wait) > wait", 1, "one text in quotes"),
        ("wait > duration('3 days')", 17, "not a duration"),
        ("wait > duration('')", 17, "not a duration"),
        ("wait > duration('99999999d')", 17, "longer than 10,000 years"),
        ("seen > timestamp('2026-02-30T00:00:00Z')", 18, "not a time"),
        ("seen > timestamp('2026-02-03')", 18, "not a time"),
        ("seen > timestamp('2026-02-03T00:00:00')", 18, "not a time"),
        ("seen > timestamp('2016-12-31T23:59:60Z')", 18, "not a time"),
        ("seen > timestamp('0001-01-01T00:00:00+14:00')", 18, "not a time"),
        ("fee > 1e15", 7, "below 10^15"),
        ("fee > 1e400", 7, "below 10^15"),
        ("fee > -1e-60", 7, "closer to zero"),
        ("vip\0", 4, "means nothing here"),
        ("vip \ud800", 5, "means nothing here"),
    ],
)
def test_a_mistake_is_pointed_at(written, column, said, catalogue):
    with pytest.raises(RuleError) as caught:
        parse(written, catalogue)
    assert said in caught.value.detail
    assert caught.value.detail.startswith(f"column {column}: ")
    assert (caught.value.column, caught.value.extra) == (column, {"column": column})


def test_the_error_is_one_of_the_platform_and_can_draw_itself(catalogue):
    with pytest.raises(RuleError) as caught:
        parse("vip &&\n  fee = 1", catalogue)
    assert (caught.value.kind, caught.value.code) == (Kind.INVALID, "rule_invalid")
    assert caught.value.marked("vip &&\n  fee = 1") == "  fee = 1\n      ^"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("(" * 1_900 + "vip" + ")" * 1_900, "12 levels"),
        ("(" * 10_000, "4000 characters"),
        ("!" * 3_900 + "vip", "12 levels"),
        ("-" * 3_900 + "1 > 0", "12 levels"),
        ("size(" * 700, "12 levels"),
        ("1" + "+1" * 1_500 + " > 0", "12 levels"),
        ("vip" + " || vip" * 256, "256 parts"),
        (" || ".join("fee in [" + ",".join(["1"] * 90) + "]" for _ in range(3)), "256 parts"),
        ("vip" + " " * 4_000, "4000 characters"),
        ("name" + ".a" * 1_900, "no attribute"),
        (" || ".join(["name == '" + "\\u00a0" * 200 + "'"] * 3), "4000 characters"),
    ],
)
def test_a_rule_has_limits(written, said, catalogue):
    with pytest.raises(RuleError, match=said):
        parse(written, catalogue)


def test_what_is_just_within_the_limits_can_be_written_and_read_again(catalogue):
    deep = "!" * 11 + "vip"
    wide = " && ".join(["vip"] * 255)
    for written in (deep, wide, "(" * 20 + "vip" + ")" * 20):
        rule = parse(written, catalogue)
        assert parse(to_text(rule), catalogue) == rule


def test_a_rule_knows_what_it_depends_on(catalogue):
    rule = parse('fee > 1 && has(home.city) || now() - seen > duration("1h")', catalogue)
    assert attributes(rule) == {"fee", "home.city", "seen"}
    assert uses_now(rule)
    assert not uses_now(parse("vip", catalogue))


@pytest.mark.parametrize(
    "attributes",
    [
        {"a b": NUMBER},
        {"a.": NUMBER},
        {"in": NUMBER},
        {"a.true": NUMBER},
        {"名": NUMBER},
        {"a": Type("list of number")},
    ],
)
def test_a_catalogue_has_only_what_a_rule_can_write(attributes):
    with pytest.raises(ValueError, match="cannot"):
        Catalogue(attributes)
