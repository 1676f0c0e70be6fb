"""No answer of any route shows what is personal to a role that may not see it, and whoever sees it is written down."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

import httpx
import pytest
from careloop_common import clock, ids
from careloop_common.testing.working import until
from fleet import Fleet

PLANTED: Final = {
    "name": "欧阳靖海",
    "phone": "+8613877665544",
    "email": "ouyang.jinghai@126.com",
    "identity_number": "440305198307192374",
    "birth_date": "1983-07-19",
    "address": "广东省深圳市南山区科苑路15号",
}
SOUGHT: Final = (
    *(value for name, value in PLANTED.items() if name != "phone"),
    "13877665544",
    "138 7766 5544",
    "PROOF-77665",
)
"""What must not be read, however the number is written."""
WROTE: Final = {
    "phone": "13877665544",
    "payment_method": "ask 13877665544",
    "remark": "call 138 7766 5544 again",
}
"""What senders write where they may write what they like."""
TAG: Final = "pays_electronic_cheque"
"""A tag that asks for something of it."""
ASKED: Final = {
    "kind": "birthday",
    "outcome_kind": "browse",
    "from": "2026-01-01T00:00:00Z",
    "opened_from": "2026-01-01T00:00:00Z",
    "opened_until": "2027-01-01T00:00:00Z",
    "token": "none",
}
"""What routes want to be asked for."""
ROLES: Final = {"viewer": False, "operator": False, "integrator": False, "agent": True, "privacy": True}
"""Roles, and whether they may see what is personal."""


@pytest.fixture
async def customer(admin: httpx.AsyncClient) -> str:
    """Somebody whom all routes know, twice, so that there is a person, a household and something to review."""
    facts = {"source": "mask", "external_id": ids.new_id().hex, "attributes": WROTE, "status": "active"}
    first = await _made(admin, "/v1/customers", PLANTED | facts)
    other = await _made(
        admin,
        "/v1/customers",
        {
            "source": "mask-2",
            "name": PLANTED["name"],
            "phone": "13877665544",
            "email": "OUYANG.JINGHAI@126.com ",
        },
    )
    path = f"/v1/customers/{first}"
    proof = {"kind": "recording", "reference": "PROOF-77665"}
    word = {"purpose": "marketing", "channel": "sms", "granted": True, "proof": proof}
    await _ok(admin.put(f"{path}/consents", json={"items": [word]}))
    await _ok(admin.put(f"{path}/devices/{other}", json={"type": "phone", "serial": "13877665544"}))
    await admin.post(f"{path}/merges", json={"customer_id": other, "reason": "one contract"})
    await _made(admin, "/v1/tickets", {"channel": "hotline", "subject": "宽带太慢", "customer_id": first})
    everybody = {"name": "all", "name_zh": "全部", "rule": "customers >= 1", "owner": "masking"}
    await _ok(admin.put("/v1/person-lists/masking", json=everybody))
    touches = [_touch(first, kind) for kind in ("browse", "complaint")]
    await _ok(admin.post("/v1/interactions/batch", json={"items": touches}))
    await until(lambda: _holds(admin, f"{path}/trajectory", lambda found: first in json.dumps(found)))
    await until(lambda: _holds(admin, f"{path}/tags/{TAG}", lambda found: "13877665544" in json.dumps(found)))
    return first


def _touch(customer_id: str, kind: str) -> dict[str, Any]:
    return {
        "customer": {"customer_id": customer_id},
        "channel": "web",
        "kind": kind,
        "message_id": ids.new_id().hex,
        "occurred_at": (clock.now() - timedelta(hours=1)).isoformat(),
        "properties": WROTE,
    }


async def _holds(admin: httpx.AsyncClient, address: str, wanted: Callable[[Any], bool]) -> bool:
    answer = await admin.get(address)
    return answer.is_success and wanted(answer.json())


async def test_no_route_shows_what_is_personal_to_who_may_not_see_it(
    fleet: Fleet, admin: httpx.AsyncClient, customer: str
) -> None:
    document = (await admin.get("/openapi.json")).json()
    routes = [path for path, operations in document["paths"].items() if "get" in operations]
    known = await _names(admin, routes) | {"customer_id": [customer], "organization_id": [customer]}
    known["code"] = [*known.get("code", []), TAG, "masking"]
    wanted = {route: _asked(document["paths"][route]["get"]) for route in routes}
    addresses = [f"{address}{wanted[route]}" for route in routes for address in _filled(route, known)]
    addresses.append(f"/v1/customers/{customer}/overview?explain=true")
    leaks, seen = [], 0
    for role, may_see in ROLES.items():
        async with _as(fleet, admin, role) as reader:
            for address in addresses:
                answer = await reader.get(address)
                shown = [word for word in SOUGHT if word in _text(answer)]
                seen += bool(shown)
                if shown and not may_see:
                    leaks.append((role, address, shown))
    assert leaks == []
    assert (
        seen > len([may for may in ROLES.values() if may]) * 4
    )  # they do see it, so the others were asked as well


async def test_whoever_sees_it_is_written_down(fleet: Fleet, admin: httpx.AsyncClient, customer: str) -> None:
    routes = (
        "/v1/customers/{}",
        "/v1/customers/{}/profile",
        "/v1/customers/{}/person",
        "/v1/customers/{}/consents",
        "/v1/customers/{}/overview",
        "/v1/customers/{}/trajectory",
        "/v1/customers/{}/interactions",
        f"/v1/customers/{{}}/tags/{TAG}",
    )
    async with _as(fleet, admin, "agent") as agent:
        for route in routes:
            text = _text(await agent.get(route.format(customer)))
            assert any(word in text for word in SOUGHT), route
    entries = (await admin.get("/v1/disclosures", params={"customer_id": customer, "limit": 100})).json()[
        "items"
    ]
    told = {entry["route"] for entry in entries}
    assert {f"GET {route.format('{customer_id}').replace(TAG, '{code}')}" for route in routes} <= told
    assert (await admin.get("/v1/disclosures/verification")).json()["intact"]


async def test_an_erasure_reaches_every_service_and_gets_its_receipt(
    admin: httpx.AsyncClient, customer: str
) -> None:
    body = {"customer_id": customer, "reason": "customer_request"}
    answer = await _ok(admin.post("/v1/erasure-requests", json=body))
    address = f"/v1/erasure-requests/{answer['request_id']}"

    async def complete() -> bool:
        return bool((await admin.get(address)).json()["state"] == "completed")

    await until(complete, timeout=60)
    receipt = (await admin.get(address)).json()["receipt"]
    assert {one["service"] for one in receipt["services"]} == {"profile", "campaign", "scoring", "ticketing"}
    assert (await admin.get(f"/v1/customers/{customer}")).status_code == 404
    tickets = (await admin.get("/v1/tickets", params={"customer_id": customer})).json()["items"]
    assert {ticket["subject"] for ticket in tickets} == {"[erased]"}


async def _made(admin: httpx.AsyncClient, path: str, body: dict[str, Any]) -> str:
    answer = await _ok(admin.post(path, json=body))
    found: str = answer.get("customer_id") or answer["id"]
    return found


async def _ok(request: Any) -> dict[str, Any]:
    answer = await request
    assert answer.is_success, answer.text
    body: dict[str, Any] = answer.json()
    return body


@asynccontextmanager
async def _as(fleet: Fleet, admin: httpx.AsyncClient, role: str) -> AsyncIterator[httpx.AsyncClient]:
    """The front door, with a key of one role."""
    issued = await _ok(admin.post("/v1/api-keys", json={"name": f"masking {role}", "roles": [role]}))
    headers = {"authorization": f"Bearer {issued['key']}"}
    async with httpx.AsyncClient(base_url=fleet.config.gateway_url, headers=headers, timeout=20) as client:

        async def known() -> bool:
            return (await client.get("/v1/whoami")).status_code != 401

        await until(known)
        yield client


async def _names(admin: httpx.AsyncClient, routes: list[str]) -> dict[str, list[str]]:
    """By the names of parameters some values that lists have for them."""
    found: dict[str, list[str]] = {}
    for route in routes:
        if "{" in route:
            continue
        answer = await admin.get(route)
        if answer.headers.get("content-type", "").startswith("application/json"):
            for name, value in _leaves(answer.json()):
                values = found.setdefault(name, [])
                if len(values) < 2 and value not in values:
                    values.append(value)
    return found


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, key)
    elif isinstance(value, list):
        for inner in value[:5]:
            yield from _leaves(inner, name)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield name, str(value)


def _asked(operation: dict[str, Any]) -> str:
    """What the route cannot do without, as a query."""
    wanted = [one for one in operation.get("parameters", []) if one["in"] == "query" and one.get("required")]
    return "?" + urlencode({one["name"]: ASKED[one["name"]] for one in wanted}) if wanted else ""


def _filled(route: str, known: dict[str, list[str]]) -> Iterator[str]:
    """A route with every combination of the first values of its parameters; `id` and `code` serve for what is not known."""
    head, brace, rest = route.partition("{")
    if not brace:
        yield route
        return
    name, _, tail = rest.partition("}")
    for value in known.get(name) or known.get("id", [])[:1] or ["1"]:
        for more in _filled(tail, known):
            yield f"{head}{quote(value, safe='')}{more}"


def _text(answer: httpx.Response) -> str:
    """What can be read in an answer, with the escapes of JSON undone."""
    try:
        return json.dumps(answer.json(), ensure_ascii=False)
    except ValueError:
        return answer.text
