"""One role and one database per service, on any PostgreSQL server."""

from collections.abc import Mapping

import asyncpg


async def bootstrap_databases(admin_url: str, passwords: Mapping[str, str]) -> None:
    """A role and a database of the same name for each entry: made when missing, the password set either way."""
    connection = await asyncpg.connect(admin_url, timeout=10)
    try:
        for name, password in passwords.items():
            await _bootstrap(connection, name, password)
    finally:
        await connection.close()


async def _bootstrap(connection: "asyncpg.Connection[asyncpg.Record]", name: str, password: str) -> None:
    async def run(template: str, *values: str) -> None:
        # Neither roles nor databases take bind parameters, so that the server itself quotes them.
        places = "".join(f", ${number}::text" for number in range(2, len(values) + 2))
        await connection.execute(
            await connection.fetchval(f"SELECT format($1::text{places})", template, *values)
        )

    verb = (
        "ALTER" if await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name) else "CREATE"
    )
    await run(f"{verb} ROLE %I LOGIN PASSWORD %L", name, password)
    if await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
        return
    if not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        await run("GRANT %I TO CURRENT_USER", name)
    await run("CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING 'UTF8'", name, name)
    await run("REVOKE CONNECT ON DATABASE %I FROM PUBLIC", name)
