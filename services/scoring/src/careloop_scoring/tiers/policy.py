"""Telecom tiers: a decision table over ARPU, need, loyalty and churn risk.

The table is data. `Table` refuses one that leaves a case open, has a rule nobody can reach, or would put a customer lower
for being worth more.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import product
from typing import Any

import numpy as np

from careloop_scoring.customers.policy import (
    Facts,
    contract_months,
    in_force,
    longest_contract,
    tenure_months,
)
from careloop_scoring.tiers.errors import TierTableInvalid

MEASURES = ("arpu", "need", "loyalty", "risk")
RISK = ("low", "medium", "high")
"""The churn bands, in the order of danger."""
ABSENT_WORDS = {"no", "false", "0", "none", "off", ""}


class Tier(StrEnum):
    STRATEGIC = "strategic"
    POTENTIAL = "potential"
    MASS = "mass"
    WARNING = "warning"


RANK = {Tier.WARNING: 0, Tier.MASS: 1, Tier.POTENTIAL: 2, Tier.STRATEGIC: 3}

Levels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scale:
    names: tuple[str, ...]
    cuts: tuple[float, ...]

    def level(self, value: float) -> str:
        return self.names[bisect_right(self.cuts, value)]


@dataclass(frozen=True, slots=True)
class Rule:
    when: Mapping[str, frozenset[str]]
    tier: Tier

    def fits(self, levels: Levels) -> bool:
        return all(levels[measure] in allowed for measure, allowed in self.when.items())


@dataclass(frozen=True, slots=True)
class Table:
    scales: Mapping[str, Scale]
    rules: tuple[Rule, ...]

    def decide(self, levels: Levels) -> Tier:
        return next(rule.tier for rule in self.rules if rule.fits(levels))

    def cases(self) -> Iterator[dict[str, str]]:
        for names in product(*(self.scales[measure].names for measure in MEASURES)):
            yield dict(zip(MEASURES, names, strict=True))


@dataclass(frozen=True, slots=True)
class Standing:
    """What the table is asked about a customer."""

    arpu: float
    need: float
    loyalty: float

    def levels(self, table: Table, arpu_cuts: Sequence[float], risk: str) -> dict[str, str]:
        arpu = table.scales["arpu"]
        return {
            "arpu": arpu.names[bisect_right(arpu_cuts, self.arpu)],
            "need": table.scales["need"].level(self.need),
            "loyalty": table.scales["loyalty"].level(self.loyalty),
            "risk": risk,
        }


def parse(raw: Mapping[str, Any]) -> Table:
    try:
        scales = {
            name: Scale(tuple(raw["levels"][name]["names"]), tuple(map(float, raw["levels"][name]["cuts"])))
            for name in MEASURES
            if name != "risk"
        }
        rules = tuple(
            Rule({name: frozenset(allowed) for name, allowed in rule["when"].items()}, Tier(rule["tier"]))
            for rule in raw["rules"]
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TierTableInvalid(f"unreadable: {error!r}") from error
    table = Table(scales | {"risk": Scale(RISK, ())}, rules)
    _check_words(table)
    _check_decisions(table)
    return table


def _check_words(table: Table) -> None:
    for name, scale in table.scales.items():
        if name == "risk":
            continue
        if len(scale.names) != len(scale.cuts) + 1 or len(set(scale.names)) != len(scale.names):
            raise TierTableInvalid(f"{name}: one level more than cuts is needed, each with its own name")
        if list(scale.cuts) != sorted(set(scale.cuts)):
            raise TierTableInvalid(f"{name}: cuts must rise")
    if any(not 0 < cut < 1 for cut in table.scales["arpu"].cuts):
        raise TierTableInvalid("arpu: cuts are shares between 0 and 1")
    for rule in table.rules:
        for name, allowed in rule.when.items():
            if name not in table.scales or not allowed <= set(table.scales[name].names):
                raise TierTableInvalid(f"{name}: unknown measure or level in a rule")


def _check_decisions(table: Table) -> None:
    used: set[int] = set()
    for levels in table.cases():
        first = next((i for i, rule in enumerate(table.rules) if rule.fits(levels)), None)
        if first is None:
            raise TierTableInvalid(f"no rule for {levels}")
        used.add(first)
        for better in _neighbours(table, levels):
            if any(rule.fits(better) for rule in table.rules) and (
                RANK[table.decide(better)] < RANK[table.rules[first].tier]
            ):
                raise TierTableInvalid(f"{better} is placed lower than {levels}")
    if len(used) < len(table.rules):
        raise TierTableInvalid(f"rule {min(set(range(len(table.rules))) - used) + 1} can never apply")


def _neighbours(table: Table, levels: Levels) -> Iterator[dict[str, str]]:
    """The cases one level better: worth more, or less at risk."""
    for measure in MEASURES:
        names = table.scales[measure].names
        place = names.index(levels[measure]) + (-1 if measure == "risk" else 1)
        if 0 <= place < len(names):
            yield {**levels, measure: names[place]}


def arpu_cuts(table: Table, fees: Sequence[float]) -> tuple[float, ...]:
    """The fees at the table's quantiles; a customer without a fee counts as paying nothing."""
    quantiles = table.scales["arpu"].cuts
    return tuple(float(cut) for cut in np.quantile(fees, quantiles)) if len(fees) else (0.0,) * len(quantiles)


def standing(facts: Facts, as_of: date, fee: float | None) -> Standing:
    """Need: how much of the offer is in use. Loyalty: months on the network, and half of those still promised."""
    contract = longest_contract(facts, as_of)
    promised = (contract_months(contract) or 0) if contract else 0
    services = sum(_in_use(name, value) for name, value in facts.attributes.items())
    return Standing(
        arpu=fee or 0.0,
        need=float(len(in_force(facts, as_of)) + services + min(facts.devices, 5)),
        loyalty=(tenure_months(facts, as_of) or 0.0) + promised / 2,
    )


_SERVICE_WORDS = (
    "service",
    "security",
    "backup",
    "protection",
    "support",
    "streaming",
    "lines",
    "roaming",
    "tv",
)


def _in_use(name: str, value: object) -> bool:
    if not any(word in name for word in _SERVICE_WORDS):
        return False
    word = str(value if value is not None else "").strip().casefold()
    return word not in ABSENT_WORDS and not word.startswith("no ")
