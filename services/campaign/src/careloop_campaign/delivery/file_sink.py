"""The default transport: JSON lines, one file a day (UTC), on disk before it answers.

Whoever operates the real gateway picks the files up. Envelopes that arrive while a write is under way share the next one,
so that the price of an fsync is paid by a batch.
"""

import asyncio
import json
import os
from datetime import UTC, date
from pathlib import Path

from careloop_campaign.delivery.transport import Accepted, Answer, Envelope, Unavailable


class FileTransport:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._waiting: list[tuple[Envelope, asyncio.Future[Answer]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def send(self, envelope: Envelope) -> Answer:
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((envelope, answer))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._drain())
        return await answer

    async def close(self) -> None:
        if self._writer is not None:
            await self._writer

    async def _drain(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await asyncio.to_thread(self._append, [envelope for envelope, _ in batch])
            except OSError as error:
                answers: list[Answer] = [Unavailable(f"file_{error.errno}") for _ in batch]
            else:
                answers = [Accepted(f"file:{_path(self._directory, e).name}") for e, _ in batch]
            for (_, waiter), answer in zip(batch, answers, strict=True):
                if not waiter.done():
                    waiter.set_result(answer)

    def _append(self, envelopes: list[Envelope]) -> None:
        by_file: dict[Path, list[Envelope]] = {}
        for envelope in envelopes:
            by_file.setdefault(_path(self._directory, envelope), []).append(envelope)
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path, group in by_file.items():
            append_durably(path, "".join(_line(envelope) for envelope in group).encode())


def append_durably(path: Path, lines: bytes) -> None:
    """Whole lines, after any line that a killed process left torn; the addresses in them are for the owner's eyes."""
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":
            lines = b"\n" + lines
        view = memoryview(lines)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def _path(directory: Path, envelope: Envelope) -> Path:
    day: date = envelope.at.astimezone(UTC).date()
    return directory / f"{day.isoformat()}.jsonl"


def _line(envelope: Envelope) -> str:
    record = {
        "message_id": str(envelope.message_id),
        "at": envelope.at.isoformat(),
        "channel": envelope.channel,
        "to": envelope.address,
        "language": envelope.language,
        "subject": envelope.subject,
        "text": envelope.text,
        "headers": dict(envelope.headers),
        "possible_duplicate": envelope.possible_duplicate,
    }
    return json.dumps(record, ensure_ascii=False) + "\n"
