"""The list of one's notices: unread ones first, marked as read, counted, forgotten after their time."""

from datetime import timedelta

import pytest
from careloop_common import clock, ids
from careloop_ticketing.notices.service import reading


@pytest.fixture
async def told(open_ticket, act):
    """Five notices of wang, one of each ticket, the last first."""
    tickets = [await open_ticket() for _ in range(5)]
    for ticket in tickets:
        await act(ticket, "assign", assignee_id="wang")
    return [ticket["number"] for ticket in tickets][::-1]


async def test_unread_ones_come_first_and_each_once_over_all_pages(told, as_person, notices):
    wang, listed = as_person("wang"), await notices("wang")
    assert [one["number"] for one in listed] == told
    first, last = listed[0]["id"], listed[-1]["id"]
    answer = await wang.post("/v1/notices/read", json={"ids": [first, last, first]})
    assert (answer.status_code, answer.json()) == (200, {"marked": 2})
    found, cursor = [], None
    while True:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await wang.get("/v1/notices", params=asked)).json()
        found += [one["number"] for one in page["items"]]
        if not (cursor := page["next_cursor"]):
            break
    assert found == [*told[1:4], told[0], told[4]]
    assert [one["number"] for one in await notices("wang", unread=True)] == told[1:4]
    assert [one["number"] for one in await notices("wang", unread=False)] == [told[0], told[4]]
    assert await notices("wang", reason="resolved") == []


async def test_all_up_to_one_are_marked_and_what_came_since_is_not(told, as_person, notices):
    wang, listed = as_person("wang"), await notices("wang")
    up_to = {"up_to": listed[2]["id"]}
    assert (await wang.post("/v1/notices/read", json=up_to)).json() == {"marked": 3}
    assert (await wang.post("/v1/notices/read", json=up_to)).json() == {"marked": 0}
    counts = (await wang.get("/v1/notices/counts")).json()
    assert counts == {"unread": 2, "by_reason": {"assigned": 2}, "waiting": 0}
    read = [one["read_at"] for one in await notices("wang", unread=False)]
    assert len(read) == 3


@pytest.mark.parametrize(
    "body", [{}, {"ids": []}, {"ids": ["x"]}, {"ids": [str(ids.new_id())], "up_to": str(ids.new_id())}]
)
async def test_what_cannot_be_marked_is_refused(told, as_person, body):
    answer = await as_person("wang").post("/v1/notices/read", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_notices_of_others_are_not_marked_and_nothing_is(told, as_person, notices, client):
    mine, li = await notices("wang"), as_person("li")
    for body in ({"ids": [mine[0]["id"]]}, {"up_to": mine[0]["id"]}, {"ids": [str(ids.new_id())]}):
        answer = await li.post("/v1/notices/read", json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "notice_not_found")
    both = {"ids": [mine[0]["id"], str(ids.new_id())]}
    assert (await as_person("wang").post("/v1/notices/read", json=both)).status_code == 404
    assert len(await notices("wang", unread=True)) == 5
    for path in ("/v1/notices", "/v1/notices/counts"):
        refused = await li.get(path, params={"recipient": "wang"})
        assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    theirs = await client.get("/v1/notices", params={"recipient": "wang"})
    assert len(theirs.json()["items"]) == 5
    assert (await client.get("/v1/notices/counts", params={"recipient": "wang"})).json()["unread"] == 5


async def test_a_cursor_of_another_list_is_refused(told, as_person):
    other = (await as_person("wang").get("/v1/tickets", params={"limit": 1})).json()["next_cursor"]
    answer = await as_person("wang").get("/v1/notices", params={"cursor": other})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")


async def test_notices_are_forgotten_after_their_time(told, runtime, notices):
    async def forget(now):
        async with runtime.database.transaction() as session:
            return await reading.forget(session, days=400, limit=3, now=now)

    later = clock.now() + timedelta(days=400)
    assert not await forget(later - timedelta(hours=1))
    assert len(await notices("wang")) == 5
    assert await forget(later + timedelta(hours=1))
    assert [one["number"] for one in await notices("wang")] == told[:2]
    assert not await forget(later + timedelta(hours=1))
    assert await notices("wang") == []
