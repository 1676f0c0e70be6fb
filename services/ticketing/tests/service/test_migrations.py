from importlib import import_module

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from careloop_ticketing.migrations.schema import metadata
from sqlalchemy import text


async def test_the_migrations_make_exactly_the_tables_that_the_code_knows(runtime):
    async with runtime.database.engine.connect() as connection:
        changes = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), metadata)
        )
    assert changes == []


@pytest.mark.parametrize(("by", "versions"), [("system", [2, 1]), ("chen.jie", [1])])
async def test_whoever_never_published_a_policy_gets_the_one_of_the_newest_release(
    client, runtime, monkeypatch, by, versions
):
    migration = import_module("careloop_ticketing.migrations.versions.0032_taken")
    older = text(
        "UPDATE sla_policy SET created_by = :by, document = jsonb_set(document, '{name}', '\"Older\"')"
    )
    async with runtime.database.transaction() as session:
        await session.execute(older, {"by": by})
        connection = await session.connection()
        for _ in range(2):
            await connection.run_sync(_upgraded, migration, monkeypatch)
    listed = (await client.get("/v1/sla-policies")).json()["items"]
    assert [one["version"] for one in listed] == versions


def _upgraded(bind, migration, monkeypatch):
    monkeypatch.setattr(migration.op, "get_bind", lambda: bind)
    migration.upgrade()
