"""Migrations: Alembic, from the `migrations` package that a service ships in its wheel.

A module of its own, since a running service has no need of Alembic.
"""

import asyncio
import importlib.resources
from typing import Any

from alembic import command, context
from alembic.config import Config
from sqlalchemy import MetaData, pool
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from careloop_common.database import asyncpg_url


def upgrade(package: str, url: str) -> None:
    """Bring the database at `url` to the newest schema of the service `package`."""
    config = Config()
    config.set_main_option("script_location", str(importlib.resources.files(package) / "migrations"))
    config.attributes["url"] = url
    command.upgrade(config, "head")


def run_migrations(metadata: MetaData) -> None:
    """Body of a service's Alembic `env.py`: the URL or the connection comes from the caller, never from a file."""
    connection: Connection | None = context.config.attributes.get("connection")
    if connection is not None:
        _run(connection, metadata)
    else:
        asyncio.run(_connect_and_run(context.config.attributes["url"], metadata))


async def _connect_and_run(url: str, metadata: MetaData) -> None:
    engine = create_async_engine(asyncpg_url(url), poolclass=pool.NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(_run, metadata)
    await engine.dispose()


def _run(connection: Connection, metadata: MetaData) -> None:
    context.configure(connection=connection, target_metadata=metadata, include_object=_ours)
    with context.begin_transaction():
        context.run_migrations()


def _ours(thing: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:  # noqa: ARG001
    """Autogenerate ignores partitions: they are made at run time and belong to their parent."""
    return not (kind == "table" and reflected and compare_to is None and name is not None and "_p2" in name)
