from careloop_contracts import TicketArchivedV1, TicketReopenedV1, TicketSatisfactionReceivedV1
from careloop_ticketing.satisfaction.models import AnswerRow
from sqlalchemy import select


async def test_a_satisfied_answer_archives_the_ticket(client, open_ticket, act):
    ticket = await open_ticket()
    await act(ticket, "resolve")
    answer = await act(ticket, "satisfaction", score=4, comment="谢谢")
    assert (answer["score"], answer["late"]) == (4, False)
    assert "comment" not in answer
    shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    assert shown["status"] == "archived"


async def test_a_dissatisfied_answer_reopens_the_ticket_once(
    client, open_ticket, act, published, worker_running, eventually
):
    ticket = await open_ticket()
    await act(ticket, "resolve")
    await act(ticket, "satisfaction", reply="差")
    shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    assert (shown["status"], shown["reopened_count"]) == ("handling", 1)
    await act(ticket, "resolve")
    await act(ticket, "satisfaction", score=1)
    shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    assert (shown["status"], shown["reopened_count"]) == ("archived", 1)
    async with worker_running():
        await eventually(lambda: published(TicketArchivedV1))
    assert [event.reason for event in await published(TicketReopenedV1)] == ["dissatisfied"]


async def test_a_reply_as_it_was_written_keeps_its_comment_here(
    client, open_ticket, act, published, worker_running, eventually, session
):
    ticket = await open_ticket()
    await act(ticket, "resolve")
    assert (await act(ticket, "satisfaction", reply="4 - 等了3天，第二次电话才有人接"))["score"] == 4
    (row,) = (await session.execute(select(AnswerRow))).scalars()
    assert row.comment == "等了3天，第二次电话才有人接"
    async with worker_running():
        (received,) = await eventually(lambda: published(TicketSatisfactionReceivedV1))
    assert (received.score, received.comment_present) == (4, True)


async def test_who_was_never_there_ends_the_round_without_a_score(
    client, open_ticket, act, published, worker_running, eventually
):
    ticket, other = await open_ticket(), await open_ticket()
    for each in (ticket, other):
        await act(each, "resolve")
    answer = await act(ticket, "satisfaction", reply="未去过")
    assert (answer["score"], answer["late"]) == (None, False)
    shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    assert (shown["status"], shown["reopened_count"]) == ("archived", 0)
    again = await client.post(f"/v1/tickets/{ticket['id']}/satisfaction", json={"score": 1})
    assert (again.status_code, again.json()["code"]) == (409, "satisfaction_already_given")
    await act(other, "satisfaction", reply="5分")
    summary = (await client.get("/v1/ticket-summary")).json()
    assert summary["satisfaction"] == {"answers": 1, "average": 5.0}
    async with worker_running():

        async def both():
            events = await published(TicketArchivedV1)
            return len(events) == 2 and events

        assert sorted(event.reason for event in await eventually(both)) == ["answered", "not_visited"]
        assert [event.score for event in await published(TicketSatisfactionReceivedV1)] == [5]


async def test_silence_archives_the_ticket_and_a_late_answer_is_recorded_as_late(
    client, open_ticket, act, publish_policy, published, worker_running, eventually
):
    await publish_policy(satisfaction=1)
    ticket = await open_ticket()
    await act(ticket, "resolve")
    async with worker_running():
        (archived,) = await eventually(lambda: published(TicketArchivedV1))
        assert archived.reason == "not_answered"
        late = await act(ticket, "satisfaction", score=1)
        assert late["late"]
        (received,) = await eventually(lambda: published(TicketSatisfactionReceivedV1))
    assert (received.score, received.late, received.comment_present) == (1, True, False)
    shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    assert (shown["status"], shown["reopened_count"]) == ("archived", 0)


async def test_answers_that_do_not_fit_change_nothing(client, open_ticket, act, facts):
    ticket = await open_ticket()
    url = f"/v1/tickets/{ticket['id']}/satisfaction"

    async def refused(body):
        before = await facts(ticket)
        answer = await client.post(url, json=body)
        assert await facts(ticket) == before
        return answer.status_code, answer.json()["code"]

    assert await refused({"score": 5}) == (409, "satisfaction_not_requested")
    await act(ticket, "resolve")
    assert await refused({"reply": "还行吧"}) == (422, "reply_not_understood")
    for body in ({"score": 6}, {"score": True}, {"score": 5, "reply": "好"}, {}):
        assert await refused(body) == (422, "validation_failed")
    await act(ticket, "satisfaction", score=5)
    assert await refused({"score": 1}) == (409, "satisfaction_already_given")


async def test_nobody_enters_what_a_customer_thinks_of_their_own_work(client, client_as, open_ticket, act):
    given = "tickets:read", "tickets:write"
    holder, resolver, other = [client_as(*given, actor_id=name) for name in ("agent-7", "agent-8", "agent-9")]
    system = client_as(*given, actor_id="agent-8", kind="service")
    for by in (other, system, client):
        ticket = await open_ticket()
        url = f"/v1/tickets/{ticket['id']}"
        await act(ticket, "assign", assignee_id="agent-7")
        assert (await resolver.post(f"{url}/resolve", json={})).status_code == 200
        for one in (holder, resolver):
            answer = await one.post(f"{url}/satisfaction", json={"score": 5})
            assert (answer.status_code, answer.json()["code"]) == (403, "answer_to_own_work")
        assert (await client.get(url)).json()["status"] == "feedback"
        assert (await by.post(f"{url}/satisfaction", json={"score": 5})).status_code == 201
