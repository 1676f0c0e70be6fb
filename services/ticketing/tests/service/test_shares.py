from datetime import timedelta

import pytest
from careloop_common import clock


def window(hours=1):
    now = clock.now()
    span = timedelta(hours=hours)
    return {"opened_from": (now - span).isoformat(), "opened_until": (now + span).isoformat()}


async def test_the_time_of_a_clock_is_shared_by_those_who_held_the_ticket(
    client, open_ticket, act, publish_policy
):
    await publish_policy()
    ticket = await open_ticket()
    await act(ticket, "assign", assignee_id="anna")
    await act(ticket, "assign", assignee_id="bo", level="expert")
    await act(ticket, "respond")
    await act(ticket, "resolve")
    shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    shares = (await client.get(f"/v1/tickets/{ticket['id']}/shares")).json()
    elapsed = {one["name"]: one["elapsed_seconds"] for one in shown["clocks"]}
    assert {one["clock"]: one["elapsed_seconds"] for one in shares["clocks"]} == pytest.approx(elapsed)
    for one in shares["clocks"]:
        held = [(part["level"], part["assignee"]) for part in one["parts"]]
        assert held == [("front_line", ""), ("front_line", "anna"), ("expert", "bo")]
        assert sum(part["share"] for part in one["parts"]) == pytest.approx(1)


async def test_a_step_of_a_ladder_hands_the_time_to_the_next_level(
    client, open_ticket, publish_policy, worker_running, eventually
):
    await publish_policy(first_response=1, resolution={"primary": 1, "intermediate": 1, "advanced": 1})
    ticket = await open_ticket()

    async def late():
        groups = (await client.get("/v1/ticket-shares", params=window())).json()["groups"]
        return [one for one in groups if one["group"] != "front_line" and one["seconds_over"] > 0]

    async with worker_running():
        found = await eventually(late)
    assert {one["clock"] for one in found} <= {"first_response", "resolution"}
    assert (await client.get(f"/v1/tickets/{ticket['id']}")).json()["level"] in {
        one["group"] for one in found
    }


async def test_a_report_counts_each_group_and_its_share(client, open_ticket, act):
    for person in ("anna", "anna", "bo"):
        ticket = await open_ticket()
        await act(ticket, "assign", assignee_id=person)
    cancelled = await open_ticket()
    await act(cancelled, "cancel", reason="test")
    report = (await client.get("/v1/ticket-shares", params={**window(), "by": "assignee"})).json()
    assert report["tickets"] == 3
    of_resolution = {one["group"]: one for one in report["groups"] if one["clock"] == "resolution"}
    assert {name: one["clocks"] for name, one in of_resolution.items()} == {"": 3, "anna": 2, "bo": 1}
    assert sum(one["share"] for one in of_resolution.values()) == pytest.approx(1)


async def test_what_is_not_there_is_not_reported(client):
    nobody = await client.get("/v1/tickets/01a2035f-bf13-7374-b325-b6cf0caa03b8/shares")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "ticket_not_found")
    backwards = {"opened_from": "2026-02-01T00:00:00Z", "opened_until": "2026-01-01T00:00:00Z"}
    refused = await client.get("/v1/ticket-shares", params=backwards)
    assert (refused.status_code, refused.json()["code"]) == (422, "window_invalid")
