from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from careloop_common.runtime import Runtime
from msgspec import Raw
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.channels.policy import Channels
from careloop_profile.collection import events, wire
from careloop_profile.collection.metrics import SAID
from careloop_profile.collection.service.cloudevents import EventReader
from careloop_profile.collection.service.reading import Form, Frame, Read, Reader, Tools
from careloop_profile.collection.service.segment import SegmentReader
from careloop_profile.collection.wire import Said
from careloop_profile.interactions.errors import ItemRefused
from careloop_profile.interactions.policy import Arrival, Row, microseconds
from careloop_profile.interactions.service import letters as dead_letters
from careloop_profile.interactions.service.desk import Desk
from careloop_profile.interactions.service.letters import Letter, Opened
from careloop_profile.interactions.service.preparing import Rejection

FIELD: Final = "traits"
"""Under which traits are sealed on their way."""
_ENVELOPE, _CHARACTERS = 200, 200_000
_REMEMBERED = 200_000


class Collector:
    """Where messages of other forms come in. One per process: it remembers of whom the worker has heard."""

    def __init__(self, desk: Desk, runtime: Runtime[Any]) -> None:
        self._desk = desk
        vault = runtime.vault
        tools = Tools(desk.preparer, lambda key, value: vault.seal(UUID(key), FIELD, value))
        self._readers: dict[Form, Reader] = {
            "segment": SegmentReader(tools),
            "cloudevent": EventReader(tools),
        }
        self._heard: set[tuple[str, str]] = set()

    async def take(
        self, form: Form, items: Sequence[Raw | bytes], frame: Frame, session: AsyncSession, now: datetime
    ) -> tuple[int, list[Rejection]]:
        """How many messages the broker has, and why the others were refused. Those are kept as dead letters."""
        taken, rejected = await self._taken(form, items, frame, session, now)
        reader = self._readers[form]
        refused = [
            Letter(form, frame.source, one.code, one.detail, reader.whole(bytes(items[one.index]), frame))
            for one in rejected
        ]
        await dead_letters.keep(session, refused, now=now)
        return taken, rejected

    async def take_one(
        self, form: Form, item: bytes, frame: Frame, session: AsyncSession, now: datetime
    ) -> None:
        """A message by itself: its sender is told at once what is wrong with it."""
        _, rejected = await self._taken(form, [item], frame, session, now)
        for rejection in rejected:
            raise ItemRefused(rejection.code, rejection.detail)

    async def again(
        self, letters: Sequence[Opened], session: AsyncSession, now: datetime
    ) -> dict[int, Rejection]:
        """Take dead letters as of when they came; those that are refused again, by their place among them."""
        channels = await self._desk.catalogue.channels(session, now)
        preparer, rows, said = self._desk.preparer, list[Row](), list[Said]()
        refused: dict[int, Rejection] = {}
        for place, opened in enumerate(letters):
            letter, came = opened.letter, opened.received_at
            if letter.form == "interaction":
                some, rejected = preparer.prepare([letter.body], channels=channels.codes, now=came)
                read = rejected[0] if rejected else Read(some[0])
            else:
                measured = letter.reason != "message_too_large"
                frame, reader = Frame(letter.source, came, measured=measured), self._readers[letter.form]
                read = _read(reader, letter.body, 0, frame, channels, preparer.arrival(came))
            if isinstance(read, Rejection):
                refused[place] = read
                continue
            said.extend(read.said)
            rows += [read.row] if read.row is not None else []
        await self._tell(said, now)
        await self._desk.submit(rows, now)
        return refused

    async def _taken(
        self, form: Form, items: Sequence[Raw | bytes], frame: Frame, session: AsyncSession, now: datetime
    ) -> tuple[int, list[Rejection]]:
        channels = await self._desk.catalogue.channels(session, now)
        arrival = self._desk.preparer.arrival(frame.received_at)
        reader, said = self._readers[form], list[Said]()

        def prepare(some: Sequence[Raw | bytes], first: int) -> tuple[list[Row], list[Rejection]]:
            rows: list[Row] = []
            rejected: list[Rejection] = []
            for index, raw in enumerate(some, first):
                read = _read(reader, bytes(raw), index, frame, channels, arrival)
                if isinstance(read, Rejection):
                    rejected.append(read)
                    continue
                said.extend(read.said)
                if read.row is not None:
                    rows.append(read.row)
            return rows, rejected

        rows, rejected = await self._desk.in_turn(items, prepare)
        await self._tell(said, frame.received_at)
        await self._desk.submit(rows, frame.received_at)
        return len(items) - len(rejected), rejected

    async def _tell(self, said: Sequence[Said], received_at: datetime) -> None:
        """Have the worker know what is said, as far as it is news; that somebody exists is so once only."""
        told = [one for one in said if one.traits]
        news = {_about(one): one for one in said if not one.traits and _about(one) not in self._heard}
        for some in _envelopes([*told, *news.values()]):
            body = wire.seal(some, microseconds(received_at))
            subject = events.subject(some[0].customer_id)
            await self._desk.intake.publish(subject, events.SAID, body, received_at)
            SAID.inc(len(some))
        if len(self._heard) + len(news) > _REMEMBERED:
            self._heard.clear()
        self._heard.update(news)


def _about(one: Said) -> tuple[str, str]:
    return one.customer_id, f"{one.rule}\0{one.other}"


def _read(
    reader: Reader, raw: bytes, index: int, frame: Frame, channels: Channels, arrival: Arrival
) -> Read | Rejection:
    try:
        return reader.read(raw, frame, channels, arrival)
    except ItemRefused as refused:
        return Rejection(index, refused.reason, refused.detail)
    except (msgspec.DecodeError, msgspec.EncodeError, RecursionError) as error:
        return Rejection(index, "item_malformed", str(error))


def _envelopes(said: Sequence[Said]) -> Iterator[Sequence[Said]]:
    start = size = 0
    for end, one in enumerate(said):
        size += len(one.traits)
        if end - start >= _ENVELOPE or (end > start and size > _CHARACTERS):
            yield said[start:end]
            start, size = end, len(one.traits)
    if said[start:]:
        yield said[start:]
