"""Whatever is written of somebody by who does not know yet that they are erased goes with them."""

import asyncio
from uuid import UUID

import pytest
from careloop_common import clock
from careloop_common.timers import DueTimer
from careloop_common.tokens import SYSTEM
from careloop_profile.imports.service.running import Importer
from careloop_profile.imports.service.uploading import TIMER
from careloop_profile.linkage import handlers as linkage
from careloop_profile.parties.policy.relations import Claim, Relation
from careloop_profile.parties.service import relating
from careloop_profile.parties.service.proposing import Listener
from careloop_profile.privacy.service import TIMER as ERASURE
from careloop_profile.privacy.service import Sweeper
from careloop_profile.reconciliation.service import Reconciler
from sqlalchemy import text

ZONE, MINORS_UNDER = "Asia/Shanghai", 14
MODEL = {
    "name": "small",
    "fields": [{"name": "birth_date", "source": "attributes.birth_date", "spelling": "date"}],
    "keys": [["birth_date"]],
    "comparisons": [
        {
            "field": "birth_date",
            "levels": [{"when": "equal", "m": 0.9, "u": 1e-4}, {"when": "else", "m": 0.1, "u": 0.9999}],
        }
    ],
    "prior": 1e-3,
}
BORN = {"attributes": {"birth_date": "1985-03-07"}}
FILE = "one,other\nA-1,B-1\nA-1,C-1\n"
MAPPING = {
    "source": "crm",
    "relations": [{"kind": "family", "from": {"column": "one"}, "to": {"column": "other"}}],
}


@pytest.fixture
async def both(register, planted):
    """Somebody who will be erased, and somebody who shares a number and a birthday with them."""
    other = await register(source="crm", external_id="B-1", name="别人", phone=planted["phone"], **BORN)
    one = await register(source="crm", external_id="A-1", **planted, **BORN)
    return one["customer_id"], other["customer_id"]


@pytest.fixture
def compared(client, runtime):
    """Whoever came is compared by the model."""

    async def begin():
        answer = await client.put("/v1/linkage-models", json=MODEL)
        assert answer.status_code == 201, answer.text

        async def write(session, *keys):
            await linkage.linker(runtime.vault).link(session, set(map(UUID, keys)), now=clock.now())

        return write

    return begin


@pytest.fixture
def reconciled(client, runtime):
    """The next chunk of a run over all."""

    async def begin():
        answer = await client.put("/v1/linkage-models", json=MODEL)
        assert answer.status_code == 201, answer.text
        assert (await client.post("/v1/linkage-runs")).status_code == 202

        async def write(session, *_):
            assert (await Reconciler(runtime.vault).step(session, now=clock.now())).found

        return write

    return begin


@pytest.fixture
def stated(runtime):
    """Somebody says what the two are to each other."""

    async def begin():
        async def write(session, one, other):
            now = clock.now()
            claim = Claim(Relation.FAMILY, UUID(one), UUID(other), now.date())
            await relating.relate(
                session, runtime.vault, claim, MINORS_UNDER, today=now.date(), now=now, actor=SYSTEM
            )

        return write

    return begin


@pytest.fixture
def imported(client, runtime):
    """A file says so, and speaks of a third whom nobody knows."""

    async def begin():
        opened = await client.post("/v1/imports", json={"mapping": MAPPING, "filename": "f.csv"})
        import_id = opened.json()["import_id"]
        await client.put(f"/v1/imports/{import_id}/parts/1", content=FILE.encode())
        await client.post(f"/v1/imports/{import_id}/start")
        importer, due = Importer(runtime.vault, ZONE, MINORS_UNDER), clock.now()

        async def write(session, *_):
            await importer.on_due(session, DueTimer(0, TIMER, UUID(import_id), "row 0", 0, due, {}), due)

        async with runtime.database.transaction() as session:
            await write(session)
        return write

    return begin


@pytest.fixture
def proposed(runtime):
    """Who shares a number is proposed as family."""

    async def begin():
        async def write(session, *keys):
            listener = Listener(runtime.vault, 10, ZONE)
            await listener.heard(session, set(map(UUID, keys)), now=clock.now())

        return write

    return begin


@pytest.fixture
def sweep(runtime, tmp_path):
    """`await sweep(request)`: what was written meanwhile is deleted, once all who wrote have ended."""

    async def steps(request):
        sweeper, due = Sweeper(runtime.vault, tmp_path, ()), clock.now()
        for step in ("looks", "left"):
            async with runtime.database.transaction() as session:
                timer = DueTimer(0, ERASURE, UUID(request["request_id"]), step, 0, due, {})
                await sweeper.on_due(session, timer, due)

    return steps


@pytest.mark.parametrize("writing", ["compared", "reconciled", "stated", "imported", "proposed"])
async def test_what_is_written_of_somebody_while_they_are_erased_goes_with_them(
    both, writing, request, runtime, client, erase, mentions, sweep, eventually
):
    one, other = both
    write = await request.getfixturevalue(writing)()
    async with runtime.database.transaction() as session:
        await write(session, *both)
        erasing = await erase(one)
        sweeping = asyncio.create_task(sweep(erasing))

        async def done_or_waiting():
            return sweeping.done() or await _somebody_waits(runtime)

        await eventually(done_or_waiting)
    await sweeping
    kept = {"subject_key", "erasure_request", "disclosure", "outbox", "outbox_sent", "inbox", "idempotency"}
    assert set(await mentions(one)) <= kept | {"tag_walk", "timer"}
    assert (await client.get(f"/v1/households/{other}")).status_code == 200


async def _somebody_waits(runtime):
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    async with runtime.database.transaction() as session:
        return await session.scalar(waiting)
