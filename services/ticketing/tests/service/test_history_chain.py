"""Whoever can write to the database, and has no key, is found out."""

import argparse
import json
from importlib import import_module
from uuid import UUID

import pytest
from careloop_common import clock
from careloop_common.tokens import SYSTEM
from careloop_ticketing.history import handlers
from careloop_ticketing.history import service as history
from careloop_ticketing.history.command import verify_history
from careloop_ticketing.history.service import Tally
from careloop_ticketing.sla import service as sla
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.chain import START, UNKEYED, Entry
from careloop_ticketing.tickets.service import Case
from sqlalchemy import text

SECOND = "ticket_id = :id AND seq = 2"


@pytest.fixture
def tamper(runtime):
    async def run(statement, **values):
        async with runtime.database.transaction() as session:
            await session.execute(text(statement), values)

    return run


@pytest.fixture
def anchor(runtime):
    async def write():
        async with runtime.database.transaction() as session:
            return await history.anchor(session, now=clock.now())

    return write


@pytest.fixture
def broken(runtime):
    async def find():
        async with runtime.database.transaction() as session:
            return [str(one) async for one in history.verify(session, Tally())]

    return find


@pytest.fixture
def verified(client):
    async def ask(ticket):
        answer = await client.get(f"/v1/tickets/{ticket['id']}/history/verification")
        assert answer.status_code == 200, answer.text
        return answer.json()

    return ask


async def test_acts_and_escalations_write_one_chain_that_verifies(
    open_ticket, act, facts, publish_policy, worker_running, eventually, broken, verified
):
    await publish_policy(first_response=1, resolution=1)
    ticket = await open_ticket()

    async def climbed():
        return (await facts(ticket)).count("escalated") >= 4

    async with worker_running():
        await act(ticket, "classify", tier="intermediate")
        await eventually(climbed)
        await act(ticket, "respond", note="已致电")
    await act(ticket, "resolve")
    told = await verified(ticket)
    assert told["intact"], told["broken"]
    assert told["entries"] == len(await facts(ticket))
    assert await broken() == []


async def test_whatever_a_history_may_say_verifies_as_postgresql_gives_it_back(
    runtime, open_ticket, verified
):
    ticket = await open_ticket()
    said = {
        "z": 1,
        "a": {"Ü": '重\ue000"\\', "n": [0.1, 1e22, -0.0, 1e-7, 5e-324, 172800.0, 10**30, None, True]},
    }
    async with runtime.database.transaction() as session:
        row = await tickets.lock(session, UUID(ticket["id"]))
        case = Case(session, row, await sla.of(session, row.id), SYSTEM, clock.now())
        tickets.record(case, "noted", before={"number": float(2**70)}, after=said)
    assert (await verified(ticket))["intact"]


@pytest.mark.parametrize(
    "change",
    [
        f'UPDATE ticket_history SET after = after || \'{{"tier": "advanced"}}\' WHERE {SECOND}',
        f"UPDATE ticket_history SET actor_id = 'nobody' WHERE {SECOND}",
        f"UPDATE ticket_history SET at = at - interval '1 microsecond' WHERE {SECOND}",
        f"DELETE FROM ticket_history WHERE {SECOND}",
        "UPDATE ticket SET version = 1 WHERE id = :id",
        "UPDATE ticket SET head = '\\x00' WHERE id = :id",
        (
            "INSERT INTO ticket_history SELECT ticket_id, 4, fact, at, actor_id, actor_kind, before, after, key_id, hash"
            f" FROM ticket_history WHERE {SECOND}"
        ),
        "UPDATE ticket_history SET seq = 5 - seq WHERE ticket_id = :id AND seq IN (2, 3)",
    ],
)
async def test_each_change_of_a_row_is_found(open_ticket, act, tamper, broken, verified, anchor, change):
    ticket, other = await open_ticket(), await open_ticket()
    await act(ticket, "notes", text="一")
    await anchor()
    assert await broken() == []
    if "5 - seq" in change:
        await tamper(
            "UPDATE ticket_history SET seq = seq + 100 WHERE ticket_id = :id AND seq > 1", id=ticket["id"]
        )
        await tamper(
            "UPDATE ticket_history SET seq = CASE seq WHEN 102 THEN 3 ELSE 2 END"
            " WHERE ticket_id = :id AND seq > 100",
            id=ticket["id"],
        )
    else:
        await tamper(change, id=ticket["id"])
    assert not (await verified(ticket))["intact"]
    assert (await verified(other))["intact"]
    found = await broken()
    assert found
    assert all(ticket["id"] in place for place in found)


async def test_entries_that_changed_tickets_are_found(open_ticket, tamper, broken, anchor):
    one, two = await open_ticket(), await open_ticket()
    await anchor()
    move = "UPDATE ticket_history SET ticket_id = :to, seq = seq + 2 WHERE ticket_id = :id"
    await tamper(move, id=one["id"], to=two["id"])
    await tamper("UPDATE ticket SET version = 4 WHERE id = :id", id=two["id"])
    assert {place.split()[1].rstrip(":") for place in await broken()} == {one["id"], two["id"]}


