"""What messages say of customers. Of two words about one trait the later one counts, whatever order they come in."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from careloop_profile.collection.policy.naming import key_of
from careloop_profile.identifiers.policy import tidy

Value = str | float | bool | None
PERSONAL: Final = {
    "name": "name",
    "full_name": "name",
    "姓名": "name",
    "phone": "phone",
    "phone_number": "phone",
    "mobile": "phone",
    "mobile_phone": "phone",
    "手机": "phone",
    "email": "email",
    "email_address": "email",
    "birthday": "birth_date",
    "birth_date": "birth_date",
    "identity_number": "identity_number",
    "id_card": "identity_number",
    "address": "address",
}
"""Traits that are facts of a customer, under the names that they have here."""
_DROPPED: Final = frozenset({"id", "avatar", "username", "website", "description", "first_name", "last_name"})
"""Not kept: what says nothing of the customer, is free text, or has become part of the name."""
_TEXT: Final = 1000
_EXACT: Final = 1 << 53
"""Larger integers are numbers of things, not amounts of them, and every reader would round them its own way."""


class Trait(NamedTuple):
    """Which trait of which customer."""

    customer_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Saying:
    """One message's word about a trait; None unsets it. They order as they count."""

    at: int
    uid: str
    value: Value

    @property
    def weight(self) -> tuple[int, str]:
        return self.at, self.uid


def latest(sayings: Iterable[tuple[Trait, Saying]]) -> dict[Trait, Saying]:
    """The word that counts about each trait: that of the latest message, and of two at one moment that of the higher id."""
    found: dict[Trait, Saying] = {}
    for trait, saying in sayings:
        known = found.get(trait)
        if known is None or saying.weight > known.weight:
            found[trait] = saying
    return found


def spoken(traits: Mapping[str, Any]) -> dict[str, Value]:
    """The traits of a message under the names that they have here; what cannot be one is left out."""
    found: dict[str, Value] = {}
    if name := _whole_name(traits):
        found["name"] = name
    for raw, value in traits.items():
        name = key_of(raw) or (raw if raw in PERSONAL else "")
        fact = PERSONAL.get(name)
        if fact:
            said = _fact(fact, value)
            if said or not found.get(fact):
                # Two traits may say one fact, and one of them that it knows nothing.
                found[fact] = said
        elif name and name not in _DROPPED:
            found |= dict(_attributes(name, value))
    return {name: value for name, value in found.items() if value != ""}


def _attributes(name: str, value: Any) -> Iterator[tuple[str, Value]]:
    """A trait as attributes: members of an object become traits of their own, of a list one text."""
    if isinstance(value, Mapping):
        for inner, one in value.items():
            key = key_of(f"{name}_{inner}")
            if key and not isinstance(one, Mapping | list):
                yield from _attributes(key, one)
    elif isinstance(value, list):
        if all(isinstance(one, str | int | float) for one in value):
            yield name, tidy(", ".join(map(str, value)))[:_TEXT]
    elif isinstance(value, str):
        yield name, tidy(value)[:_TEXT]
    elif isinstance(value, int) and abs(value) > _EXACT:
        yield name, str(value)
    elif value is None or math.isfinite(value):
        yield name, value


def _fact(name: str, value: Any) -> str | None:
    if value is None:
        return None
    return _address(value) if name == "address" and isinstance(value, Mapping) else _text(value)


def _text(value: Any) -> str:
    return tidy(str(value))[:_TEXT] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _whole_name(traits: Mapping[str, Any]) -> str:
    """A name that came in two parts, in the order in which its owner writes it."""
    parts = {key_of(name): _text(value) for name, value in traits.items() if isinstance(value, str)}
    first, last = parts.get("first_name", ""), parts.get("last_name", "")
    if any(char > "\u2e7f" for char in first + last):
        return last + first
    return f"{first} {last}".strip()


def _address(value: Mapping[str, Any]) -> str:
    """An address that came in parts, from the largest to the smallest where it is written so."""
    parts = {name: _text(value.get(name)) for name in ("country", "state", "city", "street")}
    postal = _text(value.get("postalCode", value.get("postal_code")))
    if any(char > "\u2e7f" for part in parts.values() for char in part):
        return "".join(part for name, part in parts.items() if name != "country")
    inner = " ".join(filter(None, (parts["state"], postal)))
    return ", ".join(filter(None, (parts["street"], parts["city"], inner, parts["country"])))
