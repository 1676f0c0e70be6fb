"""Connections that were lost while nobody used them."""

import asyncio

from sqlalchemy import text

BACKENDS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


async def test_whoever_comes_first_after_all_connections_were_lost_notices_nothing(
    runtime, session, eventually
):
    async def ask():
        async with runtime.database.transaction() as own:
            return await own.scalar(text("SELECT 1 FROM pg_sleep(0.05)"))

    await asyncio.gather(*(ask() for _ in range(5)))
    await session.execute(text(f"SELECT pg_terminate_backend(pid) {BACKENDS}"))

    async def gone():
        await session.rollback()  # a transaction looks once
        return not await session.scalar(text(f"SELECT count(*) {BACKENDS}"))

    await eventually(gone)
    assert await asyncio.gather(*(ask() for _ in range(5))) == [1] * 5
