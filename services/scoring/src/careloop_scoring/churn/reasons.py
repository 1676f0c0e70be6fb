"""Why a customer is at risk, in words, and the driver that the evidence points to.

The driver is evidence and no prediction: profile data alone cannot tell why somebody leaves (a classifier of recorded
reasons does worse than the most frequent reason). It names the group that pushes the risk up most, and nothing when no
group stands out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Any

import yaml

from careloop_scoring.churn.features import Record, missing, text
from careloop_scoring.customers.policy import Value, number

TOP = 3
MIN_PUSH = 0.1
"""Log-odds that a group must add to be a driver."""

MIN_SHARE = 0.4
"""Share of what the groups add together that one must have to be the driver."""


class Driver(StrEnum):
    PRICE = "price"
    EXPERIENCE = "experience"
    NEED = "need"
    NETWORK = "network"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Reason:
    feature: str
    label: str
    label_zh: str
    contribution: float
    driver: Driver


@dataclass(frozen=True, slots=True)
class _Entry:
    match: str
    en: str
    zh: str
    driver: Driver


@cache
def _entries() -> tuple[tuple[_Entry, ...], dict[str, str]]:
    raw: dict[str, Any] = yaml.safe_load(
        resources.files(__package__).joinpath("vocabulary.yaml").read_text("utf-8")
    )
    found = tuple(_Entry(e["match"], e["en"], e["zh"], Driver(e["driver"])) for e in raw["features"])
    return found, raw["values"]


@cache
def _entry(feature: str) -> _Entry:
    for entry in _entries()[0]:
        if fnmatchcase(feature, entry.match):
            return entry
    words = feature.replace("_", " ")
    return _Entry(feature, words[:1].upper() + words[1:], words, Driver.OTHER)


def driver_of(feature: str) -> Driver:
    return _entry(feature).driver


def explain(names: Sequence[str], contributions: Sequence[float], record: Record) -> tuple[Reason, ...]:
    """The features that push this customer's risk up most, the strongest first."""
    ranked = sorted(zip(names, contributions, strict=True), key=lambda one: (-one[1], one[0]))
    return tuple(_reason(name, share, record.get(name)) for name, share in ranked[:TOP] if share > 0)


def drivers(names: Sequence[str], contributions: Sequence[float]) -> dict[Driver, float]:
    """The log-odds that each group adds, up or down."""
    sums = dict.fromkeys(Driver, 0.0)
    for name, share in zip(names, contributions, strict=True):
        sums[driver_of(name)] += float(share)
    return sums


def leading(sums: dict[Driver, float], complaints: int = 0) -> Driver | None:
    """The driver with the most evidence; recorded complaints decide a near tie for experience."""
    push = {driver: share for driver, share in sums.items() if share > 0 and driver is not Driver.OTHER}
    if not push:
        return None
    best = max(push, key=lambda driver: (push[driver], driver))
    if complaints and push.get(Driver.EXPERIENCE, 0.0) >= max(MIN_PUSH, push[best] / 2):
        return Driver.EXPERIENCE
    clear = push[best] >= MIN_PUSH and push[best] >= MIN_SHARE * sum(push.values())
    return best if clear else None


def _reason(feature: str, share: float, value: Value) -> Reason:
    entry = _entry(feature)
    if missing(value):
        return Reason(feature, f"{entry.en}: unknown", f"{entry.zh}：未知", float(share), entry.driver)
    said, said_zh = _spell(value)
    return Reason(feature, f"{entry.en}: {said}", f"{entry.zh}：{said_zh}", float(share), entry.driver)


def _spell(value: Value) -> tuple[str, str]:
    if isinstance(value, bool):
        return ("yes", "是") if value else ("no", "否")
    if (amount := number(value)) is not None:
        plain = f"{amount:.2f}".rstrip("0").rstrip(".")
        return plain, plain
    return str(value), _entries()[1].get(text(value), str(value))
