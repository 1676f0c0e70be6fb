"""The definitions in force, compiled: which tags a change can touch, and what becomes of them."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from careloop_common.rules import Catalogue, Rule, compile_python, uses_now

from careloop_profile.tags.policy.definitions import Content, Reading, Unreadable, Value, given_types, read
from careloop_profile.tags.policy.moments import Calendar
from careloop_profile.tags.policy.vocabulary import TOPICS, catalogue, tag_key

Place = tuple[int, int]
"""The number of a definition, and which of its cases."""
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


class Asked:
    """Rules in one generated function."""

    __slots__ = ("_evaluate", "_places")

    def __init__(self, rules: Mapping[Place, Rule]) -> None:
        self._places = tuple(rules)
        self._evaluate = compile_python(tuple(rules.values()))

    def __call__(self, facts: Mapping[str, Any], now: datetime) -> Iterator[tuple[Place, bool]]:
        return zip(self._places, self._evaluate(facts, now), strict=True)


class Registry:
    """Definitions that are evaluated together; made once per set of versions."""

    def __init__(self, definitions: Iterable[Definition]) -> None:
        self.definitions = {one.number: one for one in definitions}
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
        self._told: dict[str, list[int]] = {}
        """Inputs that are values themselves, counted or given. Nothing, and no, are not worth a row for everybody."""
        for number, key in [*self._given.items(), *self._counted()]:
            self._told.setdefault(key, []).append(number)
        self._values = {
            (number, place): value
            for number, reading in self.readings.items()
            for place, (value, _) in enumerate(reading.outcomes)
        }
        self._rules = {
            (number, place): rule
            for number, reading in self.readings.items()
            for place, (_, rule) in enumerate(reading.outcomes)
        }
        self._groups: dict[str, set[int]] = {}
        for number, one in self.definitions.items():
            reading = self.readings.get(number)
            for key in reading.inputs if reading else (self._given[number],):
                self._groups.setdefault(key, set()).add(one.group)
        self._by_topic: dict[str, dict[Place, Rule]] = {}
        for number, reading in self.readings.items():
            for key in reading.inputs:
                self._by_topic.setdefault(TOPICS.get(key, key), {}).update(self._of(number))
        self._asked: dict[str, Asked] = {}
        self._all = Asked(self._rules)
        self._timed = Asked({place: rule for place, rule in self._rules.items() if self._is_timed(place[0])})

    def _of(self, number: int) -> Iterator[tuple[Place, Rule]]:
        """All cases of a definition: two of them may give the same value, so one alone does not say that it is gone."""
        for place, (_, rule) in enumerate(self.readings[number].outcomes):
            yield (number, place), rule

    def _touched(self, changed: Collection[str] | None, *, timed: bool) -> Iterator[Asked]:
        """Functions of all the rules that these inputs touch; each is generated when it is needed first."""
        if changed is None:
            yield self._all
            return
        for topic in {TOPICS.get(key, key) for key in changed}:
            if topic not in self._asked and topic in self._by_topic:
                self._asked[topic] = Asked(self._by_topic[topic])
            if topic in self._asked:
                yield self._asked[topic]
        if timed:
            yield self._timed

    def _counted(self) -> Iterator[tuple[int, str]]:
        return ((number, reading.of) for number, reading in self.readings.items() if reading.of)

    def broken_by(self, code: str, content: Content) -> list[str]:
        """The tags whose rules could not be read any more if this one were of another content."""
        contents = {one.code: one.content for one in self.definitions.values()}
        over = catalogue(given_types(contents | {code: content}))
        asking = (self.definitions[number] for number in self._rules_asking(tag_key(code)))
        return sorted({one.code for one in asking if one.code != code and not _readable(one.content, over)})

    def _rules_asking(self, key: str) -> list[int]:
        return [number for number, reading in self.readings.items() if key in reading.inputs]

    @cached_property
    def calendar(self) -> Calendar:
        """When time alone may change one of the tags."""
        return Calendar(self._rules.values())

    def groups(self, changed: Collection[str] | None, *, timed: bool) -> set[int]:
        """In which rows the values lie that these inputs touch."""
        if changed is None:
            return {one.group for one in self.definitions.values()}
        found = set().union(*(self._groups.get(key, ()) for key in changed))
        return found | self._timed_groups if timed else found

    @cached_property
    def _timed_groups(self) -> set[int]:
        return {self.definitions[number].group for number, _ in self._rules if self._is_timed(number)}

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
        answers: dict[Place, bool] = {}
        for asked in self._touched(changed, timed=timed):
            answers.update(asked(facts, now))
        verdicts: Verdicts = {}
        values = self._values
        for place, holds in answers.items():
            number = place[0]
            if holds:
                verdicts[number] = values[place]
            elif number in held and held[number] == values[place]:
                verdicts.setdefault(number, None)
        for key in self._told if changed is None else self._told.keys() & changed:
            value = facts.get(key)
            verdicts |= dict.fromkeys(self._told[key], value or None)
        return {number: value for number, value in verdicts.items() if held.get(number) != value}


def _readable(content: Content, over: Catalogue) -> bool:
    try:
        read(content, over)
    except Unreadable:
        return False
    return True
