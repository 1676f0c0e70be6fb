"""Since when what is known of a customer is as it is."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from careloop_profile.customers.policy.state import Customer

_FACTS: Final = (
    *("kind", "status", "joined_on", "left_on", "region", "language", "vip"),
    *("name", "phone", "email", "identity_number", "birth_date", "address"),
    *("do_not_disturb", "quiet_hours", "accessibility", "devices"),
)


def changed_at(before: Customer, after: Customer, now: datetime) -> Mapping[str, datetime]:
    """When facts became other than they were at first, by name; `attributes.arpu` is one attribute, `care_flags.elderly`
    one flag. Of those that are gone nothing is kept, so there are never more than there are facts."""
    old, new = dict(_facts(before)), dict(_facts(after))
    moments = {name: at for name, at in before.changed_at.items() if name in new}
    return moments | {name: now for name, value in new.items() if value != old.get(name)}


def since(customer: Customer, name: str) -> datetime:
    """Since when a fact is as it is; one that never changed, since the customer is known."""
    return customer.changed_at.get(name, customer.created_at)


def _facts(customer: Customer) -> Iterator[tuple[str, Any]]:
    for name in _FACTS:
        yield name, getattr(customer, name)
    yield from _named("care_flags", ((flag, True) for flag in customer.care_flags))
    yield from _named("attributes", customer.attributes.items())


def _named(of: str, values: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    for name, value in values:
        yield f"{of}.{name}", value
