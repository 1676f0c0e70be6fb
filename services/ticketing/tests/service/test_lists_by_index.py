"""Lists and counts that read an index, for at a million tickets nobody waits for all of them to be read."""

import pytest
from careloop_common import clock
from careloop_ticketing.learning import queries as learning
from careloop_ticketing.tickets import queries as tickets
from careloop_ticketing.tickets.choices import Choice, Filters
from careloop_ticketing.tmf621 import queries as tmf621
from careloop_ticketing.tmf621.parties import Party
from careloop_ticketing.tmf621.queries import Wanted
from sqlalchemy import event, text

WANTED = [
    (Wanted({"name": ["x"]}), {"ix_ticket_subject"}),
    (Wanted({"severity": ["Major"]}), {"ix_ticket_listed"}),
    (Wanted({"priority": ["x"]}), {"ix_tmf621_extension_kept"}),
    (Wanted({"channel.id": ["x"]}), {"ix_ticket_listed"}),
    (
        Wanted({}, party=Party(ids=["x"], roles=["customer"])),
        {"ix_ticket_customer_reference", "ix_tmf621_extension_kept"},
    ),
    (Wanted({}, party=Party(ids=["x"], roles=["owner"])), {"ix_ticket_assignee_id"}),
    (Wanted({}, party=Party(names=["x"])), {"ix_tmf621_extension_kept"}),
]


@pytest.fixture
def plans(runtime):
    """`await plans(ask)`: how the database answers what `ask(session)` asks, where it can do without reading a whole table."""

    async def plan(ask):
        asked = []

        def note(_, __, statement, parameters, *___):
            if statement.lstrip().startswith(("SELECT", "WITH")):
                asked.append((statement, parameters))

        async with runtime.database.transaction() as session:
            connection = await session.connection()
            await session.execute(text("SET LOCAL enable_seqscan = off"))
            event.listen(connection.sync_connection, "before_cursor_execute", note)
            await ask(session)
            event.remove(connection.sync_connection, "before_cursor_execute", note)
            found = []
            for statement, parameters in asked:
                rows = await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
                found += [row[0] for row in rows]
        return "\n".join(found)

    return plan


@pytest.mark.parametrize(("wanted", "indexes"), WANTED)
async def test_a_filter_of_the_interface_finds_by_index(plans, wanted, indexes):
    plan = await plans(
        lambda session: tmf621.listed(session, wanted, sort="-creationDate", offset=0, limit=20)
    )
    assert "Seq Scan on" not in plan, plan
    assert all(index in plan for index in indexes), plan


async def test_who_broke_no_target_is_found_without_going_through_all_who_did(plans):
    choice = Choice(Filters(breached=False))
    plan = await plans(
        lambda session: tickets.newest(session, choice, before=None, limit=51, now=clock.now())
    )
    assert "Anti Join" in plan, plan


async def test_a_rare_team_is_looked_for_in_an_index(plans):
    choice = Choice(Filters(team="nobody"))
    plan = await plans(
        lambda session: tickets.newest(session, choice, before=None, limit=51, now=clock.now())
    )
    assert "ix_ticket_listed" in plan, plan


async def test_the_tickets_of_a_rule_set_are_counted_in_an_index(plans):
    plan = await plans(lambda session: learning.uncorrected(session, 1))
    assert "ix_ticket_rule_set" in plan, plan
