"""What the database gives back, and connections that were lost while nobody used them."""

import asyncio
from math import inf

import pytest
from sqlalchemy import text


async def test_whoever_comes_first_after_all_connections_were_lost_notices_nothing(
    runtime, session, eventually
):
    await session.execute(text("SELECT 1"))  # the connection that ends the others is none of them
    used = []

    async def ask():
        async with runtime.database.transaction() as own:
            pooled = await (await own.connection()).get_raw_connection()
            used.append(pooled.driver_connection)
            return await own.scalar(text("SELECT 1 FROM pg_sleep(0.05)"))

    await asyncio.gather(*(ask() for _ in range(5)))
    await session.execute(
        text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    )
    # The server says goodbye before it hangs up: only then is a connection known to be lost.
    await eventually(lambda: all(connection.is_closed() for connection in used))
    assert await asyncio.gather(*(ask() for _ in range(5))) == [1] * 5


@pytest.mark.parametrize(
    ("document", "value"),
    [
        ('{"a": [1, 2.5, 3.0, null, "张伟 \\u00e9"]}', {"a": [1, 2.5, 3.0, None, "张伟 é"]}),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ("1e400", 10**400),
        (f"{10**400}.5", inf),
        ('"\\ud83d\\ude00"', "😀"),
    ],
)
async def test_json_is_read_as_it_was_written_however_large_its_numbers_are(session, document, value):
    found = await session.scalar(text("SELECT CAST(:document AS jsonb)"), {"document": document})
    assert (found, str(found)) == (value, str(value))