async def test_a_chain_made_anew_without_the_key_is_found(
    runtime, open_ticket, tamper, anchor, broken, verified
):
    await anchor()
    ticket = await open_ticket()
    rows = "SELECT ticket_id, seq, fact, at, actor_id, actor_kind, before, after FROM ticket_history"
    async with runtime.database.transaction() as session:
        chain, previous = tickets.chain_of(session), START
        for row in (await session.execute(text(f"{rows} WHERE ticket_id = :id ORDER BY seq"), ticket)).all():
            forged = Entry(*row[:5], "user", dict(row.before), {"tier": "primary"})
            previous = chain.hash(previous, forged, UNKEYED)
            await session.execute(
                text(
                    "UPDATE ticket_history SET actor_kind = 'user', after = CAST(:after AS jsonb), key_id = 'none',"
                    " hash = :hash WHERE ticket_id = :id AND seq = :seq"
                ),
                {"after": json.dumps(forged.after), "hash": previous, "id": ticket["id"], "seq": row.seq},
            )
    await tamper("UPDATE ticket SET head = :head WHERE id = :id", head=previous, id=ticket["id"])
    told = await verified(ticket)
    assert [place["problem"] for place in told["broken"]] == [
        "has no keyed hash, though it is younger than the first anchor"
    ] * 2
    await anchor()
    assert len(await broken()) == 2


async def test_a_ticket_that_was_deleted_with_its_history_is_missed(open_ticket, tamper, anchor, broken):
    ticket = await open_ticket()
    assert await anchor() == 1
    assert await anchor() == 0
    for table, key in (("ticket_history", "ticket_id"), ("ticket", "id")):
        await tamper(f"DELETE FROM {table} WHERE {key} = :id", id=ticket["id"])
    assert await broken() == [f"ticket {ticket['id']}: is gone, though anchor 1 holds it"]


async def test_a_history_that_was_cut_back_together_with_its_head_is_missed(
    open_ticket, act, tamper, anchor, verified
):
    ticket = await open_ticket()
    await act(ticket, "notes", text="一")
    await anchor()
    assert (await verified(ticket))["anchored"] == 3
    await tamper("DELETE FROM ticket_history WHERE ticket_id = :id AND seq = 3", id=ticket["id"])
    await tamper(
        "UPDATE ticket SET version = 2, head = (SELECT hash FROM ticket_history WHERE ticket_id = :id AND seq = 2)"
        " WHERE id = :id",
        id=ticket["id"],
    )
    assert (await verified(ticket))["broken"] == [
        {"seq": 3, "problem": "is missing, though anchor 1 holds it"}
    ]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("DELETE FROM history_anchored WHERE anchor = 2", "anchors 2: does not fit"),
        ("UPDATE history_anchored SET seq = seq - 1 WHERE anchor = 2", "anchors 2: does not fit"),
        ("UPDATE history_anchor SET at = at + interval '1 hour' WHERE number = 3", "anchors 3: does not fit"),
        ("DELETE FROM history_anchored; DELETE FROM history_anchor", "anchors: there are none"),
        (
            "DELETE FROM history_anchored WHERE anchor = 2; DELETE FROM history_anchor WHERE number = 2",
            "anchors 2: is missing",
        ),
    ],
)
async def test_anchors_are_a_chain_themselves(open_ticket, tamper, anchor, broken, change, problem):
    await anchor()
    await open_ticket()
    await anchor()
    await anchor()
    assert await broken() == []
    for statement in change.split("; "):
        await tamper(statement)
    assert (await broken())[0].startswith(problem)


async def test_the_command_tells_by_its_status_and_names_the_first_places(
    runtime, open_ticket, tamper, anchor, capsys
):
    tickets_ = [await open_ticket() for _ in range(3)]
    await anchor()
    assert await verify_history(runtime, argparse.Namespace(show=1, broker_seconds=10, expect=None)) == 0
    told = capsys.readouterr().out
    assert told.startswith("3 tickets, 6 entries, 1 anchors, the last of them 1:")
    written_down = told.split("the last of them ")[1].split(";")[0]
    assert (
        await verify_history(runtime, argparse.Namespace(show=1, broker_seconds=10, expect=written_down)) == 0
    )
    assert await verify_history(runtime, argparse.Namespace(show=1, broker_seconds=10, expect="2:00")) == 1
    capsys.readouterr()
    for ticket in tickets_:
        await tamper(
            "UPDATE ticket_history SET fact = 'x' WHERE ticket_id = :id AND seq = 1", id=ticket["id"]
        )
    assert await verify_history(runtime, argparse.Namespace(show=1, broker_seconds=10, expect=None)) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0] == f"ticket {tickets_[0]['id']} 1: does not fit: it, or what came before it, was changed"
    assert lines[1].endswith("; 3 broken places")


async def test_an_unknown_ticket_has_nothing_to_verify(client):
    answer = await client.get("/v1/tickets/00000000-0000-7000-8000-000000000000/history/verification")
    assert (answer.status_code, answer.json()["code"]) == (404, "ticket_not_found")


