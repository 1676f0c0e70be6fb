"""Nothing happens earlier than what has happened already, whoever looked at the clock first."""

from datetime import timedelta

from careloop_common import clock
from careloop_common.tokens import SYSTEM
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.models import IntervalRow
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.models import HistoryRow
from careloop_ticketing.tickets.policy import Outcome
from careloop_ticketing.tickets.service import Case, Entry, standing
from careloop_ticketing.vocabulary import PauseReason
from sqlalchemy import select
from sqlmodel import col


async def _history(session):
    rows = await session.scalars(select(HistoryRow).order_by(col(HistoryRow.seq)))
    return [(row.fact, row.at) for row in rows]


async def test_who_waited_for_the_ticket_acts_after_whoever_had_it(client, open_ticket, runtime, session):
    opened = await open_ticket()
    began = clock.now()

    async def late(act, at):
        """An act that looked at the clock at an instant, and got the ticket only now."""
        async with runtime.database.transaction() as own:
            ticket = await tickets.lock(own, opened["id"])
            await act(Case(own, ticket, await sla.of(own, ticket.id), SYSTEM, at))

    await late(lambda case: tickets.respond(case, note=None), began)
    paused = {"reason": PauseReason.WAITING_FOR_CUSTOMER, "evidence": None, "note": None}
    await late(lambda case: tickets.pause(case, **paused), began - timedelta(seconds=2))
    await late(
        lambda case: tickets.resolve(case, outcome=Outcome.SOLVED, note=None), began - timedelta(seconds=3)
    )
    times = [at for _, at in await _history(session)]
    assert times == sorted(times)
    spans = (await session.scalars(select(IntervalRow).order_by(col(IntervalRow.seq)))).all()
    assert all(span.ended_at is None or span.started_at <= span.ended_at for span in spans)
    shown = (await client.get(f"/v1/tickets/{opened['id']}")).json()
    assert shown["responded_at"] <= shown["resolved_at"]
    url = f"/v1/tickets/{opened['id']}/history/verification"
    assert (await client.get(url)).json()["intact"]


async def test_what_the_system_does_to_many_at_once_is_no_earlier_either(
    client, open_ticket, runtime, session
):
    opened = await open_ticket()
    async with runtime.database.transaction() as own:
        (ticket,) = (await standing.lock(own, [opened["id"]])).values()
        ticket.version += 1
        entry = Entry(ticket.id, ticket.version, "escalated", {}, {})
        await standing.store(own, [ticket], [entry], now=clock.now() - timedelta(seconds=5))
    times = [at for _, at in await _history(session)]
    assert times == sorted(times)
    url = f"/v1/tickets/{opened['id']}/history/verification"
    assert (await client.get(url)).json()["intact"]
