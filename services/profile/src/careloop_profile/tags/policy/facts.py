"""From the customers that are a person to the facts that rules ask for."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, tzinfo
from typing import Any, NamedTuple

from careloop_common.rules import BOOL, NUMBER, Type
from careloop_common.rules.values import number, timestamp

from careloop_profile.customers.policy import Customer, Joined, bound, since_with
from careloop_profile.identity.policy import Field
from careloop_profile.tags.policy.vocabulary import ATTRIBUTES


class Device(NamedTuple):
    type: str
    brand: str | None
    system: str | None
    status: str
    bought_on: date | None
    warranty_until: date | None


def of_person(
    members: Sequence[Customer],
    golden: Mapping[str, Field],
    *,
    row: Sequence[Joined],
    devices: Iterable[Device],
    relations: Iterable[str],
    age: int | None,
    zone: tzinfo,
) -> dict[str, Any]:
    """Plain facts of a person. `row` is how its customers became one, `golden` what is believed of it; `zone` is where its
    days begin."""
    first = min(members, key=lambda one: (one.created_at, one.customer_id))
    believed = {name: field.value for name, field in golden.items()}
    return {
        "kind": first.kind,
        "status": believed["status"],
        "region": believed.get("region"),
        "language": believed.get("language"),
        "vip": believed["vip"],
        "do_not_disturb": any(one.undisturbed for one in members),
        "age": age,
        "customers": len(members),
        "known_at": first.created_at,
        "joined_at": _begin(believed.get("joined_on"), zone),
        "left_at": _begin(believed.get("left_on"), zone),
        "care_flags": _all(flag for one in members for flag in one.care_flags),
        "accessibility": _all(wish for one in members for wish in one.accessibility),
        "sources": _all(one.source for one in members),
        "identifiers": _all(
            name for one in members for name in ("phone", "email", "identity_number") if getattr(one, name)
        ),
        "relations": _all(relations),
        **_consents(members, row),
        **_subscriptions(members, zone),
        **_devices(members, list(devices), zone),
    }


def attributes(golden: Mapping[str, Field]) -> dict[str, Any]:
    """What sources say of the person beside."""
    said = {name.removeprefix("attributes."): field.value for name, field in golden.items()}
    return {name: said[name] for name, kind in ATTRIBUTES.items() if name in said and _fits(said[name], kind)}


def _fits(value: Any, kind: Type) -> bool:
    """Whether the value is of the type that rules expect; what is not is as good as missing."""
    if kind == NUMBER:
        return number(value) is not None
    return isinstance(value, bool if kind == BOOL else str)


def _consents(members: Sequence[Customer], row: Sequence[Joined]) -> dict[str, Any]:
    told = [bound(one, members, since_with(one.customer_id, row)) for one in members] if row else members
    words = [word for one in told for word in one.consents]
    granted = {"/".join(word.about) for word in words if word.granted}
    refused = {"/".join(word.about) for word in words if word.severity == 2}
    # As with whoever contacts them: what one of the customers refuses, the person refuses.
    return {"consents": sorted(granted - refused), "refusals": sorted(refused)}


def _subscriptions(members: Sequence[Customer], zone: tzinfo) -> dict[str, Any]:
    every = [item for one in members for item in one.subscriptions]
    held = [item for item in every if item.status == "active"]
    fees = [item.monthly_fee for item in held if item.monthly_fee is not None]
    ends = [item.ended_on for item in held if item.ended_on]
    starts = [item.started_on for item in held if item.started_on]
    return {
        "subscriptions": len(held),
        "ended_subscriptions": len(every) - len(held),
        "monthly_fee": float(sum(fees)) if fees else None,
        "products": _all(item.product for item in held),
        "plans": _all(item.plan for item in held if item.plan),
        "contracts": _all(item.contract for item in held if item.contract),
        "contract_started_at": _begin(max(starts, default=None), zone),
        "contract_ends_at": _begin(min(ends, default=None), zone),
    }


def _devices(members: Sequence[Customer], devices: Sequence[Device], zone: tzinfo) -> dict[str, Any]:
    used = [one for one in devices if one.status == "active"]
    bought = [one.bought_on for one in used if one.bought_on]
    warranties = [one.warranty_until for one in used if one.warranty_until]
    return {
        "devices": sum(one.devices for one in members),
        "device_types": _all(one.type for one in used),
        "device_brands": _all(one.brand.lower() for one in used if one.brand),
        "device_systems": _all(one.system.lower() for one in used if one.system),
        "device_bought_at": _begin(max(bought, default=None), zone),
        "warranty_ends_at": _begin(min(warranties, default=None), zone),
    }


def _all(values: Iterable[str]) -> list[str]:
    return sorted(set(values))


def _begin(day: date | None, zone: tzinfo) -> datetime | None:
    return None if day is None else timestamp(datetime.combine(day, time(), zone))
