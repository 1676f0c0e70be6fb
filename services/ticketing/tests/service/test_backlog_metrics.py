"""What bulk jobs and recalculations tell those who watch over them."""

from careloop_common import clock
from careloop_ticketing.bulk import handlers as bulk
from careloop_ticketing.recalculation import handlers as recalculation
from prometheus_client import REGISTRY


def told(name, **labels):
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_what_is_left_of_bulk_jobs_and_for_how_long_is_told(runtime, open_ticket, ask_bulk, work_bulk):
    tickets = [await open_ticket() for _ in range(3)]
    done = told("bulk_items_total", act="assign", result="changed")
    await ask_bulk("assign", tickets, assignee_id="agent-7")
    await work_bulk(turns=1, limit=1)
    await bulk.tell(runtime)
    assert (told("bulk_jobs_open"), told("bulk_items_pending")) == (1, 2)
    assert told("bulk_oldest_seconds") >= told("bulk_idle_seconds") >= 0
    await work_bulk()
    await bulk.tell(runtime)
    left = [
        told(name)
        for name in ("bulk_jobs_open", "bulk_items_pending", "bulk_oldest_seconds", "bulk_idle_seconds")
    ]
    assert left == [0, 0, 0, 0]
    assert told("bulk_items_total", act="assign", result="changed") == done + 3
    await ask_bulk("assign", tickets, dry_run=True, assignee_id="agent-8")
    await work_bulk()
    assert told("bulk_items_total", act="assign", result="changed") == done + 3


async def test_recalculations_tell_how_far_they_are(client, runtime, open_ticket, publish_policy):
    await open_ticket()
    version = await publish_policy(first_response=60)
    examined = told("recalculation_tickets_total", cause="policy")
    answer = await client.post("/v1/sla-recalculations", json={"version": version})
    assert answer.status_code == 202, answer.text
    await recalculation.tell(runtime)
    assert told("recalculations_open") == 1
    assert 0 <= told("recalculation_oldest_seconds") < clock.now().timestamp()
    while await recalculation.work(runtime):
        pass
    await recalculation.tell(runtime)
    assert (told("recalculations_open"), told("recalculation_oldest_seconds")) == (0, 0)
    assert told("recalculation_tickets_total", cause="policy") == examined + 1
    assert told("recalculation_clocks_moved_total", cause="policy") >= 1
