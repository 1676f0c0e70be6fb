"""The home of a platform: how it is known to be one, and what in it is ours to delete.

CARELOOP_HOME may point at a directory that holds more, with names like ours among it. So a home gets a note when it is
made, which also says what was there before us; and of what came later, only that is ours which looks like what we write.
"""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from careloop_local.errors import LocalError

NOTE = "careloop.json"

_SERVICE = r"(gateway|(profile|ticketing|campaign|scoring)(-api|-worker|-background)?)"
_CLUSTER = r"PG_VERSION|base|global|pg_\w+(\.conf)?|postgresql(\.auto)?\.conf|postmaster\.(opts|pid)|current_logfiles"
_SHAPES: Mapping[str, str] = {
    "postgres": _CLUSTER,
    "postgres.initialising": _CLUSTER,
    "nats": r"nats\.conf|jetstream",
    "logs": rf"({_SERVICE}|postgres|nats|migrate|launcher)\.log",
    "files": r"[0-9a-f]{2}",
    "outgoing": r"\d{4}-\d\d-\d\d\.jsonl",
    "demo": r"\d{8}-\d{6}|lock|earlier-policies\.json(\.part)?",
    "run": rf"lock|stack\.json(\.part)?|({_SERVICE}|postgres|nats|watch)\.pid(\.part)?",
    "secrets": r"((postgres|profile|ticketing|campaign|scoring|gateway)\.password|internal\.key|internal\.pub"
    r"|data\.keys|admin\.key)(\.part)?",
}
"""Directories by name, each with what we put directly into it."""


@dataclass(slots=True)
class Deletion:
    """What became of the home: how much was deleted, what should have been, and what is somebody else's."""

    deleted: int = 0
    stuck: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


def claim(home: Path, name: str) -> None:
    """Make the home with the directory `name` in it; what is in a new home already stays somebody else's."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        if _note(home) is None:
            _write_note(home)
        (home / name).mkdir(exist_ok=True)
    except OSError as error:
        raise unusable(home, error) from error


def unusable(home: Path, error: OSError) -> LocalError:
    """What to tell the person at the terminal."""
    return LocalError(f"{home} cannot be used: {error.strerror}; CARELOOP_HOME chooses another place")


def is_ours(home: Path) -> bool:
    """Whether a platform lives here, or lived here before homes had notes."""
    return _note(home) is not None or _is_old(home)


def pid_files(run: Path, names: Sequence[str] | None = None) -> list[Path]:
    """Notes of processes of ours, or of those named; others may keep theirs in a directory of the same name."""
    found = run.glob("*.pid") if names is None else (run / f"{name}.pid" for name in names)
    return [path for path in found if re.fullmatch(_SHAPES["run"], path.name)]


def delete(home: Path, *, keep: Sequence[str] = ()) -> Deletion:
    """Delete what is ours, except the directories in `keep`."""
    done, ours, found = Deletion(), is_ours(home), _found(home)
    present = [home / name for name in _SHAPES if name not in keep and _exists(home / name)]
    for directory in present:
        # We make no links: what stands behind one is somebody else's.
        if not ours or directory.name in found or directory.is_symlink() or not directory.is_dir():
            done.foreign.append(directory.name)
        else:
            _empty(directory, done)
    if ours and not done.stuck and not any(_exists(home / name) for name in keep):
        (home / NOTE).unlink(missing_ok=True)
    with suppress(OSError):
        home.rmdir()
    return done


def _empty(directory: Path, done: Deletion) -> None:
    for entry in sorted(directory.iterdir()):
        path = f"{directory.name}/{entry.name}"
        if entry.is_symlink() or not re.fullmatch(_SHAPES[directory.name], entry.name):
            done.foreign.append(path)
        elif _remove(entry):
            done.deleted += 1
        else:
            done.stuck.append(path)
    with suppress(OSError):
        directory.rmdir()


def _remove(entry: Path) -> bool:
    if entry.is_dir():
        shutil.rmtree(entry, ignore_errors=True)  # follows no link
    else:
        with suppress(OSError):
            entry.unlink()
    return not _exists(entry)


def _write_note(home: Path) -> None:
    found = [] if _is_old(home) else [name for name in _SHAPES if _holds_anything(home / name)]
    with suppress(FileExistsError), (home / NOTE).open("x") as file:
        file.write(json.dumps({"home_of": "careloop", "found": found}) + "\n")


def _note(home: Path) -> dict[str, object] | None:
    with suppress(OSError, ValueError):
        note = json.loads((home / NOTE).read_text())
        if isinstance(note, dict) and note.get("home_of") == "careloop":
            return note
    return None


def _found(home: Path) -> Sequence[str]:
    """Directories that were there before us."""
    found = (_note(home) or {}).get("found")
    return [str(name) for name in found] if isinstance(found, list) else []


def _is_old(home: Path) -> bool:
    """Secrets and a broker's configuration in our own form."""
    with suppress(OSError, ValueError):
        if re.match(r"\w+:[A-Za-z0-9+/=]{44}", (home / "secrets" / "data.keys").read_text()):
            return (home / "secrets" / "internal.key").is_file()
    with suppress(OSError, ValueError):
        return (home / "nats" / "nats.conf").read_text().startswith('server_name: "careloop"')
    return False


def _holds_anything(directory: Path) -> bool:
    return directory.is_symlink() or (
        _exists(directory) and (not directory.is_dir() or any(directory.iterdir()))
    )


def _exists(path: Path) -> bool:
    """Also a link that leads nowhere."""
    return path.is_symlink() or path.exists()
