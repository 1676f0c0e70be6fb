"""Whether a rule can ever hold, or ever be the first that does: a search for values that make it so.

Comparisons with literals divide the values of an attribute into a handful of kinds: equal to a literal, between two of
them, beyond all, missing. One of each kind is tried, in all combinations. So the search is complete for rules that only
compare, and says nothing of others.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product
from math import floor, prod
from typing import Any, Final

from careloop_common.rules.catalogue import BOOL, DURATION, NUMBER, TEXT, TIMESTAMP, Type
from careloop_common.rules.python import compile_python
from careloop_common.rules.tree import Attribute, Call, ListLiteral, Literal, Rule, walk

MOST: Final = 50_000
"""Combinations that are tried; of a rule with more it is not known."""
FEW: Final = 5_000
"""Combinations that are tried for several rules."""
_COMPARING: Final = frozenset({"&&", "||", "!", "==", "!=", "<", "<=", ">", ">=", "in", "between", "has"})
_OTHER: Final = "\N{REPLACEMENT CHARACTER}"
_SAMPLES: Final = (_OTHER, "0", "A", "a", "zz", "zzzzzzzz")
"""Texts of which one or the other matches any pattern of words and codes."""
_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
_STEPS: Final = {NUMBER: 1.0, TIMESTAMP: timedelta(seconds=1), DURATION: timedelta(seconds=1)}


def never(rule: Rule, *, optional: Collection[str] | None = None) -> bool:
    """Whether it is certain that no values make `rule` true; all but `optional` have values, or none if that is None."""
    return _beaten((), rule, optional, MOST)


def never_first(rules: Sequence[Rule], *, optional: Collection[str]) -> bool:
    """Whether it is certain that the last of `rules` is never the first that holds; all but `optional` have values."""
    *earlier, last = rules
    if not _known(last):
        return False
    told = [rule for rule in earlier if _known(rule)]
    return _beaten(told, last, optional, FEW) or any(_beaten((rule,), last, optional, FEW) for rule in told)


def together(rules: Sequence[Rule], *, optional: Collection[str]) -> bool:
    """Whether values were found that make all of `rules` true; where they do more than compare, there may be others."""
    cases = _cases(rules, optional, MOST)
    judge = compile_python(rules)
    return cases is not None and any(all(judge(case, _NOW)) for case in cases)


def _beaten(earlier: Sequence[Rule], last: Rule, optional: Collection[str] | None, most: int) -> bool:
    """Whether wherever `last` holds, one of `earlier` does."""
    cases = _cases((*earlier, last), optional, most) if _known(last) else None
    if cases is None:
        return False
    judge = compile_python((*earlier, last))
    for case in cases:
        *before, holds = judge(case, _NOW)
        if holds and not any(before):
            return False
    return True


def _cases(
    rules: Sequence[Rule], optional: Collection[str] | None, most: int
) -> Iterator[dict[str, Any]] | None:
    """Values of each kind in all combinations, or None if these are too many."""
    nodes = [node for rule in rules for node in walk(rule.root)]
    attributes = {node.key: node for node in nodes if isinstance(node, Attribute)}
    literals = list(_literals(nodes))
    kinds = {
        key: [
            kind
            for kind in _kinds(attribute, literals)
            if kind is not None or optional is None or attribute.name in optional
        ]
        for key, attribute in attributes.items()
    }
    if prod(map(len, kinds.values())) > most:
        return None
    return (_values(kinds, values) for values in product(*kinds.values()))


def _known(rule: Rule) -> bool:
    """Whether the search is complete for this rule."""
    return all(_compares_with_literals(node) for node in walk(rule.root) if isinstance(node, Call))


def _compares_with_literals(call: Call) -> bool:
    attributes = sum(isinstance(argument, Attribute) for argument in call.arguments)
    joins = call.function.name in {"&&", "||", "!"}
    return call.function.name in _COMPARING and (joins or attributes < 2)


def _values(kinds: dict[str, list[Any]], values: tuple[Any, ...]) -> dict[str, Any]:
    return {key: value for key, value in zip(kinds, values, strict=True) if value is not None}


def _literals(nodes: list[Any]) -> Iterator[Any]:
    for node in nodes:
        if isinstance(node, Literal):
            yield node.value
        elif isinstance(node, ListLiteral):
            yield from node.values


def _kinds(attribute: Attribute, literals: list[Any]) -> Iterator[Any]:
    """A value of each kind that the rule could tell apart; None is a missing one."""
    yield None
    if attribute.type == BOOL:
        yield from (True, False)
    elif attribute.type == TEXT:
        yield from sorted(attribute.type.values or _texts(attribute.type, literals))
    elif attribute.type.counts:
        yield from _counts(literals)
    elif attribute.type.span is not None:
        yield from _numbers(*attribute.type.span, literals)
    elif attribute.type in _STEPS:
        step: Any = _STEPS[attribute.type]
        same = float if attribute.type == NUMBER else datetime if attribute.type == TIMESTAMP else timedelta
        known: list[Any] = sorted({literal for literal in literals if type(literal) is same})
        yield from known or [_NOW if attribute.type == TIMESTAMP else step]
        yield from (earlier + (later - earlier) / 2 for earlier, later in pairwise(known))
        if known:
            yield from (known[0] - step, known[-1] + step)
    else:
        texts = {literal for literal in literals if isinstance(literal, str)}
        yield from ([], sorted(texts), *([text] for text in sorted(texts)))


def _texts(kind: Type, literals: list[Any]) -> set[str]:
    """Those that the rule names, and others; of a type with a pattern only such as match it."""
    named = {literal for literal in literals if isinstance(literal, str)}
    if kind.pattern is None:
        return {*named, _OTHER, ""}
    beside = {near for text in named for near in (text, text[:-1], f"{text}-", f"{text}0")}
    return {text for text in {*beside, *_SAMPLES} if re.fullmatch(kind.pattern, text)}


def _counts(literals: list[Any]) -> list[float]:
    """Whole numbers that the rule names, lie between two of them, or beyond all."""
    named = {literal for literal in literals if type(literal) is float}
    near = {floor(literal) + step for literal in named for step in (-1, 0, 1)}
    return sorted(float(number) for number in near | {0} if number >= 0)


def _numbers(least: float, most: float, literals: list[Any]) -> list[float]:
    """Numbers from one to the other: both, those between that the rule names, and one between any two of these."""
    named = {literal for literal in literals if type(literal) is float and least < literal < most}
    known = sorted({least, most, *named})
    return [*known, *(earlier + (later - earlier) / 2 for earlier, later in pairwise(known))]
