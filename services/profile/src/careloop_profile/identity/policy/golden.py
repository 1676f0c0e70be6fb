"""The golden record: what is believed of a person whose customers know different things, and from whom.

A function of the customers alone, whatever order they came in; so it is the same again after a merge was taken back.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from careloop_profile.customers.policy import Customer

_FACTS: Final = (
    *("name", "phone", "email", "identity_number", "birth_date", "address"),
    *("region", "language", "quiet_hours"),
)
"""One value each: that of the best source that has one."""


@dataclass(frozen=True, slots=True)
class Field:
    """A value, the customer that it comes from, and why."""

    value: Any
    customer_id: UUID
    why: str


def golden(customers: Iterable[Customer], ranks: Mapping[str, int]) -> dict[str, Field]:
    """What is believed, by field. `ranks` orders sources, the most trusted lowest; sources without one come last.

    Within a rank the later word counts. Sets are united, refusals win, the earliest beginning counts.
    """
    ordered = _by_trust(customers, ranks)
    record = {name: found for name in _FACTS if (found := _first(ordered, name))}
    record["status"] = _status(ordered)
    record |= _dates(ordered)
    record["vip"] = _any(ordered, "vip", lambda one: one.vip)
    record["do_not_disturb"] = _any(ordered, "do_not_disturb", lambda one: one.do_not_disturb)
    for flag in sorted({flag for one in ordered for flag in one.care_flags}):
        holder = next(one for one in ordered if flag in one.care_flags)
        record[f"care_flags.{flag}"] = Field(True, holder.customer_id, "a flag of any source holds")
    for name in sorted(
        {name for one in ordered for name, value in one.attributes.items() if value is not None}
    ):
        holder = next(one for one in ordered if one.attributes.get(name) is not None)
        record[f"attributes.{name}"] = Field(
            holder.attributes[name], holder.customer_id, _why(holder, ordered)
        )
    return record


def _by_trust(customers: Iterable[Customer], ranks: Mapping[str, int]) -> Sequence[Customer]:
    last = max(ranks.values(), default=0) + 1
    stable = sorted(customers, key=lambda one: one.customer_id)
    latest = sorted(stable, key=lambda one: one.updated_at, reverse=True)
    return sorted(latest, key=lambda one: ranks.get(one.source, last))


def _first(ordered: Sequence[Customer], name: str) -> Field | None:
    for one in ordered:
        if (value := getattr(one, name)) is not None:
            return Field(value, one.customer_id, _why(one, ordered))
    return None


def _why(holder: Customer, ordered: Sequence[Customer]) -> str:
    return "the most trusted source" if holder is ordered[0] else "the best source that has one"


def _status(ordered: Sequence[Customer]) -> Field:
    """Who is a customer anywhere is one."""
    holder = min(ordered, key=lambda one: ("active", "prospect", "left").index(one.status))
    return Field(holder.status, holder.customer_id, "the liveliest of all sources")


def _dates(ordered: Sequence[Customer]) -> dict[str, Field]:
    """A person joined when the first of its customers did, and has left when all have."""
    found = {}
    if joined := [one for one in ordered if one.joined_on]:
        first = min(joined, key=lambda one: (one.joined_on, one.customer_id))
        found["joined_on"] = Field(first.joined_on, first.customer_id, "the earliest")
    if all(one.left_on for one in ordered):
        last = max(ordered, key=lambda one: (one.left_on, one.customer_id))
        found["left_on"] = Field(last.left_on, last.customer_id, "the latest, for all have left")
    return found


def _any(ordered: Sequence[Customer], name: str, holds: Callable[[Customer], bool]) -> Field:
    holder = next((one for one in ordered if holds(one)), None)
    if holder:
        return Field(True, holder.customer_id, f"{name} of any source holds")
    return Field(False, ordered[0].customer_id, "no source says otherwise")
