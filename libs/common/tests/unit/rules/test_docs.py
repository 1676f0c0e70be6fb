"""What docs/rules.md shows is so."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from careloop_common.rules import (
    BOOL,
    DURATION,
    NUMBER,
    TEXT,
    TEXTS,
    TIMESTAMP,
    Catalogue,
    Lookup,
    RuleError,
    Type,
    from_json,
    one_of,
    parse,
    to_json,
    to_text,
)
from careloop_common.rules.functions import FUNCTIONS

PAGE = (Path(__file__).parents[5] / "docs" / "rules.md").read_text(encoding="utf-8")
TYPES = {type_.name: type_ for type_ in (BOOL, NUMBER, TEXT, TEXTS, TIMESTAMP, DURATION)}
EVENT = Catalogue({"amount": NUMBER, "channel": TEXT})
EXAMPLES = [
    line
    for block in re.findall(r"^```rule\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
MISTAKES = re.findall(r"^\| `(.+?)` \| (column .+?) \|$", PAGE, re.MULTILINE)


def described(type_: str) -> Type:
    name, _, values = type_.partition(": ")
    return one_of(*re.findall(r"`(\w+)`", values)) if values else TYPES[name]


@pytest.fixture(scope="module")
def listed() -> Catalogue:
    rows = re.findall(r"^\| `([\w.]+)` \| \S.* \| ([^|]+) \|$", PAGE, re.MULTILINE)
    return Catalogue({name: described(type_) for name, type_ in rows}, dict(families()))


def families() -> Iterator[tuple[str, Lookup]]:
    rows = re.findall(r"^\| `(\w+)\(([^)]+)\)` \| \S+ \| (\w+) \| (.+) \|$", PAGE, re.MULTILINE)
    for name, written, type_, arguments in rows:
        examples = re.findall(r'"(\w+)"', written)
        parameters = tuple((example, *(["7d"] if example == "30d" else [])) for example in examples)
        where = {examples[0]: EVENT} if "condition" in arguments else None
        yield name, Lookup(TYPES[type_], parameters, where)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_rule(example, listed):
    rule = parse(example, listed)
    assert parse(to_text(rule), listed) == rule


@pytest.mark.parametrize(("rule", "error"), MISTAKES)
def test_every_mistake_gives_the_error_that_stands_beside_it(rule, error, listed):
    with pytest.raises(RuleError) as caught:
        parse(rule, listed)
    assert caught.value.detail == error


def test_the_stored_form_is_one(listed):
    (document,) = (
        json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    )
    assert to_json(from_json(document, listed)) == document


def test_nothing_is_left_out(listed):
    assert (len(listed), len(listed.lookups), len(EXAMPLES), len(MISTAKES)) == (12, 7, 15, 8)
    for name in FUNCTIONS:
        assert name.replace("||", r"\|\|") in PAGE
