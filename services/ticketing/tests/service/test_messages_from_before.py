"""Messages that are entered late: they count from when they were written, and cannot have been written before the ticket."""

from datetime import datetime, timedelta

import pytest
from careloop_common import clock

ANSWER = {"start": ["customer_wrote"], "stop": ["responded"], "repeats": True, "targets": [{"seconds": 600}]}


def at(ticket, name="opened_at", **delta):
    return (datetime.fromisoformat(ticket[name]) + timedelta(**delta)).isoformat()


async def test_what_was_written_before_the_resolution_reopens_nothing_but_is_shown(
    client, open_ticket, act, facts
):
    ticket = await open_ticket()
    wrote = clock.now().isoformat()
    resolved = await act(ticket, "resolve")
    heard = await act(ticket, "messages", text="明天把照片发过来", received_at=wrote)
    assert (heard["status"], heard["reopened_count"]) == ("feedback", 0)
    assert datetime.fromisoformat(heard["overlooked_at"]) == datetime.fromisoformat(wrote)
    last = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()["items"][-1]
    assert (last["fact"], last["after"]["overlooked"]) == ("customer_wrote", True)
    found = (await client.get("/v1/tickets", params={"overlooked": True})).json()["items"]
    assert [one["id"] for one in found] == [ticket["id"]]
    after = await act(ticket, "messages", text="还是没好", received_at=at(resolved, "resolved_at", seconds=0))
    assert (after["status"], after["reopened_count"], after["overlooked_at"]) == ("handling", 1, None)
    assert (await client.get("/v1/tickets", params={"overlooked": True})).json()["items"] == []


async def test_what_was_overlooked_is_so_until_somebody_has_looked(client, open_ticket, act):
    ticket = await open_ticket()
    wrote = clock.now().isoformat()
    await act(ticket, "resolve")
    await act(ticket, "messages", text="明天把照片发过来", received_at=wrote)
    seen = await act(ticket, "acknowledge")
    assert (seen["status"], seen["overlooked_at"]) == ("feedback", None)
    last = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()["items"][-1]
    assert (last["fact"], last["after"]["overlooked"]) == ("acknowledged", False)


async def test_what_was_written_before_the_resolution_starts_no_clock(open_ticket, act, publish_clocks):
    await publish_clocks(answer=ANSWER)
    ticket = await open_ticket()
    wrote = clock.now().isoformat()
    await act(ticket, "resolve")
    heard = await act(ticket, "messages", text="明天把照片发过来", received_at=wrote)
    assert "answer" not in {one["name"] for one in heard["clocks"]}


@pytest.mark.parametrize("received_at", ["2020-01-01T00:00:00Z", "2001-01-01T00:00:00+14:00", None])
async def test_what_was_written_before_the_ticket_was_opened_is_refused(
    client, open_ticket, facts, received_at
):
    ticket = await open_ticket()
    before = await facts(ticket)
    message = {"text": "早就说过了", "received_at": received_at or at(ticket, seconds=-61)}
    answer = await client.post(f"/v1/tickets/{ticket['id']}/messages", json=message)
    assert (answer.status_code, answer.json()["code"]) == (422, "received_before_opening")
    assert await facts(ticket) == before


async def test_clocks_may_differ_a_little(client, open_ticket, act):
    ticket = await open_ticket()
    await act(ticket, "messages", text="刚才打过电话", received_at=at(ticket, seconds=-50))
    last = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()["items"][-1]
    assert datetime.fromisoformat(last["after"]["received_at"]) == datetime.fromisoformat(ticket["opened_at"])


async def test_a_clock_that_starts_when_the_customer_writes_counts_from_then(
    open_ticket, act, publish_clocks
):
    await publish_clocks(answer=ANSWER)
    ticket = await open_ticket()
    await act(ticket, "respond")
    heard = await act(ticket, "messages", text="什么时候能好?", received_at=ticket["opened_at"])
    (answer,) = (one for one in heard["clocks"] if one["name"] == "answer")
    due = datetime.fromisoformat(ticket["opened_at"]) + timedelta(seconds=600)
    assert datetime.fromisoformat(answer["due_at"]) == due
