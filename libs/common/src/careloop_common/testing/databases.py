"""Databases for tests: each service is migrated once a run, into a template that is cloned in milliseconds."""

import asyncio
import secrets
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from careloop_common.embedded import bootstrap_databases
from careloop_common.service import Service

_PREFIX = "careloop_test"


class Databases:
    """Templates and clones on one server; every name starts with the prefix of this run."""

    def __init__(self, admin_url: str) -> None:
        self._admin_url = admin_url
        self._run = f"{_PREFIX}_{secrets.token_hex(4)}"
        self._password = secrets.token_urlsafe(12)
        self._templates: set[str] = set()
        self._clones = 0

    async def clone(self, service: Service[Any]) -> str:
        """A fresh database of `service`, migrated and empty; gives its URL."""
        template = await self._template(service)
        self._clones += 1
        name = f"{template}_{self._clones}"
        options = f'TEMPLATE "{template}" OWNER "{template}" STRATEGY FILE_COPY'
        await self._execute(f'CREATE DATABASE "{name}" {options}')
        return self._url(name, user=template)

    async def drop(self, url: str) -> None:
        """Drop a clone, whoever is still connected to it."""
        await self._execute(f'DROP DATABASE IF EXISTS "{urlsplit(url).path[1:]}" WITH (FORCE)')

    async def close(self) -> None:
        """Drop everything that this run has made on the server."""
        connection = await asyncpg.connect(self._admin_url)
        try:
            mine = f"{self._run}%"
            for row in await connection.fetch("SELECT datname FROM pg_database WHERE datname LIKE $1", mine):
                await connection.execute(f'DROP DATABASE "{row["datname"]}" WITH (FORCE)')
            for row in await connection.fetch("SELECT rolname FROM pg_roles WHERE rolname LIKE $1", mine):
                await connection.execute(f'DROP ROLE "{row["rolname"]}"')
        finally:
            await connection.close()

    async def _template(self, service: Service[Any]) -> str:
        name = f"{self._run}_{service.name}"
        if name not in self._templates:
            await bootstrap_databases(self._admin_url, {name: self._password})
            # Alembic runs a loop of its own, which it may not do in this thread.
            await asyncio.to_thread(service.migrate, self._url(name, user=name))
            self._templates.add(name)
        return name

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self._admin_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _url(self, database: str, *, user: str) -> str:
        parts = urlsplit(self._admin_url)
        place = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{user}:{self._password}@{place}", path=f"/{database}"))
