"""Lists as somebody works through them: by due time, mine, counted; and cursors that stay with their list."""

import random
from datetime import timedelta
from itertools import product

import pytest
from careloop_common import clock, rules
from careloop_ticketing import facts
from careloop_ticketing.sla import queries as sla_queries
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.policy.clock import State
from careloop_ticketing.tickets import queries
from careloop_ticketing.tickets.choices import Choice, Filters
from careloop_ticketing.tickets.facts import facts_of
from careloop_ticketing.tickets.service import counting, desk
from sqlalchemy import func, select, text


@pytest.fixture
async def due(open_ticket, act, publish_policy):
    """Seven tickets: five are due in a shuffled order, the last two are resolved."""
    tickets = []
    for number, minutes in enumerate((30, 10, 50, 20, 40, 5, 5)):
        await publish_policy(first_response=minutes * 60, resolution=minutes * 60 + 3600)
        tickets.append(await open_ticket(subject=str(number)))
    await act(tickets[5], "resolve")
    await act(tickets[6], "resolve")
    return tickets


ORDER = ["1", "3", "0", "4", "2", "6", "5"]


@pytest.mark.usefixtures("due")
async def test_what_is_due_first_comes_first_and_everything_once(pages, monkeypatch):
    for few, window, limit in product((0, 1_000), (1, 2, 1_000), (1, 2, 3, 50)):
        monkeypatch.setattr(desk, "_FEW", few)
        monkeypatch.setattr(desk, "_WINDOW", window)
        for filters in ({}, {"channel": "hotline"}, {"status": "classified"}):
            found = await pages("/v1/tickets", sort="due", limit=limit, **filters)
            wanted = ORDER[:5] if "status" in filters else ORDER
            told = few, window, limit, filters
            assert [item["subject"] for page in found for item in page] == wanted, told
    first = found[0][0]
    assert first["next_due_at"] == min(c["due_at"] for c in first["clocks"] if c["state"] == "running")


@pytest.mark.usefixtures("due")
async def test_a_page_that_looked_long_enough_is_short_but_nothing_is_left_out(pages, monkeypatch):
    monkeypatch.setattr(desk, "_WINDOW", 1)
    monkeypatch.setattr(desk, "_LOOKS", 2)
    found = await pages(
        "/v1/tickets", sort="due", rule='status == "feedback" || !vip && channel == "hotline"'
    )
    assert [item["subject"] for page in found for item in page] == ORDER
    assert len(found) > 2


async def test_tickets_are_listed_by_who_holds_them_and_by_when_they_are_due(
    client_as, due, act, listed, client
):
    await act(due[2], "assign", assignee_id="li.na")
    mine = client_as("tickets:read", actor_id="li.na")
    found = (await mine.get("/v1/tickets", params={"assignee": "me", "sort": "due"})).json()["items"]
    assert [item["subject"] for item in found] == ["2"]
    soon = (clock.now() + timedelta(minutes=25)).isoformat()
    assert await listed(due_before=soon, sort="due") == ["1", "3"]
    assert await listed(number=due[4]["number"].lower()) == ["4"]
    assert await listed(number="C-20200101-000001") == []
    assert await listed(rule=f'due_at < timestamp("{soon}")') == ["3", "1"]
    for bad in ({"number": "7"}, {"assignee": "li.na"}, {"sort": "age"}, {"due_before": "soon"}):
        answer = await client.get("/v1/tickets", params=bad)
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed"), bad
    answer = await client.get("/v1/tickets", params={"sort": "due", "q": "账单"})
    assert (answer.status_code, answer.json()["code"]) == (422, "sort_impossible")


