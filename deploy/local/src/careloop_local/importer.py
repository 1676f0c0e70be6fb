"""A file of customers into the platform: announced, sent in parts, read by the service, watched until it is done."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from careloop_local.client import Gateway
from careloop_local.errors import LocalError
from careloop_local.waiting import until

PART = 4 << 20
READ_WITHIN = 1_800.0
OVER = frozenset({"completed", "failed"})
Progress = Callable[[int, int | None, str], None]
"""Work done, the whole if it is known, and what is being done."""


class ImportFailed(LocalError):
    """The service could not read the file."""


async def load_mapping(gateway: Gateway, name: str, *, source: str | None = None) -> dict[str, Any]:
    """The mapping of a file, or the one the platform knows by this name; `source` takes the place of its own."""
    found = await asyncio.to_thread(mapping_file, name)
    if found is None:
        found = dict((await gateway.get(f"/v1/import-mappings/{quote(name, safe='')}"))["mapping"])
    return {**found, "source": source} if source else found


async def import_file(
    gateway: Gateway, path: Path, mapping: Mapping[str, Any], progress: Progress
) -> dict[str, Any]:
    """Import `path` and return the import as the service sees it at the end."""
    size, digest = await asyncio.to_thread(_measure, path)
    announced = await gateway.post(
        "/v1/imports",
        {
            "mapping": dict(mapping),
            "filename": path.name,
            "format": "parquet" if path.suffix == ".parquet" else "csv",
            "size": size,
            "sha256": digest,
        },
    )
    address = f"/v1/imports/{announced['import_id']}"
    await _send(gateway, path, size, address, progress)
    await gateway.post(f"{address}/start")

    async def over() -> dict[str, Any] | None:
        found = dict(await gateway.get(address))
        progress(found["rows_read"], _expected(found), "rows read")
        return found if found["state"] in OVER else None

    found = await until(over, READ_WITHIN, "reading the file", every=0.25)
    progress(found["rows_read"], found["rows_read"], "rows read")
    if found["state"] == "failed":
        raise ImportFailed(f"{path.name}: {found['failure']['code']}: {found['failure']['detail']}")
    return found


async def save_rejects(gateway: Gateway, import_id: str, path: Path) -> int:
    """Write the rows and values that were not taken, if any, with line and reason; returns how many lines there are."""
    report: bytes = await gateway.fetch(f"/v1/imports/{import_id}/rejects")
    lines = max(0, len(report.splitlines()) - 1)
    if lines:
        try:
            await asyncio.to_thread(path.write_bytes, report)
        except OSError as error:
            raise LocalError(
                f"what was not taken cannot be written to {path}: {error.strerror}; --rejects names another file"
            ) from error
    return lines


def _expected(found: Mapping[str, Any]) -> int | None:
    """How many rows there are going to be, judging by how much of the file they took so far."""
    percent: float = found["percent"]
    return round(100 * found["rows_read"] / percent) if percent else None


async def _send(gateway: Gateway, path: Path, size: int, address: str, progress: Progress) -> None:
    """Parts may be sent again: the service keeps the last of each number."""
    sent = 0
    with path.open("rb") as file:
        for number, part in enumerate(iter(lambda: file.read(PART), b""), start=1):
            kind = {"content-type": "application/octet-stream"}
            await gateway.request("PUT", f"{address}/parts/{number}", data=part, headers=kind)
            sent += len(part)
            progress(sent, size, "bytes sent")


def _measure(path: Path) -> tuple[int, str]:
    """Size and SHA-256."""
    try:
        with path.open("rb") as file:
            return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise LocalError(f"{path} cannot be read: {error.strerror}") from error


def mapping_file(name: str) -> dict[str, Any] | None:
    """The mapping in the file `name`; None if that can only be the name of one that the platform knows."""
    path = Path(name)
    if not path.is_file():
        if path.suffix or len(path.parts) > 1:
            raise LocalError(f"{path} is no file")
        return None
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise LocalError(f"{path} is no YAML or JSON that can be read: {error}") from error
    if not isinstance(found, dict):
        raise LocalError(
            f"{path} is no mapping: it should hold source, key and fields, or source and relations"
        )
    return found
