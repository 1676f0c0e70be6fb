import base64
from pathlib import Path

import pytest
from careloop_local.errors import LocalError
from careloop_local.stack import home as homes
from careloop_local.stack import state

MADE = [
    "postgres/PG_VERSION",
    "postgres/base/1/112",
    "postgres/pg_wal/0001",
    "nats/jetstream/$G/streams/CARE/meta.inf",
    "logs/ticketing.log",
    "logs/profile-worker.log",
    "logs/launcher.log",
    "files/0f/018f0000-0000-7000-8000-00000000000f",
    "outgoing/2026-11-28.jsonl",
    "demo/20261128-044440/rejects.csv",
    "run/lock",
    "run/stack.json",
]
FOREIGN = ["logs/mine.txt", "postgres/dump.sql", "demo/plan/notes.md", "run/sshd.pid", "other/logs/a.log"]


def write(home, *names):
    for name in names:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("precious")


def files(home):
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())


@pytest.fixture
def home(tmp_path):
    """A home that was made by us and has been used."""
    path = tmp_path / "home"
    homes.claim(path, "run")
    write(path, *MADE)
    return path


@pytest.fixture
def old_home(tmp_path):
    """A home from before homes had notes."""
    path = tmp_path / "old"
    write(path, *MADE, "secrets/internal.key", "secrets/data.keys", "secrets/ticketing.password")
    (path / "secrets" / "data.keys").write_text(f"k1:{base64.b64encode(bytes(32)).decode()}\n")
    return path


def test_a_home_goes_as_a_whole(home):
    done = homes.delete(home)
    assert (done.deleted, done.stuck, done.foreign) == (len(MADE), [], [])
    assert not home.exists()


def test_a_home_from_before_there_were_notes_goes_too(old_home):
    assert not homes.delete(old_home).foreign
    assert not old_home.exists()


def test_what_others_put_among_our_files_stays_and_is_named(home):
    write(home, *FOREIGN)
    done = homes.delete(home)
    assert files(home) == sorted(FOREIGN)
    assert done.foreign == ["postgres/dump.sql", "logs/mine.txt", "demo/plan", "run/sshd.pid"]


@pytest.mark.parametrize("names", [["logs/mine.txt"], MADE], ids=["names like ours", "files like ours"])
def test_a_directory_that_we_did_not_make_is_no_home(tmp_path, names):
    write(tmp_path, *names)
    done = homes.delete(tmp_path)
    assert not done.deleted
    assert files(tmp_path) == sorted(names)
    assert done.foreign == sorted({name.split("/")[0] for name in names}, key=list(homes._SHAPES).index)


def test_what_was_there_before_us_stays_whole(tmp_path):
    write(tmp_path, "logs/gateway.log", "postgres/PG_VERSION")
    homes.claim(tmp_path, "run")
    write(tmp_path, "run/lock", "nats/nats.conf")
    assert homes.delete(tmp_path).foreign == ["postgres", "logs"]
    assert files(tmp_path) == ["logs/gateway.log", "postgres/PG_VERSION"]


@pytest.mark.parametrize("link", ["logs", "logs/gateway.log", "files/0f"])
def test_no_link_is_followed(home, tmp_path, link):
    elsewhere = tmp_path / "elsewhere"
    write(elsewhere, "gateway.log", "PG_VERSION")
    path = home / link
    if path.is_dir():
        path.rename(tmp_path / "moved")
    path.symlink_to(elsewhere)
    assert homes.delete(home).foreign == [link]
    assert files(elsewhere) == ["PG_VERSION", "gateway.log"]
    assert path.is_symlink()


def test_links_inside_our_directories_go_without_what_they_lead_to(home, tmp_path):
    write(tmp_path, "elsewhere/a")
    (home / "postgres" / "pg_wal" / "link").symlink_to(tmp_path / "elsewhere")
    homes.delete(home)
    assert not home.exists()
    assert files(tmp_path / "elsewhere") == ["a"]


def test_kept_secrets_are_known_as_ours_the_next_time(home):
    write(home, "secrets/data.keys")
    homes.delete(home, keep=["secrets"])
    assert files(home) == [homes.NOTE, "secrets/data.keys"]
    homes.delete(home)
    assert not home.exists()


def test_an_old_home_is_known_also_after_its_secrets_were_lost(old_home):
    homes.claim(old_home, "run")
    for path in (old_home / "secrets").iterdir():
        path.unlink()
    homes.delete(old_home)
    assert not old_home.exists()


@pytest.mark.parametrize("note", ["", "[]", '{"home_of": "others"}', "\x00"])
def test_a_note_that_cannot_be_read_proves_nothing(home, note):
    (home / homes.NOTE).write_text(note)
    assert not homes.delete(home).deleted


def test_a_home_that_cannot_be_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "home"):
        with pytest.raises(LocalError, match="CARELOOP_HOME chooses another place"):
            homes.claim(path, "run")


def test_pid_files_of_other_programs_endanger_nobody(tmp_path):
    write(tmp_path, "run/sshd.pid", "run/gateway.pid")
    assert [path.name for path in homes.pid_files(tmp_path / "run")] == ["gateway.pid"]
    (tmp_path / "run" / "gateway.pid").write_text(str(Path("/proc/self").resolve().name))
    assert not state.end_leftovers(tmp_path / "run")
    assert files(tmp_path) == ["run/gateway.pid", "run/sshd.pid"]
