"""The streams of `careloop_contracts`, created where they are missing."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import structlog
from careloop_contracts.streams import DUPLICATE_WINDOW, STREAMS, Stream

from careloop_common.messaging.errors import BrokerRefused

log = structlog.get_logger()

Api = Callable[[str, Mapping[str, Any] | None], Awaitable[Any]]

STREAM_NOT_FOUND: Final = 10059
_NAME_TAKEN: Final = 10058
_NO_ROOM: Final = 10047
_SMALLEST: Final = 64 << 20


async def ensure(api: Api, *, replicas: int) -> None:
    """Create every stream that is not there. Limits that an operator changed are left alone."""
    for stream in STREAMS:
        try:
            await api(f"STREAM.INFO.{stream.name}", None)
        except BrokerRefused as refused:
            if refused.error != STREAM_NOT_FOUND:
                raise
            await _create(api, stream, replicas)


async def _create(api: Api, stream: Stream, replicas: int) -> None:
    """JetStream sets a stream's room aside at once: on a small disk the limit is halved until it fits."""
    room = stream.max_bytes
    while True:
        try:
            await api(f"STREAM.CREATE.{stream.name}", _config(stream, replicas, room))
        except BrokerRefused as refused:
            if refused.error == _NAME_TAKEN:
                return
            if refused.error != _NO_ROOM or room <= _SMALLEST:
                raise
            room //= 2
        else:
            log.info("stream.created", stream=stream.name, max_bytes=room, wanted=stream.max_bytes)
            return


def _config(stream: Stream, replicas: int, room: int) -> dict[str, Any]:
    return {
        "name": stream.name,
        "description": stream.description,
        "subjects": list(stream.subjects),
        "retention": "limits",
        "storage": "file",
        "num_replicas": replicas,
        "discard": "new",
        "max_age": _nanos(stream.max_age),
        "max_bytes": room,
        "max_msgs": -1,
        "max_msg_size": -1,
        "max_consumers": -1,
        "duplicate_window": _nanos(DUPLICATE_WINDOW),
        "deny_delete": True,
        "deny_purge": True,
        "allow_direct": True,
    }


def _nanos(span: timedelta) -> int:
    return int(span.total_seconds()) * 1_000_000_000
