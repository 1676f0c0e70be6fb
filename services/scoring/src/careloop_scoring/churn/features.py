"""From customer facts to the model's matrix, by a specification that is stored with the model.

`record` flattens the facts, `observe` derives the specification from training records, and `encode` applies it to any
record at all: an unknown category falls into a bucket of its own, a missing value stays missing.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from careloop_scoring.customers.policy import (
    TENURE_ATTRIBUTE,
    Facts,
    Value,
    in_force,
    longest_contract,
    monthly_fee,
    number,
    tenure_from_dates,
)

Matrix = NDArray[np.float64]
Record = Mapping[str, Value]

MAX_CATEGORIES = 30
MIN_CATEGORY_ROWS = 5
NUMERIC_SHARE = 0.95


class Kind(StrEnum):
    NUMERIC = "numeric"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True)
class Feature:
    name: str
    kind: Kind
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Specification:
    """The ordered columns of a model, and what was left out, with the reason."""

    features: tuple[Feature, ...]
    dropped: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.features)

    @property
    def categorical(self) -> list[int]:
        return [i for i, feature in enumerate(self.features) if feature.kind is Kind.CATEGORY]

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Specification":
        raw = json.loads(text)
        return cls(
            features=tuple(
                Feature(f["name"], Kind(f["kind"]), tuple(f["categories"])) for f in raw["features"]
            ),
            dropped=tuple((name, reason) for name, reason in raw["dropped"]),
        )


def record(facts: Facts, as_of: date) -> dict[str, Value]:
    """One flat record; what the subscriptions say stands above attributes of the same name."""
    running = in_force(facts, as_of)
    flat: dict[str, Value] = dict(facts.attributes)
    flat |= {f"care_flag_{flag}": True for flag in facts.care_flags}
    flat |= {
        "kind": facts.kind,
        "region": facts.region,
        "vip": facts.vip,
        "devices": float(facts.devices),
        "subscriptions": float(len(running)),
        "product": min((s.product for s in running), default=None),
    }
    if number(flat.get(TENURE_ATTRIBUTE)) is None:
        # One tenure a customer: the difference of two would tell how long ago the facts were written, and the one from
        # dates is unknown of leavers whose last day is unknown.
        flat[TENURE_ATTRIBUTE] = tenure_from_dates(facts, as_of)
    if (fee := monthly_fee(facts, as_of)) is not None:
        flat["monthly_fee"] = fee
    if (contract := longest_contract(facts, as_of)) is not None:
        flat["contract"] = contract
    return flat


def observe(records: Sequence[Record]) -> Specification:
    """The columns that the training records offer, typed by the values seen."""
    names = sorted({name for one in records for name in one})
    features: list[Feature] = []
    dropped: list[tuple[str, str]] = []
    for name in names:
        flag = name.startswith("care_flag_")
        values = [one.get(name, False if flag else None) for one in records]
        found = _observe_one(name, values)
        if isinstance(found, Feature):
            features.append(found)
        else:
            dropped.append((name, found))
    return Specification(tuple(features), tuple(dropped))


def _observe_one(name: str, values: Sequence[Value]) -> Feature | str:
    present = [value for value in values if not missing(value)]
    distinct = {text(value) for value in present}
    if not present:
        return "empty"
    if len(distinct) == 1 and len(present) == len(values):
        return "constant"
    numeric = sum(number(value) is not None for value in present)
    if numeric >= NUMERIC_SHARE * len(present):
        return Feature(name, Kind.NUMERIC)
    if all(_is_date(label) for label in distinct):
        return "date"
    if len(distinct) > max(MAX_CATEGORIES, len(present) // 2):
        return "identifier"
    counts = Counter(text(value) for value in present)
    common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MAX_CATEGORIES]
    kept = tuple(sorted(label for label, rows in common if rows >= MIN_CATEGORY_ROWS))
    return Feature(name, Kind.CATEGORY, kept) if kept else "rare values only"


def encode(spec: Specification, records: Sequence[Record]) -> Matrix:
    """Rows of numbers: category positions (unknown ones share the last), NaN for what is missing."""
    matrix = np.full((len(records), len(spec.features)), np.nan)
    for column, feature in enumerate(spec.features):
        positions = {label: float(i) for i, label in enumerate(feature.categories)}
        absent: Value = False if feature.name.startswith("care_flag_") else None
        for row, one in enumerate(records):
            value = one.get(feature.name, absent)
            if missing(value):
                continue
            if feature.kind is Kind.CATEGORY:
                matrix[row, column] = positions.get(text(value), float(len(positions)))
            elif (found := number(value)) is not None:
                matrix[row, column] = found
    return matrix


def missing(value: Value) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or value != value  # noqa: PLR0124


def text(value: Value) -> str:
    """The spelling under which a value is a category: case and surrounding space do not count."""
    return str(value).strip().casefold()


def _is_date(label: str) -> bool:
    """A calendar date says when a record was written as much as anything about the customer."""
    try:
        date.fromisoformat(label[:10])
    except ValueError:
        return False
    return True


def without(spec: Specification, reasons: Mapping[str, str]) -> Specification:
    """The specification less some columns."""
    kept = tuple(feature for feature in spec.features if feature.name not in reasons)
    return Specification(kept, (*spec.dropped, *sorted(reasons.items())))
