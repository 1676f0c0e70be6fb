from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest
from careloop_common import clock
from careloop_scoring.customers import service as customers
from careloop_scoring.customers.service import Count


async def _everyone(client, **params) -> list[dict]:
    found, cursor = [], {}
    while True:
        page = (await client.get("/v1/scores", params={"limit": 7, **params, **cursor})).json()
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


async def test_pages_hold_every_customer_once_the_riskiest_first(client, make_facts, remember, run) -> None:
    await remember([make_facts(n, tenure=float(n % 5 * 9)) for n in range(1, 41)])
    await run()
    found = await _everyone(client)
    keys = [(-one["churn_probability"], one["customer_id"]) for one in found]
    assert keys == sorted(set(keys))
    assert len(keys) == 40


async def test_filters_agree_with_the_summary(client, make_population, remember, run) -> None:
    await remember([replace(one, status="active") for one in make_population(120)])
    await run()
    summary = (await client.get("/v1/score-summary")).json()
    assert summary["customers"] == 120
    for name, group in (("tier", "tiers"), ("band", "bands"), ("segment", "segments")):
        for count in summary[group]:
            found = await _everyone(client, **{name: count["key"]})
            assert len(found) == count["customers"]
    assert len(summary["segments"]) == 8
    assert sum(one["customers"] > 0 for one in summary["segments"]) >= 4


async def test_payments_give_the_segment_once_enough_customers_have_any(
    client, runtime, make_facts, remember, run
) -> None:
    facts = [make_facts(n) for n in range(1, 61)]
    await remember(facts)
    first = await run()
    paid = [
        Count(one.customer_id, 2, 1, Decimal(10 + n), 0, clock.now(), clock.now())
        for n, one in enumerate(facts[:40])
    ]
    async with runtime.database.transaction() as session:
        await customers.count(session, paid)
    second = await run()
    assert second["cut_points"] == first["cut_points"] + 1
    assert (await run())["cut_points"] == second["cut_points"]
    bases = {one["rfm"]["basis"] for one in await _everyone(client)}
    assert bases == {"activity", "subscription"}


@pytest.mark.parametrize(
    "params", [{"tier": "gold"}, {"cursor": "!"}, {"cursor": "W1sidCIsICIyMDI1LTAxLTAxVDAwOjAwOjAwWiJdXQ"}]
)
async def test_a_wrong_filter_or_cursor_is_refused(client, params) -> None:
    answer = await client.get("/v1/scores", params=params)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_new_tier_table_decides_from_the_next_run_on(client, make_facts, remember, run) -> None:
    await remember([make_facts(n) for n in range(1, 41)])
    await run()
    shipped = (await client.get("/v1/tier-tables")).json()["items"][0]
    assert shipped["version"] == 1
    table = shipped["content"] | {"rules": [{"when": {}, "tier": "potential"}]}
    added = await client.post("/v1/tier-tables", json=table)
    assert (added.status_code, added.json()["version"]) == (201, 2)
    found = await run()
    assert found["cut_points"] == 2
    assert (await client.get(f"/v1/scores/{UUID(int=1)}")).json()["tier"] == "potential"
    refused = await client.post(
        "/v1/tier-tables", json=table | {"rules": [{"when": {"risk": ["low"]}, "tier": "mass"}]}
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "tier_table_invalid")
    unspeakable = table | {"rules": [{"when": {"arpu": ["\0"]}, "tier": "mass"}]}
    assert (await client.post("/v1/tier-tables", json=unspeakable)).status_code == 422
