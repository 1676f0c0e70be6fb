import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import asyncpg
import psutil
import pytest
from careloop_common.embedded import EmbeddedServerError, bootstrap_databases

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the server as another user")


async def value(url, query):
    connection = await asyncpg.connect(url, timeout=10)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_it_is_version_18_and_survives_power_cuts(place, started, postgres_at):
    server = started(postgres_at(place / "data"))
    assert (await value(server.admin_url, "SHOW server_version")).startswith("18.")
    assert await value(server.admin_url, "SHOW fsync") == "on"
    assert await value(server.admin_url, "SHOW synchronous_commit") == "on"


async def test_it_listens_on_this_machine_only_and_asks_for_the_password(place, started, postgres_at):
    server = started(postgres_at(place / "data"))
    assert await value(server.admin_url, "SHOW listen_addresses") == "127.0.0.1"
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(host="127.0.0.1", port=server.port, user="postgres", password="wrong")


async def test_a_second_start_finds_the_data(place, started, postgres_at):
    server = started(postgres_at(place / "data"))
    await value(server.admin_url, "CREATE TABLE kept AS SELECT 42 AS answer")
    server.stop()
    server = started(postgres_at(place / "data"))
    assert await value(server.admin_url, "SELECT answer FROM kept") == 42


async def test_after_kill_9_it_starts_again_at_once(place, started, postgres_at):
    server = started(postgres_at(place / "data"))
    for number in range(3):
        await value(server.admin_url, f"CREATE TABLE kept_{number} ()")
        os.kill(server.pid, signal.SIGKILL)
        started(server)
    assert await value(server.admin_url, "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'kept%'") == 3


async def test_stop_leaves_no_process(place, started, postgres_at):
    server = started(postgres_at(place / "data"))
    process = psutil.Process(server.pid)
    family = [process, *process.children(recursive=True)]
    # A client that stays connected does not keep the server alive.
    connection = await asyncpg.connect(server.admin_url)
    server.stop()
    assert not psutil.wait_procs(family, timeout=5)[1]
    connection.terminate()


def test_it_ends_with_a_parent_that_was_killed(place):
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from careloop_common.embedded import EmbeddedPostgres\n"
        "server = EmbeddedPostgres(Path(sys.argv[1]))\n"
        "server.start(); server.wait_ready()\n"
        "print(server.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    parent = subprocess.run([sys.executable, "-c", code, place / "data"], capture_output=True, check=False)
    assert parent.returncode == -signal.SIGKILL
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(parent.stdout)).wait(timeout=10)


@as_root
async def test_root_starts_it_as_an_ordinary_user_without_privileges(place, started, postgres_at):
    server = started(postgres_at(place / "data"))
    process = psutil.Process(server.pid)
    assert process.username() == "nobody"
    assert capabilities(server.pid) == 0


@as_root
async def test_root_starts_it_below_a_directory_that_is_closed_to_others(place, started, postgres_at):
    (place / "closed").mkdir(mode=0o700)
    server = started(postgres_at(place / "closed" / "data"))
    assert psutil.Process(server.pid).username() == "nobody"
    assert capabilities(server.pid) == 1 << 1, "CAP_DAC_OVERRIDE and nothing else"
    assert await value(server.admin_url, "SELECT 1") == 1


@as_root
def test_data_of_another_user_are_refused_by_name(place, started, postgres_at):
    server = started(postgres_at(place / "data"))
    server.stop()
    os.chown(place / "data", 1, 1)
    with pytest.raises(
        EmbeddedServerError, match=r"data belongs to the user \w+, but PostgreSQL would run as nobody"
    ):
        server.start()


def test_a_directory_of_something_else_is_refused(place, postgres_at):
    (place / "data").mkdir()
    (place / "data" / "photo.jpg").touch()
    os.chown(place / "data", *((65534, 65534) if os.geteuid() == 0 else (-1, -1)))
    with pytest.raises(EmbeddedServerError, match="not empty and not a PostgreSQL data directory"):
        postgres_at(place / "data").start()


def test_what_a_server_says_before_it_dies_is_reported(place, postgres_at):
    server = postgres_at(place / "data", settings={"shared_buffers": "much"})
    server.start()
    with pytest.raises(EmbeddedServerError, match="shared_buffers"):
        server.wait_ready()


async def test_bootstrap_gives_each_service_a_database_of_its_own(place, started, postgres_at):
    server = started(postgres_at(place / "data"))
    names = {"ticketing": "pa'ss", 'it\'s "odd"': "%s $1"}
    await bootstrap_databases(server.admin_url, names)
    for name, password in names.items():
        login = {"host": "127.0.0.1", "port": server.port, "user": name, "password": password}
        connection = await asyncpg.connect(database=name, **login)
        assert await connection.fetchval("SELECT current_user || current_database()") == name * 2
        await connection.execute("CREATE TABLE mine ()")
        await connection.close()
        other = next(other for other in names if other != name)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(database=other, **login)


async def test_bootstrap_again_keeps_the_data_and_sets_the_password(place, started, postgres_at):
    server = started(postgres_at(place / "data"))
    await bootstrap_databases(server.admin_url, {"ticketing": "old"})
    login = {"host": "127.0.0.1", "port": server.port, "user": "ticketing", "database": "ticketing"}
    connection = await asyncpg.connect(password="old", **login)
    await connection.execute("CREATE TABLE kept ()")
    await connection.close()
    await bootstrap_databases(server.admin_url, {"ticketing": "new"})
    connection = await asyncpg.connect(password="new", **login)
    assert await connection.fetchval("SELECT count(*) FROM kept") == 0
    await connection.close()


async def test_bootstrap_needs_no_superuser(place, started, postgres_at):
    server = started(postgres_at(place / "data"))
    await value(server.admin_url, "CREATE ROLE boss LOGIN PASSWORD 'boss' CREATEDB CREATEROLE")
    boss = f"postgresql://boss:boss@127.0.0.1:{server.port}/postgres"
    await bootstrap_databases(boss, {"ticketing": "x"})
    own = f"postgresql://ticketing:x@127.0.0.1:{server.port}/ticketing"
    assert await value(own, "SELECT current_database()") == "ticketing"


def capabilities(pid):
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in status if line.startswith("CapEff")), 16)
