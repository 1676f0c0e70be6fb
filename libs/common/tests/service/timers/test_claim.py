"""What it costs to find timers that are due, and the next one."""

import json

import pytest
from careloop_common import clock
from careloop_common.timers import claim
from sqlalchemy import text

CLAIMED = 200
BACKLOG = text(
    "insert into timer (kind, owner_id, step, generation, due_at, available_at, data, armed_at)"
    " select 'bell', gen_random_uuid(), 'x', 0, moment, moment, '{}', now()"
    " from (select now() + make_interval(secs => :from_second + n * 0.001) as moment from generate_series(1, :many) as n)"
    " as moments"
)


@pytest.mark.parametrize("analysed", [True, False])
async def test_b16_a_claim_costs_the_same_however_many_wait(runtime, plan, analysed):
    """Neither those that are due later, nor those that are due and another batch will take."""
    async with runtime.database.transaction() as session:
        await session.execute(BACKLOG, {"from_second": -3600, "many": 20_000})
        await session.execute(BACKLOG, {"from_second": 86_400, "many": 20_000})
    found = await plan(claim.CLAIM.params(now=clock.now(), kinds=["bell"], limit=CLAIMED), analysed=analysed)
    assert "ix_timer_due" in found["text"]
    assert "Seq Scan" not in found["text"]
    assert found["pages"] < 8 * CLAIMED, "the way down an index, and the row"


@pytest.mark.parametrize("analysed", [True, False])
async def test_b16_to_know_when_to_look_again_costs_the_same_however_many_wait(runtime, plan, analysed):
    async with runtime.database.transaction() as session:
        await session.execute(BACKLOG, {"from_second": 86_400, "many": 20_000})
    found = await plan(claim.NEXT.params(kinds=["bell"]), analysed=analysed)
    assert found["pages"] < CLAIMED, "past what fired and is not swept away yet"


@pytest.fixture
def plan(runtime):
    """`await plan(statement)`: what it does, and how many pages it reads; nothing is claimed."""

    async def explain(statement, *, analysed):
        engine = runtime.database.engine.sync_engine
        compiled = statement.compile(engine, compile_kwargs={"literal_binds": True})
        async with runtime.database.transaction() as session:
            if analysed:
                await session.execute(text("analyze timer"))
            explained = await session.execute(text(f"explain (analyze, buffers, format json) {compiled}"))
            (found,) = explained.scalar_one()
            await session.rollback()
        pages = found["Plan"]["Shared Hit Blocks"] + found["Plan"]["Shared Read Blocks"]
        return {"text": json.dumps(found).replace('"', ""), "pages": pages}

    return explain
