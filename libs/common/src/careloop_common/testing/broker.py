"""The broker as a test sees it: empty streams at the start, other services' events in, this service's events out."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import nats
from careloop_contracts import Event, envelope
from careloop_contracts.streams import stream_of
from nats.aio.client import Client
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError

from careloop_common import clock, ids
from careloop_common.messaging import streams
from careloop_common.messaging.errors import BrokerRefused

E = TypeVar("E", bound=Event)

_PATIENCE = 60.0
"""Seconds for an answer: the server shares two cores and a disk with all that is tested, and can stand still for a while."""


class Broker:
    """A connection of the test's own."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.jetstream = client.jetstream(timeout=_PATIENCE)

    @classmethod
    async def connect(cls, url: str) -> "Broker":
        """Connect to the server at `url`."""
        return cls(await nats.connect(url, name="careloop-test"))

    async def reset(self) -> None:
        """Empty every stream of the contracts, and delete the others.

        One after the other, each made anew at once: behind the last stream of all the server removes their directory a
        moment later, from under one that is being made there meanwhile.
        """
        for info in await self.jetstream.streams_info():
            await self.jetstream.delete_stream(info.config.name or "")
            await streams.ensure(self._api, replicas=1)
        await streams.ensure(self._api, replicas=1)

    async def _api(self, subject: str, body: Mapping[str, Any] | None) -> Any:
        payload = json.dumps(body).encode() if body else b""
        answer = await self.client.request(f"$JS.API.{subject}", payload, timeout=_PATIENCE)
        found = json.loads(answer.data)
        if error := found.get("error"):
            raise BrokerRefused(error["description"], error=error["err_code"])
        return found

    async def publish(
        self, event: Event, *, event_id: UUID | None = None, time: datetime | None = None
    ) -> UUID:
        """Publish `event` as its owner's relay would, and return its id; one id twice is a redelivery."""
        identity = event_id or ids.new_id()
        owner = stream_of(event.event_entity).owner
        attributes = envelope.headers(
            event, event_id=identity, time=time or clock.now(), source=f"/careloop/{owner}"
        )
        await self.jetstream.publish(event.subject(), event.model_dump_json().encode(), headers=attributes)
        return identity

    async def published(self, event_type: type[E]) -> list[E]:
        """Every event of this type in its stream, oldest first."""
        return [
            event_type.model_validate_json(message.data or b"")
            for message in await self.messages(stream_of(event_type.event_entity).name)
            if (message.headers or {}).get("ce-type") == event_type.type
        ]

    async def messages(self, stream: str) -> list[RawStreamMsg]:
        """Every message of a stream, oldest first."""
        state = (await self.jetstream.stream_info(stream)).state
        found = []
        for sequence in range(max(1, state.first_seq), state.last_seq + 1):
            try:
                found.append(await self.jetstream.get_msg(stream, sequence))
            except NotFoundError:
                continue
        return found

    async def close(self) -> None:
        """Close the connection."""
        await self.client.close()
