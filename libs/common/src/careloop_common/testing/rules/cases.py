"""Random rules."""

import random
from collections.abc import Callable
from typing import Any

from careloop_common.rules import Rule, RuleError, parse
from careloop_common.rules.literals import write_timestamp
from careloop_common.testing.rules.stored import CATALOGUE, KINDS
from careloop_common.testing.rules.values import DOUBLES, WORDS, RandomValues

_LONGEST_SPAN = 315_576_000_000_000_000


class RandomCases:
    """Well typed rules and values, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)  # noqa: S311  (nothing secret)
        self._values = RandomValues(self._dice)

    def text(self) -> str:
        """The text of a rule that is well typed but may be over a limit."""
        return self._condition(self._dice.choice((0, 1, 2, 3, 4)))

    def rule(self) -> Rule:
        """A rule."""
        while True:
            try:
                return parse(self.text(), CATALOGUE)
            except RuleError:  # too large, or a number that cannot be written
                continue

    def values(self) -> dict[str, Any]:
        """A value for each attribute, or none."""
        return self._values.all()

    def _condition(self, depth: int) -> str:
        dice = self._dice
        if depth > 0 and dice.random() < 0.8:
            parts = [self._condition(depth - 1) for _ in range(dice.choice((2, 2, 3)))]
            joined = dice.choice((" && ", " || ")).join(f"({part})" for part in parts)
            return dice.choice((joined, f"!({joined})", f"!({parts[0]})"))
        leaves: tuple[Callable[[], str], ...] = (
            self._comparison,
            self._comparison,
            self._comparison,
            self._membership,
            self._part,
            lambda: dice.choice(("yes", "no", "json.yes", "!yes", "true", "false")),
            lambda: f"has({dice.choice(list(CATALOGUE))})",
            lambda: (
                f"({self._condition(0)}) {dice.choice(('==', '!='))} {dice.choice(('yes', 'no', 'true'))}"
            ),
        )
        return dice.choice(leaves)()

    def _comparison(self) -> str:
        if self._dice.random() < 0.1:
            known = f"double {self._dice.choice('+-*/')} json.number"
            return f"{known} {self._dice.choice(('==', '!=', '<', '>'))} decimal"
        make = self._dice.choice((self._number, self._number, self._text, self._time, self._span))
        left, right = make(self._dice.randrange(4)), make(self._dice.randrange(3))
        if self._dice.random() < 0.15:
            return f"between({left}, {right}, {make(1)})"
        return f"({left}) {self._dice.choice(('==', '!=', '<', '<=', '>', '>='))} ({right})"

    def _membership(self) -> str:
        dice = self._dice
        if dice.random() < 0.3:
            return f"{self._text(0)} in {dice.choice(('words', 'json.words'))}"
        if dice.random() < 0.5:
            items = ", ".join(self._quoted() for _ in range(dice.randrange(1, 5)))
            return f"{dice.choice(('word', 'json.text'))} in [{items}]"
        if dice.random() < 0.5:
            return f'kind in ["{dice.choice(KINDS)}", "{dice.choice(KINDS)}"]'
        return f"{self._number(1)} in [{', '.join(self._literal() for _ in range(dice.randrange(1, 5)))}]"

    def _part(self) -> str:
        method = self._dice.choice(("startsWith", "endsWith", "contains"))
        return f"{self._dice.choice(('word', 'json.text', 'kind'))}.{method}({self._text(0)})"

    def _number(self, depth: int) -> str:
        dice = self._dice
        if depth > 0 and dice.random() < 0.7:
            if dice.random() < 0.15:
                return f"-({self._number(depth - 1)})"
            return f"({self._number(depth - 1)}) {dice.choice('+-*/')} ({self._number(depth - 1)})"
        sized = dice.choice(("word", "words", "json.words", "other.word"))
        known = ("double", "decimal", "amount", "whole", "small", "json.number")
        if dice.random() < 0.2:
            then = dice.choice(("joined", self._time(depth)))
            return f"{dice.choice(('days_since', 'age_years'))}({then})"
        return dice.choice((dice.choice(known), dice.choice(known), self._literal(), f"size({sized})"))

    def _literal(self) -> str:
        writable = [value for value in DOUBLES if value == 0 or 2.0**-148 <= abs(value) < 1e15]
        dice = self._dice
        return repr(dice.choice((dice.choice(writable), dice.randrange(-5, 20), dice.uniform(-10, 10))))

    def _text(self, _: int) -> str:
        return self._dice.choice((self._quoted(), "word", "other.word", "json.text"))

    def _quoted(self) -> str:
        escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n"}
        return '"' + "".join(escapes.get(char, char) for char in self._dice.choice(WORDS)) + '"'

    def _time(self, depth: int) -> str:
        dice = self._dice
        if depth > 0 and dice.random() < 0.5:
            return f"({self._time(depth - 1)}) {dice.choice('+-')} ({self._span(depth - 1)})"
        known = (
            "now()",
            "seen",
            "due",
            "joined",
            "json.at",
            f'timestamp("{write_timestamp(self._values.time())}")',
        )
        return dice.choice(known)

    def _span(self, depth: int) -> str:
        dice = self._dice
        if depth > 0 and dice.random() < 0.7:
            if dice.random() < 0.5:
                return f"({self._time(depth - 1)}) - ({self._time(depth - 1)})"
            return dice.choice(
                (
                    f"-({self._span(depth - 1)})",
                    f"({self._span(depth - 1)}) {dice.choice('+-')} ({self._span(depth - 1)})",
                )
            )
        # The longest of the values is one too long to be written.
        written = max(-_LONGEST_SPAN, min(_LONGEST_SPAN, self._values.span()))
        return dice.choice(("span", "ticks", "json.span", f'duration("{written}us")'))