@pytest.mark.usefixtures("due")
async def test_tickets_are_counted_or_estimated(client, monkeypatch):
    async def count(**params):
        answer = await client.get("/v1/ticket-count", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert await count() == {"count": 7, "exact": True}
    assert await count(status="feedback") == {"count": 2, "exact": True}
    assert await count(rule='status == "feedback" && breached') == {"count": 0, "exact": True}
    monkeypatch.setattr(counting, "MOST", 3)
    many = await count()
    assert (many["exact"], many["count"] >= 4) == (False, True)


async def test_what_takes_long_is_not_counted_to_its_end(runtime):
    async with runtime.database.transaction() as session:
        assert await counting._counted(session, select(func.pg_sleep(30))) is None
        assert (await counting.count(session, Choice(Filters()), now=clock.now())).exact


async def test_the_due_order_reads_the_index(runtime):
    statement = sla_queries.by_next_due(after=(clock.now(), desk._FIRST), limit=50)
    async with runtime.database.transaction() as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        await session.execute(text("SET LOCAL enable_sort = off"))
        plan = (await session.execute(counting._Explain(statement))).scalar_one()
    assert "ix_sla_clock_due_at" in str(plan), plan
    assert "'Node Type': 'Sort'" not in str(plan), plan


ATOMS = [
    'status == "classified"',
    'status in ["feedback", "handling"]',
    "has(team)",
    'team == "fibre"',
    'assignee_id == "li.na"',
    "has(assignee_id)",
    "breached",
    "has(due_at)",
    'due_at < now() + duration("25m")',
    'due_at - opened_at > duration("30m")',
    "has(responded_at)",
    "responded_at >= opened_at",
    'opened_at > now() - duration("1h")',
    "has(resolved_at)",
    "has(customer_id)",
    'customer_id == "{customer}"',
    "vip",
    'kind == "complaint"',
    "reopened > 0",
]


def _said(ticket, clocks, now):
    """What rules may say of a ticket, with every clock that it had: as the service says it to the database."""
    running = [one.due_at for one in clocks if one.state is State.RUNNING and one.due_at is not None]
    late = any(one.breached_at is not None for one in clocks) or any(due_at <= now for due_at in running)
    names = ("status", "assignee_id", "team", "opened_at", "responded_at", "resolved_at")
    customer_id = None if ticket.customer_id is None else str(ticket.customer_id)
    return (
        facts_of(ticket)
        | {name: getattr(ticket, name) for name in names}
        | {"customer_id": customer_id, "due_at": min(running, default=None), "breached": late}
    )


async def test_both_back_ends_choose_the_same_tickets(runtime, due, act, open_ticket, customer, client):
    known = await customer(vip=True)
    await open_ticket(subject="x", customer_id=known)
    await client.put("/v1/teams/fibre", json={"name": "fibre", "members": []})
    await act(due[0], "assign", assignee_id="li.na", team="fibre")
    await act(due[1], "respond")
    await act(due[1], "pause", reason="waiting_for_third_party", evidence="W-1")
    await act(due[6], "reopen")
    chance, now = random.Random(7), clock.now() + timedelta(minutes=35)
    async with runtime.database.transaction() as session:
        rows = await queries.newest(session, Choice(Filters()), before=None, limit=100, now=now)
        clocks = await sla.every(session, [row.id for row in rows])
        told = {row.id: _said(row, clocks[row.id], now) for row in rows}
        kinds = set()
        for _ in range(300):
            one, other, third = (chance.choice(ATOMS).replace("{customer}", known) for _ in range(3))
            written = (
                f"({one} {chance.choice(['&&', '||'])} !({other})) {chance.choice(['&&', '||'])} {third}"
            )
            rule = facts.choice(written)
            judge = rules.compile_python((rule,))
            by_facts = {ticket_id for ticket_id, said in told.items() if judge(said, now)[0]}
            by_database = set(await queries.ids(session, Choice(Filters(), (rule,)), limit=100, now=now))
            assert by_database == by_facts, (written, [told[one] for one in by_database ^ by_facts])
            kinds.add(len(by_facts))
    assert len(kinds) > 4


async def test_a_cursor_is_no_good_for_another_list(client, open_ticket, ask_bulk, act):
    tickets = [await open_ticket() for _ in range(3)]
    for _ in range(2):
        await ask_bulk("respond", tickets)
    for ticket in tickets[:2]:
        await act(ticket, "notes", text="一")
        await act(ticket, "notes", text="二")
    urls = ["/v1/tickets", "/v1/bulk-jobs", *(f"/v1/tickets/{t['id']}/notes" for t in tickets[:2])]
    cursors = {}
    for url in urls:
        cursors[url] = (await client.get(url, params={"limit": 1})).json()["next_cursor"]
    for made_by, cursor in cursors.items():
        for url in urls:
            answer = await client.get(url, params={"limit": 1, "cursor": cursor})
            assert answer.status_code == (200 if url == made_by else 422), (made_by, url)


async def test_notes_come_page_by_page_oldest_first(open_ticket, act, pages):
    ticket = await open_ticket()
    for number in range(5):
        await act(ticket, "notes", text=str(number))
    found = await pages(f"/v1/tickets/{ticket['id']}/notes", limit=2)
    assert [[note["text"] for note in page] for page in found] == [["0", "1"], ["2", "3"], ["4"]]


async def test_incidents_are_listed_newest_first(client, open_ticket, pages):
    opened = []
    for number in range(3):
        child = await open_ticket()
        body = {"title": str(number), "tickets": [child["id"]]}
        opened.append((await client.post("/v1/incidents", json=body)).json())
    found = await pages("/v1/incidents", limit=2)
    assert [[one["ticket"]["subject"] for one in page] for page in found] == [["2", "1"], ["0"]]
    assert {one["ticket"]["id"]: one["children"] for page in found for one in page} == {
        one["ticket"]["id"]: {"classified": 1} for one in opened
    }