async def test_what_was_there_before_the_chain_is_good_as_far_as_the_first_anchor_reaches(
    runtime, open_ticket, act, tamper, anchor, broken, verified, monkeypatch
):
    migration = import_module("careloop_ticketing.migrations.versions.0007_history")
    old = [await open_ticket() for _ in range(5)]
    await tamper("UPDATE ticket_history SET key_id = 'none', hash = ''")
    await tamper("UPDATE ticket SET head = ''")
    monkeypatch.setattr(migration, "_BATCH", 2)
    async with runtime.database.transaction() as session:
        connection = await session.connection()

        def chain(bind):
            monkeypatch.setattr(migration.op, "get_bind", lambda: bind)
            migration._chain()

        await connection.run_sync(chain)
    assert not (await verified(old[0]))["intact"]
    await anchor()
    assert await broken() == []
    await act(old[0], "notes", text="一")
    await open_ticket()
    assert await broken() == []
    await tamper("UPDATE ticket_history SET fact = 'x' WHERE ticket_id = :id AND seq = 1", id=old[1]["id"])
    assert len(await broken()) == 1


@pytest.fixture
def anchored_by_worker(runtime, worker_running, eventually):
    """Lets a worker write its anchor, and gives what the stream says of all anchors then."""

    async def run(count):
        async def there():
            told = await handlers.told(runtime.bus)
            return told if len(told) >= count else None

        async with worker_running():
            return await eventually(there)

    return run


async def test_anchors_that_were_deleted_are_not_written_anew(
    runtime, open_ticket, act, tamper, anchored_by_worker, forge_unkeyed, verified
):
    ticket = await open_ticket()
    await act(ticket, "respond")
    assert list(await anchored_by_worker(1)) == [1]
    await forge_unkeyed(ticket)
    await tamper("DELETE FROM history_anchored")
    await tamper("DELETE FROM history_anchor")
    told = await anchored_by_worker(2)
    assert sorted(told) == [1, 2], "the number of the one that is gone stays free"
    assert not (await verified(ticket))["intact"]
    async with runtime.database.transaction() as session:
        found = [str(one) async for one in history.verify(session, Tally(), told)]
    assert "anchors 1: is gone, though the stream holds it" in found


@pytest.fixture
def forge_unkeyed(runtime):
    """Writes a history anew, as somebody does who has the database and no key: with plain hashes."""

    async def run(ticket):
        async with runtime.database.transaction() as session:
            plain, head = tickets.chain_of(session), START
            rows = await session.execute(
                text(
                    "SELECT ticket_id, seq, fact, at, actor_id, actor_kind, before, after FROM ticket_history"
                    " WHERE ticket_id = :id ORDER BY seq"
                ),
                {"id": ticket["id"]},
            )
            for row in rows.all():
                entry = Entry(*row)._replace(actor_id="somebody-else")
                head = plain.hash(head, entry, UNKEYED)
                await session.execute(
                    text(
                        "UPDATE ticket_history SET actor_id = 'somebody-else', key_id = 'none', hash = :hash"
                        " WHERE ticket_id = :id AND seq = :seq"
                    ),
                    {"hash": head, "id": ticket["id"], "seq": entry.seq},
                )
            await session.execute(
                text("UPDATE ticket SET head = :head WHERE id = :id"), {"head": head, "id": ticket["id"]}
            )

    return run


async def test_a_history_that_was_cut_back_with_its_anchors_is_found_by_the_stream(
    client, runtime, open_ticket, act, tamper, anchored_by_worker, broken
):
    ticket = await open_ticket()
    await anchored_by_worker(1)
    known = int((await client.get(f"/v1/tickets/{ticket['id']}")).headers["etag"].strip('"'))
    await act(ticket, "respond")
    await anchored_by_worker(2)
    await tamper("DELETE FROM history_anchored WHERE anchor = 2")
    await tamper("DELETE FROM history_anchor WHERE number = 2")
    gone = {"id": ticket["id"], "known": known}
    await tamper("DELETE FROM ticket_history WHERE ticket_id = :id AND seq > :known", **gone)
    last = "SELECT hash FROM ticket_history WHERE ticket_id = :id AND seq = :known"
    await tamper(
        f"UPDATE ticket SET version = :known, status = 'new', head = ({last}) WHERE id = :id", **gone
    )
    assert await broken() == [], "by the database alone nothing is wrong"
    told = await anchored_by_worker(3)
    async with runtime.database.transaction() as session:
        found = [str(one) async for one in history.verify(session, Tally(), told)]
    assert "anchors 2: is gone, though the stream holds it" in found


async def test_an_anchor_that_was_signed_anew_is_not_the_one_that_was_told(
    runtime, open_ticket, tamper, anchored_by_worker, anchor
):
    await open_ticket()
    told = await anchored_by_worker(1)
    await tamper("DELETE FROM history_anchored")
    await tamper("DELETE FROM history_anchor")
    await anchor()
    async with runtime.database.transaction() as session:
        found = [str(one) async for one in history.verify(session, Tally(), told)]
    assert found == ["anchors 1: is not the one that the stream holds"]
