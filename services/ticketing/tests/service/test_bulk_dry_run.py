"""A dry run says what the real run then does, whatever the act and wherever the tickets stand, and leaves no trace."""

import pytest
from careloop_ticketing.bulk.policy import Act
from careloop_ticketing.tickets.policy import TRANSITIONS
from careloop_ticketing.tickets.policy import Act as Single
from careloop_ticketing.vocabulary import Status
from sqlalchemy import text

ARGUMENTS = {
    Act.ASSIGN: {"assignee_id": "agent-7", "level": "manager"},
    Act.CLASSIFY: {"tier": "advanced"},
    Act.RESPOND: {"note": "已联系"},
    Act.PAUSE: {"reason": "waiting_for_customer"},
    Act.RESUME: {},
    Act.RESOLVE: {"outcome": "solved", "note": "已修复"},
    Act.REOPEN: {"reason": "mistake"},
    Act.REJECT: {"reason": "spam"},
    Act.CANCEL: {"reason": "test"},
    Act.NOTE: {"text": "已核实"},
    Act.WATCH: {"person": "pm"},
    Act.UNWATCH: {"person": "pm"},
}
WAYS = {
    Status.CLASSIFIED: [],
    Status.HANDLING: [("respond", {})],
    Status.WAITING: [("respond", {}), ("pause", {"reason": "waiting_for_customer"})],
    Status.FEEDBACK: [("resolve", {})],
    Status.ARCHIVED: [("resolve", {}), ("satisfaction", {"score": 5})],
    Status.REJECTED: [("reject", {"reason": "spam"})],
    Status.CANCELLED: [("cancel", {"reason": "test"})],
}
TABLES = (
    "ticket",
    "ticket_history",
    "ticket_note",
    "classification_correction",
    "sla_clock",
    "sla_interval",
    "timer",
    "outbox",
)


@pytest.fixture
def everything(runtime):
    """`await everything()`: all that acts on tickets write, to be compared."""

    async def read():
        found = {}
        async with runtime.database.transaction() as session:
            for table in TABLES:
                rows = f"SELECT md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM {table} AS t"
                found[table] = await session.scalar(text(rows))
        return found

    return read


@pytest.fixture
def one_of_each(open_ticket, act, runtime):
    """`await one_of_each()`: a ticket of every status."""

    async def make():
        found = {}
        for status, way in WAYS.items():
            ticket = await open_ticket()
            for what, body in way:
                await act(ticket, what, **body)
            found[status] = ticket["id"]
        merged = await open_ticket()
        await act(merged, "merge", into=found[Status.HANDLING])
        received = await open_ticket()
        async with runtime.database.transaction() as session:
            put = text("UPDATE ticket SET status = 'received' WHERE id = :id")
            await session.execute(put, {"id": received["id"]})
        return found | {Status.MERGED: merged["id"], Status.RECEIVED: received["id"]}

    return make


@pytest.mark.parametrize("what", Act)
async def test_a_dry_run_agrees_with_the_real_one_in_every_status(
    client, one_of_each, ask_bulk, work_bulk, bulk_results, bulk_job, everything, what
):
    found = await one_of_each()
    over, before = {"tickets": list(found.values())}, await everything()
    tried = await ask_bulk(what, over=over, dry_run=True, **ARGUMENTS[what])
    await work_bulk(limit=4)
    assert await everything() == before
    done = await ask_bulk(what, over=over, **ARGUMENTS[what])
    await work_bulk(limit=4)
    expected = await bulk_results(tried)
    assert await bulk_results(done) == expected
    assert (await bulk_job(tried))["counts"] == (await bulk_job(done))["counts"]
    by_table = what.value in set(Single)
    for status, ticket_id in found.items():
        possible = not by_table or Single(what.value) in TRANSITIONS[status]
        wanted = ("changed" if what is not Act.UNWATCH else "no_effect", None)
        assert expected[ticket_id] == (wanted if possible else ("impossible", "transition_impossible"))
        verified = await client.get(f"/v1/tickets/{ticket_id}/history/verification")
        assert verified.json()["intact"] or status is Status.RECEIVED


async def test_a_dry_run_knows_what_only_the_act_itself_finds_out(
    client, open_ticket, act, ask_bulk, work_bulk, bulk_results
):
    """A pause needs clocks that may wait: the status has changed already when it turns out that there are none."""
    found = [await open_ticket() for _ in range(3)]
    for ticket in found:
        await act(ticket, "respond")
    await act(found[1], "classify", tier="advanced")
    for dry_run in (True, False):
        job = await ask_bulk("pause", found, dry_run=dry_run, reason="waiting_for_customer")
        await work_bulk()
        assert await bulk_results(job) == {
            found[0]["id"]: ("changed", None),
            found[1]["id"]: ("impossible", "pause_not_allowed"),
            found[2]["id"]: ("changed", None),
        }
    assert (await client.get(f"/v1/tickets/{found[1]['id']}")).json()["status"] == "handling"
