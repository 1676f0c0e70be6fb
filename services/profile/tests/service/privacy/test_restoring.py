"""A backup that is older than an erasure, and a replay of the streams, bring nobody back."""

from uuid import UUID

import asyncpg
import pytest
from careloop_common import subject_keys
from careloop_common.errors import SealBroken
from careloop_common.runtime import Runtime
from careloop_common.testing.working import working
from careloop_contracts import CustomerErasedV1, CustomerRegisteredV1, CustomerUnmergedV1
from careloop_profile.service import service
from sqlalchemy import text


@pytest.fixture
async def backup(runtime, postgres):
    """`await backup()`: a copy of the database as it is now, file by file; returns its URL."""
    copies = []

    async def copy():
        url = runtime.settings.database_url.get_secret_value()
        await runtime.database.close()
        name = url.rpartition("/")[2]
        admin = await asyncpg.connect(postgres)
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        owner = await admin.fetchval("SELECT datdba::regrole::text FROM pg_database WHERE datname = $1", name)
        await admin.execute(
            f'CREATE DATABASE "{name}_backup" TEMPLATE "{name}" STRATEGY file_copy OWNER {owner}'
        )
        await admin.close()
        copies.append(f"{name}_backup")
        return f"{url}_backup"

    yield copy
    admin = await asyncpg.connect(postgres)
    for name in copies:
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()


@pytest.fixture
def restored(runtime):
    """A runtime of the service on a restored database, with the same keys and the same broker."""

    def on(url):
        settings = runtime.settings.model_copy(
            update={"database_url": type(runtime.settings.database_url)(url)}
        )
        return Runtime.open("profile", settings)

    return on


async def test_a_restored_database_obeys_what_the_stream_says(
    register, planted, erase, backup, restored, worker_running, eventually, erasure
):
    customer = await register(source="crm", external_id="A-1", **planted)
    url = await backup()
    async with worker_running():
        request = await erase(customer["customer_id"])

        async def done():
            return (await erasure(request))["state"] == "waiting"

        await eventually(done)
    key = UUID(customer["customer_id"])
    async with restored(url) as again:
        tokens = await _tokens(again)
        assert again.vault.open(key, "name", tokens[0]) == planted["name"]  # as the backup has its key, too
        async with working(service.create_worker(again)):

            async def gone():
                return await _tokens(again) == []

            await eventually(gone)
        async with again.database.transaction() as session:
            assert await subject_keys.ensure(session, [key]) == {key}
        for token in tokens:
            with pytest.raises(SealBroken):
                again.vault.open(key, "name", token)


async def test_a_backup_without_its_keys_is_noise(register, planted, erase, backup, restored):
    """As the keys are backed up apart: what is restored finds the key table of today."""
    customer = await register(**planted)
    url = await backup()
    await erase(customer["customer_id"])
    async with restored(url) as again:
        async with again.database.transaction() as session:
            await session.execute(text("TRUNCATE subject_key"))
        again.vault.drop(UUID(customer["customer_id"]))
        tokens = await _tokens(again)
        assert len(tokens) == 6
        for token in tokens:
            for field in planted:
                with pytest.raises(SealBroken):
                    again.vault.open(UUID(customer["customer_id"]), field, token)


async def test_a_backup_with_the_keys_of_today_is_rid_of_rows_that_are_back(
    register, planted, erase, backup, restored, runtime, worker_running, eventually, published
):
    customer = await register(source="crm", external_id="A-1", **planted)
    url = await backup()
    async with worker_running():
        await erase(customer["customer_id"])
        await eventually(lambda: published(CustomerErasedV1))
    async with runtime.database.transaction() as session:
        [gone] = (await session.execute(text("SELECT subject_id, destroyed_at FROM subject_key"))).all()
    async with restored(url) as again:
        async with again.database.transaction() as session:
            await session.execute(
                text("UPDATE subject_key SET wrapped = NULL, destroyed_at = :at WHERE subject_id = :id"),
                {"at": gone.destroyed_at, "id": gone.subject_id},
            )
        again.vault.drop(gone.subject_id)
        assert len(await _tokens(again)) == 6
        async with working(service.create_worker(again)):

            async def rid():
                return await _tokens(again) == []

            await eventually(rid)


async def test_who_was_one_person_with_somebody_erased_is_one_without_them(
    register, client, erase, backup, restored, worker_running, eventually, published
):
    """They were parted after the backup. In it the person still has the id of who was erased."""
    gone, *others = [await register(source="crm", external_id=f"A-{n}", name="王五") for n in range(4)]
    for one, other in ((gone, others[0]), (others[0], others[1]), (gone, others[2])):
        body = {"customer_id": other["customer_id"], "reason": "the same man"}
        merged = await client.post(f"/v1/customers/{one['customer_id']}/merges", json=body)
        assert merged.status_code == 201, merged.text
    url = await backup()
    async with worker_running():
        path = f"/v1/customers/{gone['customer_id']}/split"
        assert (await client.post(path, json={"reason": "it was his son"})).status_code == 201
        await erase(gone["customer_id"])
        await eventually(lambda: published(CustomerErasedV1))
    before = len(await published(CustomerUnmergedV1))
    persons = "SELECT customer_id, person_id FROM person_member"
    async with restored(url) as again:
        async with again.database.transaction() as session:
            assert len((await session.execute(text(persons))).all()) == 4
        async with working(service.create_worker(again)):

            async def told():
                return (await published(CustomerUnmergedV1))[before:]

            [event] = await eventually(told)
        async with again.database.transaction() as session:
            found = {str(row[0]): str(row[1]) for row in await session.execute(text(persons))}
    first, second, third = (one["customer_id"] for one in others)
    assert found == {first: first, second: first}
    parts = [[str(one) for one in part] for part in event.parts]
    assert [first, second] in parts
    assert [third] in parts


async def test_what_the_stream_still_holds_is_noise(
    register, planted, erase, broker, worker_running, eventually, runtime, published
):
    customer = await register(**planted)
    async with worker_running():
        await erase(customer["customer_id"])

        async def told():
            return await published(CustomerErasedV1)

        await eventually(told)
    [event] = await published(CustomerRegisteredV1)
    # Whoever looked at the customer in the moment of the erasure may have the key for some seconds: they have passed.
    runtime.vault.drop(UUID(customer["customer_id"]))
    async with runtime.database.transaction() as session:
        await subject_keys.load(session, [UUID(customer["customer_id"])])
    for field in ("name", "phone", "email"):
        with pytest.raises(SealBroken):
            runtime.vault.open(UUID(customer["customer_id"]), field, getattr(event.contact, field))


async def _tokens(runtime):
    """Everything sealed that there is of customers, with the keys that there are at hand."""
    async with runtime.database.transaction() as session:
        rows = (
            await session.execute(
                text(
                    "SELECT id, name_sealed AS token FROM customer UNION ALL SELECT id, birth_date_sealed FROM customer"
                    " UNION ALL SELECT id, address_sealed FROM customer UNION ALL SELECT customer_id, sealed FROM identifier"
                )
            )
        ).all()
        await subject_keys.load(session, [row[0] for row in rows])
    return [row.token for row in rows if row.token]
