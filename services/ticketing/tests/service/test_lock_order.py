"""Whoever locks several tickets locks them by id, and tickets before whatever else: nobody waits in a circle."""

import asyncio
import random
from datetime import timedelta
from uuid import UUID

import pytest
from careloop_common import clock
from careloop_common.plumbing import timer
from careloop_common.timers import DueTimer
from careloop_common.tokens import Actor
from careloop_ticketing.customers.models import CustomerRow
from careloop_ticketing.dispatch.service import dispatching, taking
from careloop_ticketing.escalation import service as escalation
from careloop_ticketing.recalculation import handlers as recalculation
from careloop_ticketing.staff import service as staff
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.service import linking
from sqlalchemy import delete, text, update

ROUNDS = 6
SUPERVISOR = Actor(id="supervisor", scopes=frozenset({"tickets:supervise"}))


@pytest.fixture
def deadlocks(runtime):
    """`await deadlocks()`: how many PostgreSQL has had to resolve in this database."""

    async def count():
        async with runtime.database.transaction() as session:
            await session.execute(text("SELECT pg_stat_force_next_flush()"))
        async with runtime.database.transaction() as session:
            counted = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            return await session.scalar(counted)

    return count


@pytest.fixture
def replicated(runtime, customer):
    """`await replicated()`: what the replica has of somebody new."""

    async def add():
        customer_id = UUID(await customer())
        async with runtime.database.transaction() as session:
            return await session.get_one(CustomerRow, customer_id)

    return add


async def test_news_of_customers_and_a_change_for_all_tickets_do_not_wait_for_each_other(
    runtime, open_ticket, replicated, deadlocks
):
    """The later tickets wait for a customer, the earlier ones follow another: in the order of their ids nevertheless."""
    known, newcomer = await replicated(), await replicated()
    earlier = [await open_ticket(customer_id=str(known.id)) for _ in range(8)]
    later = [await open_ticket() for _ in range(8)]
    of_all = [UUID(ticket["id"]) for ticket in (*earlier, *later)]
    before = await deadlocks()

    async def hear(vip):
        async with runtime.database.transaction() as session:
            known.vip = vip
            await linking.take_in(session, [known, newcomer], [known], now=clock.now())

    async def hold_all():
        async with runtime.database.transaction() as session:
            assert len(await tickets.lock_all(session, reversed(of_all))) == len(of_all)
            await asyncio.sleep(0)

    for number in range(ROUNDS):
        async with runtime.database.transaction() as session:
            unknown = {"linked_at": None, "customer_id": newcomer.id}
            waiting = update(tickets.Ticket).where(tickets.Ticket.id.in_(of_all[8:]))
            await session.execute(waiting.values(unknown))
        await asyncio.gather(hear(vip=number % 2 == 0), *(hold_all() for _ in range(4)))
    assert await deadlocks() == before


async def test_who_takes_a_ticket_and_who_puts_all_of_theirs_back_do_not_wait_for_each_other(
    runtime, client, open_ticket, act, deadlocks
):
    body = {"name": "Li", "languages": ["zh"], "capacity": 50}
    assert (await client.put("/v1/agents/li.na", json=body)).status_code == 201
    ticket = await act(await open_ticket(), "assign", assignee_id="li.na")
    before, held = await deadlocks(), asyncio.Event()

    async def take():
        async with runtime.database.transaction() as session:
            await tickets.lock(session, UUID(ticket["id"]))
            held.set()
            await _somebody_waits(runtime)
            await staff.lock_agent(session, "li.na")

    async def release_all():
        await held.wait()
        async with runtime.database.transaction() as session:
            return await taking.release_all(session, "li.na", actor=SUPERVISOR, now=clock.now())

    _, released = await asyncio.gather(take(), release_all())
    assert released == 1
    assert await deadlocks() == before


async def _somebody_waits(runtime):
    """Until somebody waits for a lock."""
    waits = text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
    async with asyncio.timeout(10):
        while True:
            async with runtime.database.transaction() as session:
                if await session.scalar(waits):
                    return


