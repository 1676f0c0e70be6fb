"""Days and hours are those of the operator where nobody says otherwise."""

import pytest

SPAN = {"opened_from": "2026-11-01T00:00:00Z", "opened_until": "2026-12-01T00:00:00Z", "by": "hour"}


@pytest.fixture
def settings_overrides():
    return {"timezone": "Pacific/Auckland"}


async def test_a_day_and_the_hours_of_figures_are_those_of_the_operator(client):
    assert (
        await client.put("/v1/agents/wang", json={"name": "Wang", "languages": ["zh"]})
    ).status_code == 201
    for url, params in (("/v1/my-day", {"agent_id": "wang"}), ("/v1/ticket-kpis", SPAN)):
        assert (await client.get(url, params=params)).json()["zone"] == "Pacific/Auckland"
        asked = await client.get(url, params={**params, "zone": "Europe/Berlin"})
        assert asked.json()["zone"] == "Europe/Berlin"
