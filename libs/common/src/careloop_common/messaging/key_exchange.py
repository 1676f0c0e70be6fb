"""Keys of subjects from the service that makes them to those that may open what is sealed.

They are asked for in sets and answered over the broker without being stored there: no stream and no backup of one has ever had
one, so that what streams hold of somebody whose key was destroyed is noise at once. On the way they are wrapped under the ring.
"""

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog

from careloop_common import subject_keys
from careloop_common.messaging.errors import BrokerUnavailable
from careloop_common.runtime import Runtime

log = structlog.get_logger()

SUBJECT: Final = "keys.v1.wanted"
_AT_ONCE: Final = 2_000
_IDS: Final = msgspec.json.Decoder(list[UUID])
_KEYS: Final = msgspec.json.Decoder(dict[UUID, bytes])


async def answer(runtime: Runtime[Any]) -> None:
    """Give out this service's keys to who asks."""

    async def give(asked: bytes) -> bytes:
        async with runtime.database.transaction() as session:
            found = await subject_keys.wrapped(session, _IDS.decode(asked)[:_AT_ONCE])
        return msgspec.json.encode(found)

    await runtime.bus.answer(SUBJECT, give)


async def obtain(runtime: Runtime[Any], ids: Collection[UUID]) -> None:
    """Have the keys of these subjects in this service's table, as far as there are any and somebody answers."""
    async with runtime.database.transaction() as session:
        missing = await subject_keys.unknown(session, ids)
    wanted = sorted(missing)
    for some in (wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE)):
        try:
            found = _KEYS.decode(await runtime.bus.ask(SUBJECT, msgspec.json.encode(some)))
        except BrokerUnavailable as error:
            log.warning("keys.not_answered", subjects=len(some), error=error.detail)
            return
        async with runtime.database.transaction() as session:
            await subject_keys.keep(session, found)
