"""What holds for any rule, any text and any document."""

import contextlib
import json
import random
from collections.abc import Callable

from careloop_common.rules import Rule, RuleError, compile_python, from_json, parse, to_json, to_text
from careloop_common.testing.rules import CATALOGUE, NOW, RandomCases
from hypothesis import given, settings
from hypothesis import strategies as st

SEEDS = st.integers(0, 2**32)
PIECES = st.sampled_from(
    [
        *(
            "(",
            ")",
            "[",
            "]",
            ",",
            ".",
            "!",
            "-",
            "+",
            "*",
            "/",
            "&&",
            "||",
            "==",
            "!=",
            "<",
            "<=",
            ">",
            ">=",
        ),
        *(
            "in",
            "true",
            "false",
            "double",
            "word",
            "kind",
            "yes",
            "seen",
            "span",
            "words",
            "now()",
            "has(",
            "size(",
        ),
        *(
            "between(",
            ".startsWith(",
            'duration("1h")',
            'timestamp("2026-01-01T00:00:00Z")',
            "1",
            "0.5",
            '"a"',
        ),
        *("'b'", '"alpha"', "1e400", '"', "\\"),
    ]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["double", "yes", "&&", "<"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["op", "args", "value", "list", "attribute", "duration", "x"]), inner
        )
        | st.fixed_dictionaries(
            {"op": st.sampled_from(["!", "<", "&&", "in"]), "args": st.lists(inner, max_size=3)}
        )
    ),
)


def outcome(read: Callable[[], Rule]) -> Rule | RuleError:
    try:
        return read()
    except RuleError as error:
        return error


@given(SEEDS)
def test_a_rule_survives_its_text_and_its_document(seed):
    rule = RandomCases(seed).rule()
    assert parse(to_text(rule), CATALOGUE) == rule
    assert to_text(parse(to_text(rule), CATALOGUE)) == to_text(rule)
    assert from_json(json.loads(json.dumps(to_json(rule))), CATALOGUE) == rule


@given(SEEDS)
def test_evaluating_never_raises_and_never_leaves_a_question_open(seed):
    cases = RandomCases(seed)
    rules = [cases.rule() for _ in range(5)]
    values = cases.values()
    answers = compile_python(rules)(values, NOW)
    assert [type(answer) for answer in answers] == [bool] * 5
    assert answers == [compile_python([rule])(values, NOW)[0] for rule in rules]


@given(st.text() | st.lists(PIECES, max_size=30).map(" ".join) | st.lists(PIECES, max_size=30).map("".join))
def test_any_text_is_a_rule_or_an_error_with_a_column(text):
    found = outcome(lambda: parse(text, CATALOGUE))
    if isinstance(found, Rule):
        assert parse(to_text(found), CATALOGUE) == found
        return
    assert found.column is not None
    assert 1 <= found.column <= len(text) + 1
    assert found.marked(text)
    found.detail.encode()


@given(SEEDS)
def test_a_rule_with_a_character_changed_is_a_rule_or_an_error(seed):
    dice = random.Random(seed)
    text = RandomCases(seed).text()
    at = dice.randrange(len(text))
    changed = text[:at] + dice.choice("()[]\"'.,!-+*/<>=&|a0 ") + text[at + dice.randrange(2) :]
    with contextlib.suppress(RuleError):
        rule = parse(changed, CATALOGUE)
        assert parse(to_text(rule), CATALOGUE) == rule


@settings(max_examples=300)
@given(JSON | JSON.map(lambda node: {"version": 1, "rule": node}))
def test_any_document_is_a_rule_or_an_error_with_a_pointer(document):
    found = outcome(lambda: from_json(document, CATALOGUE))
    if isinstance(found, Rule):
        assert from_json(to_json(found), CATALOGUE) == found
        return
    assert found.pointer is not None
    found.detail.encode()
