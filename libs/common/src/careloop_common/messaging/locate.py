"""Finds where to read on, and notices when the stream is no longer the one that was read."""

from datetime import UTC, datetime
from typing import Any, Final

import structlog

from careloop_common.messaging.bus import Bus
from careloop_common.messaging.errors import BrokerRefused
from careloop_common.messaging.position import Position
from careloop_common.messaging.streams import STREAM_NOT_FOUND

log = structlog.get_logger()

_MESSAGE_NOT_FOUND: Final = 10037


async def locate(bus: Bus, stored: Position | None, *, consumer: str, group: int, stream: str) -> Position:
    """Return the position to read on from: the stored one, or the start if the stream is another now.

    A stream is another if it was created anew, is shorter than it was, or has another message at the position: a broker
    that lost its last seconds in a power failure fills the same sequence numbers again. The inbox drops what then comes
    twice.
    """
    try:
        info = await bus.api(f"STREAM.INFO.{stream}")
    except BrokerRefused as refused:
        if refused.error == STREAM_NOT_FOUND:
            await bus.ensure_streams()
        raise
    created_at = datetime.fromisoformat(info["created"])
    start = Position(consumer, group, stream, created_at)
    if stored is None:
        return start
    if stored.stream != stream or stored.created_at != created_at:
        reason = "recreated"
    elif stored.sequence > info["state"]["last_seq"]:
        reason = "truncated"
    elif stored.sequence and await _differs(bus, stored):
        reason = "rewritten"
    else:
        return stored
    log.warning("consumer.restarted", durable=consumer, stream=stream, reason=reason, was=stored.sequence)
    return start


async def _differs(bus: Bus, stored: Position) -> bool:
    """Whether the message at the position is not the one that was read; an expired one cannot tell."""
    try:
        found: Any = await bus.api(f"STREAM.MSG.GET.{stored.stream}", {"seq": stored.sequence})
    except BrokerRefused as refused:
        if refused.error == _MESSAGE_NOT_FOUND:
            return False
        raise
    return _nanos(found["message"]["time"]) != stored.nanos


def _nanos(moment: str) -> int:
    """Nanoseconds since 1970 of an RFC 3339 time; `datetime` would round them."""
    whole, _, rest = moment.partition(".")
    seconds = int(datetime.fromisoformat(whole.rstrip("Z")).replace(tzinfo=UTC).timestamp())
    return seconds * 1_000_000_000 + int(rest.rstrip("Z").ljust(9, "0"))
