"""Databases: one per service, one transaction per request or message.

`service_metadata` gives a service's tables a registry of their own (two services may run in one test process) with the
plumbing tables already in it; `Database.transaction` is the only place where anything is committed.
"""

import json
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from sqlalchemy import MetaData, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import Session

from careloop_common.plumbing import plumbing_tables
from careloop_common.privacy import Vault

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

AfterCommit = Callable[[], None]
_LASTING = "lasting"
_VAULT = "vault"


def service_metadata() -> MetaData:
    """Metadata for one service: constraint names by convention, outbox, inbox, timers and the like included."""
    metadata = MetaData(naming_convention=NAMING)
    plumbing_tables(metadata)
    return metadata


def after_commit(session: AsyncSession | Session, key: str) -> None:
    """Ask that the callback registered under `key` runs once this session's transaction has committed."""
    session.info.setdefault("after_commit", set()).add(key)


def lasting(session: AsyncSession) -> dict[Hashable, Any]:
    """What this process knows of rows that never change once committed, such as versions of a policy.

    Shared by the sessions of a `Database`; whoever puts something in has read it, not just written it.
    """
    found: dict[Hashable, Any] = session.info.setdefault(_LASTING, {})
    return found


def vault(session: AsyncSession) -> Vault:
    """The process's keys, for a use case that proves something with what it writes."""
    found: Vault = session.info[_VAULT]
    return found


def _decoded(document: str) -> Any:
    """JSON as PostgreSQL writes it; in numbers, and in halves of characters, it knows no bounds."""
    try:
        return msgspec.json.decode(document)
    except msgspec.MsgspecError:
        return json.loads(document)


def asyncpg_url(url: str) -> str:
    """`postgresql://…` as the URL that SQLAlchemy needs for asyncpg."""
    scheme, rest = url.split("://", 1)
    rest = rest.replace("sslmode=", "ssl=")  # libpq's word for it; asyncpg takes the same values
    return f"postgresql+asyncpg://{rest}" if scheme in {"postgres", "postgresql"} else url


class Database:
    """An engine and the transaction edge over it."""

    def __init__(self, url: str, *, service: str, pool_size: int = 10, vault: Vault | None = None) -> None:
        self.url = url
        self.engine: AsyncEngine = create_async_engine(
            asyncpg_url(url),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=5,
            pool_recycle=1800,
            pool_use_lifo=True,
            json_deserializer=_decoded,
            hide_parameters=True,  # they are what customers said and are called; errors go to the log
            connect_args={
                "timeout": 5,
                "command_timeout": 60,
                "server_settings": {
                    "application_name": f"careloop-{service}",
                    "timezone": "UTC",
                    "jit": "off",
                },
            },
        )
        event.listen(self.engine.sync_engine, "checkout", _refuse_closed)
        self.info: dict[str, Any] = {"source": f"/careloop/{service}", _LASTING: {}, _VAULT: vault}
        """What every session of this database carries along."""
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, info=self.info)
        self._callbacks: dict[str, AfterCommit] = {}

    def on_commit(self, key: str, callback: AfterCommit) -> None:
        """Register what `after_commit(session, key)` runs."""
        self._callbacks[key] = callback

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One session, one transaction: committed at the end, rolled back on any exception."""
        async with self._sessions() as session:
            yield session
            await session.commit()
        self.committed(session)

    @asynccontextmanager
    async def outside(self) -> AsyncIterator[AsyncConnection]:
        """A connection on which each statement stands alone, for those that PostgreSQL runs in no transaction."""
        async with self.engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    def committed(self, session: AsyncSession) -> None:
        """Run what the session asked for after its commit."""
        for key in session.info.pop("after_commit", ()):
            if callback := self._callbacks.get(key):
                callback()

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def _refuse_closed(connection: DBAPIConnection, *_: object) -> None:
    """Have the pool make a new connection in place of one of which it is known, without asking, that it was lost."""
    if connection.driver_connection.is_closed():  # asyncpg's own word
        raise DisconnectionError


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop("after_commit", None)
