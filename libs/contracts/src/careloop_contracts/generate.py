"""Writes what is derived from the event classes: JSON Schemas, the AsyncAPI document, the page of events.

    python -m careloop_contracts.generate            write
    python -m careloop_contracts.generate --check    write nothing; fail where something is stale or breaks a promise

A change that is not additive is refused either way. Before an event is released for the first time there is nobody to
break: `--unreleased TYPE` lets that one type change.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from careloop_contracts import asyncapi, compatibility, reference, schemas
from careloop_contracts.event import registered


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m careloop_contracts.generate")
    parser.add_argument("--check", action="store_true", help="write nothing, fail if something is stale")
    parser.add_argument(
        "--unreleased", action="append", default=[], metavar="TYPE", help="let this type change"
    )
    parser.add_argument("--schemas", type=Path, default=schemas.directory(), help="where the schemas are")
    parser.add_argument("--docs", type=Path, default=_repository_docs(), help="where the documents are")
    arguments = parser.parse_args(argv)
    if broken := breaks(exempt=arguments.unreleased):
        sys.stderr.write("Published events may only gain optional fields; make a new version instead:\n")
        sys.stderr.writelines(f"  {line}\n" for line in broken)
        return 1
    wanted = files(arguments.schemas, arguments.docs)
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    if not arguments.check:
        for path in stale:
            path.write_text(wanted[path], "utf-8")
            sys.stdout.write(f"wrote {path}\n")
        return 0
    sys.stderr.writelines(f"{path} is stale: run `make schemas`\n" for path in stale)
    return 1 if stale else 0


def breaks(*, exempt: Sequence[str] = ()) -> list[str]:
    """Return what the event classes changed against the committed schemas, other than adding to them."""
    current = {event.type: schemas.derive(event) for event in registered()}
    found = []
    for event_type, old in sorted(schemas.committed().items()):
        if event_type in exempt:
            continue
        if event_type not in current:
            found.append(f"{event_type}: removed")
            continue
        found += [f"{event_type} {line}" for line in compatibility.violations(old, current[event_type])]
    return found


def files(directory: Path, docs: Path) -> dict[Path, str]:
    """Return every generated file with its text."""
    found = {
        directory / schemas.file_name(event.type): _json(schemas.derive(event)) for event in registered()
    }
    found[docs / "asyncapi.json"] = _json(asyncapi.document())
    found[docs / "events.md"] = reference.page()
    return found


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _repository_docs() -> Path:
    return Path(__file__).resolve().parents[4] / "docs"


if __name__ == "__main__":
    sys.exit(main())
