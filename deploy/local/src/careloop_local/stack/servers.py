"""PostgreSQL and NATS under the local platform: the embedded ones, or the user's own."""

import asyncio
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import asyncpg
from careloop_common.embedded import (
    EmbeddedNats,
    EmbeddedPostgres,
    EmbeddedServer,
    EmbeddedServerError,
    bootstrap_databases,
)

from careloop_local.errors import LocalError
from careloop_local.stack.config import DATABASES, StackConfig

OLDEST_POSTGRES = 16


@contextmanager
def running(config: StackConfig) -> Iterator[None]:
    """Servers that answer, for as long as the block lasts."""
    with ExitStack() as stack:
        try:
            for server in embedded(config):
                stack.callback(server.stop)
                server.start()
                (config.run / f"{server.name}.pid").write_text(str(server.pid))
                server.wait_ready()
        except EmbeddedServerError as error:
            raise LocalError(str(error)) from error
        yield


def embedded(config: StackConfig) -> list[EmbeddedServer]:
    """The servers that the platform has to start itself."""
    servers: list[EmbeddedServer] = []
    if config.settings.database_url is None:
        servers.append(
            EmbeddedPostgres(
                config.home / "postgres",
                port=config.settings.postgres_port,
                password=config.keys.password("postgres"),
                log_path=config.logs / "postgres.log",
            )
        )
    if config.settings.nats_url is None:
        log_path = config.logs / "nats.log"
        servers.append(EmbeddedNats(config.home / "nats", port=config.settings.nats_port, log_path=log_path))
    else:
        _reach(config.settings.nats_url)
    return servers


def bootstrap(config: StackConfig) -> None:
    """A role and a database for each service."""
    passwords = {name: config.keys.password(name) for name in DATABASES}
    try:
        asyncio.run(_bootstrap(config.admin_url, passwords))
    except asyncpg.InvalidPasswordError as error:
        where = (
            "CARELOOP_DATABASE_URL"
            if config.settings.database_url
            else f"{config.keys.directory}/postgres.password"
        )
        raise LocalError(f"PostgreSQL does not accept the administrator's password ({where})") from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        raise LocalError(f"cannot make the databases on {_shown(config.admin_url)}: {reason}") from error


async def _bootstrap(admin_url: str, passwords: Mapping[str, str]) -> None:
    connection = await asyncpg.connect(admin_url, timeout=10)
    try:
        version = connection.get_server_version()
    finally:
        await connection.close()
    if version.major < OLDEST_POSTGRES:
        raise LocalError(
            f"PostgreSQL {OLDEST_POSTGRES} or newer is needed, {_shown(admin_url)} is {version.major}"
        )
    await bootstrap_databases(admin_url, passwords)


def _reach(url: str) -> None:
    for each in url.split(","):
        parts = urlsplit(each.strip())
        try:
            with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 4222), timeout=3):
                return
        except OSError:
            continue
    raise LocalError(f"no NATS server answers at CARELOOP_NATS_URL ({_shown(url)})")


def _shown(url: str) -> str:
    """The URL without its credentials."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
