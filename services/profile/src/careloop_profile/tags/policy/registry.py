"""The definitions in force, compiled: which tags a change can touch, and what becomes of them."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import compress
from typing import Any, NamedTuple

from careloop_common.rules import Catalogue, Rule, compile_python, uses_now

from careloop_profile.tags.policy.definitions import (
    Content,
    Reading,
    Unreadable,
    Value,
    checked_value,
    given_types,
    read,
)
from careloop_profile.tags.policy.moments import Calendar
from careloop_profile.tags.policy.vocabulary import NOTHING_HAPPENED, TOPICS, catalogue, tag_key

Verdicts = dict[int, Value | None]
"""By the number of a definition the value of the tag, None where the person has it no more."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of a tag. `number` is that of the version, `group` the row that its values lie in."""

    number: int
    code: str
    version: int
    group: int
    active: bool
    content: Content


class Case(NamedTuple):
    """One of the values that a definition may give, and the rule for it."""

    number: int
    value: Value
    rule: Rule


class Asked:
    """Rules in one generated function."""

    __slots__ = ("_evaluate", "_outcomes", "numbers")

    def __init__(self, cases: Iterable[Case]) -> None:
        asked = tuple(cases)
        self.numbers = frozenset(case.number for case in asked)
        """The definitions whose cases these are, all of them."""
        self._outcomes = tuple((case.number, case.value) for case in asked)
        self._evaluate = compile_python([case.rule for case in asked])

    def __call__(self, facts: Mapping[str, Any], now: datetime) -> Iterator[tuple[int, Value]]:
        """The values whose rules hold, by the numbers of their definitions."""
        return compress(self._outcomes, self._evaluate(facts, now))


class Registry:
    """Definitions that are evaluated together; made once per set of versions."""

    def __init__(
        self,
        definitions: Iterable[Definition],
        recording: Collection[int] = (),
        left: Collection[int | None] = (),
    ) -> None:
        self.definitions = {one.number: one for one in definitions}
        self.recording = frozenset(recording)
        """Versions that came into force, or were retired, and that the history of some does not know of yet."""
        self.kept = self.definitions.keys() | {number for number in left if number is not None}
        """Versions whose values are kept: by those that are no more it is told what a switch made of a tag."""
        self.active = {one.code: one for one in self.definitions.values() if one.active}
        given = given_types({one.code: one.content for one in self.definitions.values()})
        self.catalogue = catalogue(given)
        self.readings: dict[int, Reading] = {
            number: read(one.content, self.catalogue)
            for number, one in self.definitions.items()
            if not one.content.kind.given
        }
        self._given = {
            number: tag_key(one.code) for number, one in self.definitions.items() if one.content.kind.given
        }
        reads = {number: reading.of for number, reading in self.readings.items() if reading.of}
        self._told: dict[str, list[int]] = {}
        """Inputs that are values themselves, counted or given. Nothing, and no, are not worth a row for everybody."""
        for number, key in [*self._given.items(), *reads.items()]:
            self._told.setdefault(key, []).append(number)
        self.counted = {number: key for number, key in reads.items() if key in NOTHING_HAPPENED}
        """The inputs that definitions count which move with all that happens."""
        self._cases = {
            number: [Case(number, value, rule) for value, rule in reading.outcomes]
            for number, reading in self.readings.items()
        }
        self._groups: dict[str, set[int]] = {}
        for number, one in self.definitions.items():
            reading = self.readings.get(number)
            for key in reading.inputs if reading else (self._given[number],):
                self._groups.setdefault(key, set()).add(one.group)
        self._topics = {key: TOPICS.get(key, key) for one in self.readings.values() for key in one.inputs}
        """Of the inputs that some rule asks for."""
        self._by_topic: dict[str, dict[int, None]] = {}
        for number, reading in self.readings.items():
            for key in reading.inputs:
                self._by_topic.setdefault(self._topics[key], {})[number] = None
        # What is asked together is compared with what there was of all of it.
        for key, topic in self._topics.items():
            asked = (number for number in self._by_topic[topic] if self._cases[number])
            self._groups[key].update(self.definitions[number].group for number in asked)
        self._asked: dict[str, Asked] = {}
        self._all = self._asking(self._cases)
        self._timed = self._asking(filter(self._is_timed, self._cases))

    def _asking(self, numbers: Iterable[int]) -> Asked:
        """All cases of these definitions: two of them may give the same value, so one alone does not say that it is gone."""
        return Asked(case for number in numbers for case in self._cases[number])

    def _touched(self, changed: Collection[str] | None, *, timed: bool) -> Iterator[Asked]:
        """Functions of all the rules that these inputs touch; each is generated when it is needed first."""
        if changed is None:
            yield self._all
            return
        for topic in {self._topics[key] for key in changed if key in self._topics}:
            if topic not in self._asked:
                self._asked[topic] = self._asking(self._by_topic[topic])
            yield self._asked[topic]
        if timed:
            yield self._timed

    def broken_by(self, code: str, content: Content) -> list[str]:
        """The tags whose rules could not be read any more if this one were of another content."""
        contents = {one.code: one.content for one in self.definitions.values()}
        over = catalogue(given_types(contents | {code: content}))
        asking = (self.definitions[number] for number in self._rules_asking(tag_key(code)))
        return sorted({one.code for one in asking if one.code != code and not _readable(one.content, over)})

    def _may_be(self, number: int, value: Any) -> bool:
        """Not so of what somebody said when the tag had other values."""
        return (
            value is None
            or number not in self._given
            or checked_value(self.definitions[number].content, value)
        )

    def _rules_asking(self, key: str) -> list[int]:
        return [number for number, reading in self.readings.items() if key in reading.inputs]

    @cached_property
    def calendar(self) -> Calendar:
        """When time alone may change one of the tags."""
        return Calendar(case.rule for cases in self._cases.values() for case in cases)

    def groups(self, changed: Collection[str] | None, *, timed: bool) -> set[int]:
        """In which rows the values lie that these inputs touch."""
        if changed is None:
            return {one.group for one in self.definitions.values()}
        found = set().union(*(self._groups.get(key, ()) for key in changed))
        return found | self._timed_groups if timed else found

    @cached_property
    def _timed_groups(self) -> set[int]:
        return {self.definitions[number].group for number in self._cases if self._is_timed(number)}

    def _is_timed(self, number: int) -> bool:
        return any(uses_now(rule) for _, rule in self.readings[number].outcomes)

    def rules(self, number: int) -> list[tuple[Value, Rule]]:
        """The values of a definition with the rules for them."""
        return list(self.readings[number].outcomes) if number in self.readings else []

    def evaluate(
        self,
        facts: Mapping[str, Any],
        now: datetime,
        held: Mapping[int, Value],
        *,
        changed: Collection[str] | None,
        timed: bool = False,
    ) -> Verdicts:
        """The tags that become others, of those that one of the inputs `changed` touches, or all; `timed` are also those
        that time alone can change. `held` are the values so far."""
        touched = list(self._touched(changed, timed=timed))
        verdicts: Verdicts = {number: None for asked in touched for number in asked.numbers if number in held}
        for asked in touched:
            verdicts.update(asked(facts, now))
        for key in self._told if changed is None else self._told.keys() & changed:
            value = facts.get(key) or None
            for number in self._told[key]:
                verdicts[number] = value if self._may_be(number, value) else None
        return {number: value for number, value in verdicts.items() if held.get(number) != value}


def _readable(content: Content, over: Catalogue) -> bool:
    try:
        read(content, over)
    except Unreadable:
        return False
    return True