async def test_a_team_that_ends_with_its_ticket_and_by_hand_is_nobodys_circle(
    runtime, client, open_ticket, act, deadlocks
):
    for agent_id, department in (("li.na", "network"), ("wang", "billing")):
        body = {"name": agent_id, "languages": ["zh"], "department": department}
        assert (await client.put(f"/v1/agents/{agent_id}", json=body)).status_code == 201
    ticket, other = await open_ticket(), await open_ticket()
    team = {"name": "Fibre", "lead_id": "li.na", "members": ["li.na", "wang"]}
    answer = await client.post(f"/v1/tickets/{ticket['id']}/virtual-team", json=team)
    assert answer.status_code == 201, answer.text
    await act(ticket, "merge", into=other["id"])
    before, held = await deadlocks(), asyncio.Event()

    async def disband():
        async with runtime.database.transaction() as session:
            row = await tickets.lock(session, UUID(ticket["id"]))
            held.set()
            await _somebody_waits(runtime)
            found = await staff.virtual_team(session, row.id)
            assert found is not None
            staff.end_virtual(found, actor=SUPERVISOR, now=clock.now())

    async def hand_over():
        await held.wait()
        async with runtime.database.transaction() as session:
            await dispatching.hand_over(session, now=clock.now())

    await asyncio.gather(disband(), hand_over())
    assert await deadlocks() == before


async def test_workers_who_fire_timers_of_each_others_tickets_do_not_wait_for_each_other(
    runtime, client, open_ticket, publish_policy, deadlocks
):
    """Each takes along what fell due later on a ticket, also where the other one has the timer in hand."""
    await publish_policy(first_response=1, resolution=1)
    one, other = [UUID((await open_ticket())["id"]) for _ in range(2)]
    before, now, both_hold = await deadlocks(), clock.now() + timedelta(hours=1), asyncio.Barrier(2)

    async def claim(session, ticket_id, step):
        columns = [timer.c[name] for name in DueTimer._fields]
        this = delete(timer).where(timer.c.owner_id == ticket_id, timer.c.step == step).returning(*columns)
        return DueTimer(*(await session.execute(this)).one())

    async def fire(mine, theirs):
        async with runtime.database.transaction() as session:
            due = [
                await claim(session, mine, "resolution"),
                await claim(session, theirs, "first_response"),
            ]
            await tickets.lock(session, mine)
            await both_hold.wait()
            await escalation.on_due(session, sorted(due, key=lambda timer: timer.due_at), now)

    await asyncio.gather(fire(one, other), fire(other, one))
    assert await deadlocks() == before
    lost = text(
        "SELECT count(*) FROM sla_clock AS c WHERE next_at IS NOT NULL AND NOT EXISTS (SELECT FROM timer AS t"
        " WHERE t.owner_id = c.subject_id AND t.step = c.name AND t.generation = c.generation)"
    )
    async with runtime.database.transaction() as session:
        assert await session.scalar(lost) == 0


async def test_many_who_act_on_the_same_tickets_in_all_orders_never_wait_in_a_circle(
    runtime, client, open_ticket, publish_policy, ask_bulk, work_bulk, replicated, worker_running, deadlocks
):
    """Acts of people, links and merges, bulk jobs, a recalculation, customers' news, and steps that fall due meanwhile."""
    seed = random.SystemRandom().randrange(1_000_000)
    chance = random.Random(seed)
    await publish_policy(first_response=1, resolution={"primary": 1, "intermediate": 2})
    known = await replicated()
    all_of_them = [await open_ticket(customer_id=str(known.id)) for _ in range(12)]
    before = await deadlocks()

    async def in_bulk():
        for number in range(ROUNDS):
            chosen = chance.sample(all_of_them, 8)
            await ask_bulk("assign", chosen, assignee_id=f"agent-{number}")
            await work_bulk()

    async def recalculate():
        for seconds in range(ROUNDS):
            version = await publish_policy(first_response=1, resolution={"primary": 2 + seconds})
            await client.post("/v1/sla-recalculations", json={"version": version})
            while await recalculation.work(runtime):
                pass

    async def hear():
        for number in range(ROUNDS):
            async with runtime.database.transaction() as session:
                known.vip = number % 2 == 0
                await linking.take_in(session, [known], [known], now=clock.now())

    async with worker_running():
        one, other, *_ = await asyncio.gather(
            *(_pair_up(client, chance, all_of_them) for _ in range(2)),
            in_bulk(),
            in_bulk(),
            recalculate(),
            hear(),
            hear(),
        )
    assert max(one | other) < 500, f"seed {seed}"
    assert await deadlocks() == before, f"seed {seed}"


async def _pair_up(client, chance, among):
    """Link, merge and unmerge some with some others, either way; returns the statuses of the answers."""
    statuses = set()
    for _ in range(ROUNDS * 2):
        one, other = chance.sample(among, 2)
        for what, body in (
            ("links", {"to": other["id"], "type": "child"}),
            ("merge", {"into": other["id"]}),
            ("unmerge", {}),
        ):
            answer = await client.post(f"/v1/tickets/{one['id']}/{what}", json=body)
            statuses.add(answer.status_code)
    return statuses
