"""What `careloop` says before anything runs."""

import os
import socket

import pytest
from careloop_common.embedded import free_port
from careloop_local.stack import home, state


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield str(server.getsockname()[1])


def test_every_taken_port_is_reported_by_name_with_the_setting_that_changes_it(launcher, taken):
    platform = launcher(CARELOOP_TICKETING_PORT=taken, CARELOOP_NATS_PORT=taken)
    said = platform.command("up")
    assert said.returncode == 3
    assert f"ticketing: port {taken} is given twice; CARELOOP_TICKETING_PORT sets another one" in said.stderr
    assert f"nats: port {taken} is given twice; CARELOOP_NATS_PORT sets another one" in said.stderr
    platform.environment["CARELOOP_NATS_PORT"] = platform.environment["CARELOOP_PROFILE_PORT"]
    platform.environment["CARELOOP_PROFILE_PORT"] = str(free_port())
    said = platform.command("up")
    assert f"ticketing: port {taken} is taken by " in said.stderr
    assert f"(process {os.getpid()}); CARELOOP_TICKETING_PORT sets another one" in said.stderr
    assert not (platform.home / "postgres").exists()


@pytest.mark.parametrize("port", ["eighty", "99999", "-1"])
def test_a_wrong_setting_is_named(launcher, port):
    said = launcher(CARELOOP_GATEWAY_PORT=port).command("up")
    assert said.returncode == 2
    assert "CARELOOP_GATEWAY_PORT" in said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize("command", ["up", "demo", "down", "reset"])
def test_a_home_that_cannot_be_is_told_or_left_alone(launcher, tmp_path, command):
    (tmp_path / "file").write_text("")
    said = launcher(CARELOOP_HOME=str(tmp_path / "file")).command(command)
    assert "Traceback" not in said.stderr
    assert said.returncode == (1 if command in {"up", "demo"} else 0)
    assert "deleted" not in said.stdout


@pytest.mark.parametrize("setting", ["CARELOOP_NATS_URL", "CARELOOP_DATABASE_URL"])
def test_an_address_with_an_impossible_port_is_told(launcher, setting):
    said = launcher(**{setting: "nats://127.0.0.1:99999"}).command("up")
    assert said.returncode == 2
    assert said.stderr.startswith(f"careloop: {setting}: should be ")
    assert "Traceback" not in said.stderr


def test_an_address_that_is_none_is_told(launcher):
    said = launcher(CARELOOP_HOST="not.an.address").command("up")
    assert said.returncode == 1
    assert "CARELOOP_HOST: nothing can listen on not.an.address" in said.stderr


@pytest.mark.parametrize("note", ['{"launch', "[1]", '{"launcher": "abc"}', '{"launcher": -5}'])
def test_a_damaged_note_endangers_nobody(launcher, place, note):
    platform = launcher()
    platform.run.mkdir(parents=True)
    (platform.run / "stack.json").write_text(note)
    with state.lock(platform.run):
        for command in ("up", "down"):
            said = platform.command(command)
            assert "Traceback" not in said.stderr
            assert said.returncode != 0
    assert "nothing was running" in platform.command("down").stdout


def test_a_lost_data_key_is_not_replaced_while_data_exist(launcher):
    platform = launcher()
    (platform.home / "postgres").mkdir(parents=True)
    said = platform.command("up")
    assert said.returncode == 1
    assert "data.keys is missing" in said.stderr
    assert "careloop reset" in said.stderr


def test_servers_of_ones_own_that_do_not_answer_are_named_without_their_password(launcher, taken):
    url = f"nats://user:secret@127.0.0.1:{taken}"
    said = launcher(CARELOOP_NATS_URL=url.replace(taken, "1")).command("up")
    assert said.returncode == 1
    assert "no NATS server answers at CARELOOP_NATS_URL (nats://127.0.0.1:1)" in said.stderr
    url = "postgresql://user:secret@127.0.0.1:1/postgres"
    said = launcher(CARELOOP_DATABASE_URL=url).command("up")
    assert said.returncode == 1
    assert "cannot make the databases on postgresql://127.0.0.1:1/postgres" in said.stderr
    assert "secret" not in said.stderr


def test_down_is_content_when_nothing_runs(launcher):
    said = launcher().command("down")
    assert (said.returncode, said.stdout) == (0, "nothing was running\n")


def test_reset_leaves_a_directory_alone_that_is_no_home(launcher):
    platform = launcher()
    (platform.home / "logs").mkdir(parents=True)
    (platform.home / "logs" / "mine.txt").write_text("precious")
    said = platform.command("reset")
    assert said.returncode == 0
    assert "left alone, since careloop did not make it: logs" in said.stdout
    assert (platform.home / "logs" / "mine.txt").read_text() == "precious"


def test_reset_deletes_only_what_the_platform_made(launcher):
    platform = launcher()
    home.claim(platform.home, "logs")
    for name in ("gateway.log", "mine.txt"):
        (platform.home / "logs" / name).write_text("precious")
    said = platform.command("reset")
    assert said.returncode == 0
    assert "deleted the data in" in said.stdout
    assert "left alone, since careloop did not make it: logs/mine.txt" in said.stdout
    assert [path.name for path in (platform.home / "logs").iterdir()] == ["mine.txt"]


def test_reset_keeps_the_secrets_that_own_databases_need(launcher):
    platform = launcher(CARELOOP_DATABASE_URL="postgresql://me@db.example/postgres")
    (platform.home / "secrets").mkdir(parents=True)
    said = platform.command("reset")
    assert (platform.home / "secrets").exists()
    assert "left alone: the databases profile, ticketing, campaign, scoring, gateway" in said.stdout
