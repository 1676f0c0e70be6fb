"""The rules of the demo: the operator's own policies with targets in seconds, put in force through the API for the run."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from careloop_local.client import Gateway
from careloop_local.demo.earlier import Earlier

NAME = "Demo"
MOST_LATENESS = 1.0
"""Seconds after its due time within which 99 of 100 clocks must have been acted on."""
CALLBACK_SECONDS = 10
SATISFACTION_SECONDS = 8
LONGEST_TARGET = 10
"""Seconds of the longest clock of the demo."""
FIRST_RESPONSE: list[dict[str, Any]] = [{"when": "vip", "seconds": 2}, {"seconds": 4}]
RESOLUTION: list[dict[str, Any]] = [
    {"when": "vip", "seconds": 4},
    {"when": 'tier == "primary"', "seconds": 6},
    {"when": 'tier == "intermediate"', "seconds": 8},
    {"seconds": LONGEST_TARGET},
]
TARGETS = {"first_response": FIRST_RESPONSE, "resolution": RESOLUTION}


@asynccontextmanager
async def in_force(gateway: Gateway, earlier: Earlier) -> AsyncIterator[None]:
    """The policies of the demo, for as long as the block lasts; afterwards the earlier ones are in force again."""
    await put_back(gateway, earlier)
    clocks = await _latest_of_others(gateway)
    contact = (await gateway.get("/v1/contact-policy"))["policy"]
    earlier.remember(clocks=clocks, contact=contact)
    try:
        await gateway.put("/v1/sla-policies", hurried(clocks))
        await gateway.put("/v1/contact-policy", frank(contact))
        yield
    finally:
        await put_back(gateway, earlier)


async def put_back(gateway: Gateway, earlier: Earlier) -> bool:
    """Put in force what a demo remembers of the time before it, if its own policies still are; whether it was so."""
    remembered = earlier.recall()
    if remembered is None:
        return False
    if _is_hurried((await gateway.get("/v1/sla-policies", limit=1))["items"][0]["document"]):
        await gateway.put("/v1/sla-policies", _without_nulls(remembered["clocks"]))
    contact = (await gateway.get("/v1/contact-policy"))["policy"]
    if contact == frank(contact):
        await gateway.put("/v1/contact-policy", remembered["contact"])
    earlier.forget()
    return True


async def _latest_of_others(gateway: Gateway) -> dict[str, Any]:
    """The newest policy that no demo published: one that was killed on another machine may have left its own."""
    newest: dict[str, Any] = {}
    async for version in gateway.pages("/v1/sla-policies"):
        newest = newest or version["document"]
        if not _is_hurried(version["document"]):
            return dict(version["document"])
    return newest


def _is_hurried(policy: Mapping[str, Any]) -> bool:
    return policy["name"] == NAME and policy.get("satisfaction_seconds") == SATISFACTION_SECONDS


def hurried(policy: dict[str, Any]) -> dict[str, Any]:
    """The policy with its ladders as they are and its targets in seconds; what else it clocks is left out."""
    clocks = {name: policy["clocks"][name] | {"targets": TARGETS[name]} for name in TARGETS}
    document = {**policy, "name": NAME, "satisfaction_seconds": SATISFACTION_SECONDS, "clocks": clocks}
    found: dict[str, Any] = _without_nulls(document)
    return found


def frank(policy: dict[str, Any]) -> dict[str, Any]:
    """The policy with a short callback clock, and without quiet hours: the demo may well run at night."""
    return {**policy, "callback_seconds": CALLBACK_SECONDS, "quiet_hours": None}


def _without_nulls(value: Any) -> Any:
    """A policy as it is answered names what it leaves open; as it is put, it leaves it out."""
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value
