from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from careloop_campaign.migrations.schema import metadata


async def test_the_migrations_make_exactly_the_tables_that_the_code_knows(runtime):
    async with runtime.database.engine.connect() as connection:
        changes = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), metadata)
        )
    assert changes == []
