from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from careloop_profile.customers.errors import DatesReversed, TooManyFacts
from careloop_profile.customers.policy.state import Attribute, Consent, Customer, Subscription

MAX_SUBSCRIPTIONS = 200
MAX_ATTRIBUTES = 200
MAX_ATTRIBUTE_TEXT = 20_000


def revise(customer: Customer, changes: Mapping[str, Any]) -> Customer:
    """The customer with some facts replaced, as a form does it: None empties a fact."""
    revised = replace(customer, **changes)
    _check_dates(revised.joined_on, revised.left_on)
    _check_attributes(revised.attributes)
    return revised


def patched(
    attributes: Mapping[str, Attribute], patch: Mapping[str, Attribute] | None
) -> Mapping[str, Attribute]:
    """The attributes after a merge patch (RFC 7396): None removes one, those left out stay."""
    merged = {**attributes, **(patch or {})} if patch is not None else {}
    return {name: value for name, value in merged.items() if value is not None}


def enrich(
    customer: Customer,
    facts: Mapping[str, Any],
    attributes: Mapping[str, Attribute],
    *,
    subscriptions: Iterable[Subscription] = (),
    words: Iterable[Consent] = (),
) -> Customer:
    """The customer with what a source system knows: None is what it does not know, and takes nothing away."""
    known = {name: value for name, value in facts.items() if value is not None}
    merged = {
        "attributes": {**customer.attributes, **attributes},
        "subscriptions": _held(customer, subscriptions),
        "consents": _latest(customer, words),
    }
    return revise(customer, known | merged)


def hold(customer: Customer, subscriptions: Iterable[Subscription]) -> Customer:
    """The customer with these subscriptions added, or put in the place of those with the same id."""
    return replace(customer, subscriptions=_held(customer, subscriptions))


def declare_consents(customer: Customer, words: Iterable[Consent]) -> Customer:
    """The customer after these words. The latest counts, whatever order they arrive in; of two at one instant,
    the one that refuses."""
    return replace(customer, consents=_latest(customer, words))


def _held(customer: Customer, subscriptions: Iterable[Subscription]) -> tuple[Subscription, ...]:
    held = {item.subscription_id: item for item in customer.subscriptions}
    for item in subscriptions:
        _check_dates(item.started_on, item.ended_on)
        held[item.subscription_id] = item
    if len(held) > MAX_SUBSCRIPTIONS:
        raise TooManyFacts(f"A customer may have {MAX_SUBSCRIPTIONS} subscriptions.")
    return tuple(held[key] for key in sorted(held))


def _latest(customer: Customer, words: Iterable[Consent]) -> tuple[Consent, ...]:
    latest = {word.about: word for word in customer.consents}
    for word in words:
        known = latest.get(word.about)
        if known is None or word.place > known.place:
            latest[word.about] = word
    return tuple(latest[key] for key in sorted(latest))


def _check_dates(start: date | None, end: date | None) -> None:
    if start is not None and end is not None and end < start:
        raise DatesReversed(f"{end} is before {start}.")


def _check_attributes(attributes: Mapping[str, Attribute]) -> None:
    text = sum(len(value) for value in attributes.values() if isinstance(value, str))
    if len(attributes) > MAX_ATTRIBUTES or text > MAX_ATTRIBUTE_TEXT:
        raise TooManyFacts(
            f"A customer may have {MAX_ATTRIBUTES} attributes of {MAX_ATTRIBUTE_TEXT} characters in all."
        )
