"""A linkage model: which fields are compared, in which levels, and how much each level weighs.

The weights are those of Fellegi and Sunter, "A theory for record linkage" (1969): a level that holds for a share m of
the pairs that are one person and for a share u of those that are not weighs log2(m/u). Values are not equally common,
so that two people called 王伟 say less than two 欧阳: a field may put the frequency of the value in the place of u
(Winkler, 2000).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import Any

from careloop_profile.linkage.policy.levels import ELSE, EQUAL, Level, level
from careloop_profile.linkage.policy.records import Record, Spelling, blocks, spelled, split_part

Hashed = Callable[[str, str], str]
"""Makes of a field and a value what the frequencies are kept by: a model names nobody."""


@dataclass(frozen=True, slots=True)
class Field:
    """Where a value comes from, and in which spelling it is compared."""

    name: str
    source: str
    spelling: Spelling


@dataclass(frozen=True, slots=True)
class Weighed:
    level: Level
    m: float
    weight: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The levels from the most alike to the least; the last one always holds."""

    field: str
    levels: tuple[Weighed, ...]
    floor: float | None = None
    """The frequency of a value that is not common, where frequencies count."""


@dataclass(frozen=True, slots=True)
class FieldWeight:
    """How a field speaks: which level holds, and what that weighs."""

    level: str
    weight: float


@dataclass(frozen=True, slots=True)
class Score:
    """How much speaks for two records being one person, in bits."""

    weight: float
    fields: Mapping[str, FieldWeight]

    @property
    def probability(self) -> float:
        return probability_of(self.weight)


@dataclass(frozen=True, slots=True)
class Model:
    version: int
    prior: float
    """Bits for two records of which nothing is known."""
    fields: tuple[Field, ...]
    keys: tuple[tuple[str, ...], ...]
    comparisons: tuple[Comparison, ...]
    terms: Mapping[str, Mapping[str, float]]

    def record(self, raw: Mapping[str, str], hashed: Hashed) -> Record:
        """What is compared of somebody of whom this is known, by source."""
        values = {}
        for one in self.fields:
            given = raw.get(one.source)
            if given is not None and (value := spelled(one.spelling, given)):
                values[one.name] = value
        frequencies = {
            name: frequency
            for name, terms in self.terms.items()
            if name in values and (frequency := terms.get(hashed(name, values[name])))
        }
        return Record(values, frequencies)

    def made_of(self, source: str) -> frozenset[str]:
        """The fields that come from this source."""
        return frozenset(one.name for one in self.fields if one.source == source)

    def keys_of(self, record: Record) -> list[str]:
        return blocks(self.keys, record.values)

    def score(self, one: Record, other: Record) -> Score:
        """The weight of all that two records say of each other; what either does not say weighs nothing."""
        total, fields = self.prior, {}
        for comparison in self.comparisons:
            name = comparison.field
            ours, theirs = one.values.get(name), other.values.get(name)
            if ours is None or theirs is None:
                continue
            found = _said(comparison, ours, theirs, one.frequencies.get(name, 0.0))
            fields[name] = found
            total += found.weight
        return Score(total, fields)


def _said(comparison: Comparison, ours: str, theirs: str, frequency: float) -> FieldWeight:
    for weighed in comparison.levels:
        if weighed.level.holds(ours, theirs):
            break
    if comparison.floor is not None and weighed.level.when == EQUAL:
        return FieldWeight(EQUAL, log2(weighed.m / max(frequency, comparison.floor)))
    return FieldWeight(weighed.level.when, weighed.weight)


def probability_of(weight: float) -> float:
    return 1 / (1 + 2**-weight) if weight > -1000 else 0.0


def read(version: int, document: Mapping[str, Any]) -> Model:
    """The model that a document describes; ValueError says what is wrong with it."""
    fields = tuple(Field(one["name"], one["source"], one["spelling"]) for one in document["fields"])
    names = {one.name for one in fields}
    if len(names) != len(fields):
        raise ValueError("a field is there twice")
    keys = tuple(tuple(key) for key in document["keys"])
    if unknown := {split_part(part)[0] for key in keys for part in key} - names:
        raise ValueError(f"a key is made of {min(unknown)!r}, which is no field")
    comparisons = tuple(_comparison(one, document["frequencies"]) for one in document["comparisons"])
    compared = [one.field for one in comparisons]
    if unknown := set(compared) - names or set(document["frequencies"]) - set(compared):
        raise ValueError(f"{min(unknown)!r} is no field that is compared")
    if len(set(compared)) != len(compared):
        raise ValueError("a field is compared twice")
    prior = document["prior"]
    terms = {name: one["terms"] for name, one in document["frequencies"].items()}
    return Model(version, log2(prior / (1 - prior)), fields, keys, comparisons, terms)


def _comparison(one: Mapping[str, Any], frequencies: Mapping[str, Any]) -> Comparison:
    levels: Sequence[Weighed] = [
        Weighed(level(item["when"]), item["m"], log2(item["m"] / item["u"])) for item in one["levels"]
    ]
    named = [weighed.level.when for weighed in levels]
    if named[-1] != ELSE or len(set(named)) != len(named):
        raise ValueError(f"the levels of {one['field']!r} end with 'else', and each is there once")
    known = frequencies.get(one["field"])
    if known and named[0] != EQUAL:
        raise ValueError(f"frequencies of {one['field']!r} need the level 'equal', as the first")
    return Comparison(one["field"], tuple(levels), known["floor"] if known else None)
