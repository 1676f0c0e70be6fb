"""History as a chain: each entry carries a keyed hash of itself and of the entry before it.

Whoever can write to the database, but has no key of the service's ring, cannot make an entry that fits. What is hashed
is the entry as JSON with sorted keys, because PostgreSQL keeps neither the order of keys nor the way numbers are written.
Stored hashes depend on every byte of it: a change of the encoding needs a scheme of its own beside this one.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

PURPOSE: Final = "careloop ticket history"
"""What keys of the ring are derived for."""
START: Final = bytes(32)
"""What stands before the first entry."""
UNKEYED: Final = "none"
"""Key id of entries that were there before the chain was: a plain hash, good only as far as the first anchor reaches."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode
_WRITTEN_OTHERWISE: Final = re.compile(rb"[:,\[][-\d](?:[\d.]*e\d|0\.0)").search
"""PostgreSQL writes 1e16 as 10000000000000000, and has no negative zero. To find it inside a text does no harm."""


class Entry(NamedTuple):
    """A history entry without its hash."""

    ticket_id: UUID
    seq: int
    fact: str
    at: datetime
    actor_id: str
    actor_kind: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


class Linked(NamedTuple):
    """An entry of a chain, with the hash that links it to the one before, under this key."""

    said: Entry
    hash: bytes
    key_id: str


class Chain:
    """Hashes under the keys of a ring; new entries get the newest."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if UNKEYED in keys:
            raise ValueError(f"no key of the ring may be called {UNKEYED!r}")
        self.key_id = next(iter(keys))
        self._keyed = {name: blake2b(key=key, digest_size=32) for name, key in keys.items()}
        self._known = {**self._keyed, UNKEYED: blake2b(digest_size=32)}

    def hash(self, previous: bytes, entry: Entry, key_id: str | None = None) -> bytes | None:
        """What links `entry` to the hash before it; none if the ring has no such key."""
        start = self._known.get(key_id or self.key_id)
        if start is None:
            return None
        hasher = start.copy()
        hasher.update(previous)
        hasher.update(encoded(entry))
        return hasher.digest()

    def link(self, previous: bytes, entry: Entry) -> bytes:
        """The hash of a new entry."""
        hasher = self._keyed[self.key_id].copy()
        hasher.update(previous)
        hasher.update(encoded(entry))
        return hasher.digest()

    def anchoring(self, previous: bytes, number: int, at: datetime, key_id: str | None = None) -> "Anchoring":
        """The hash of an anchor, to be fed with the heads that it holds; `KeyError` without such a key."""
        hasher = self._keyed[key_id or self.key_id].copy()
        hasher.update(b"anchor" + previous + _ENCODE([number, _microseconds(at)]))
        return Anchoring(hasher)


class Anchoring:
    """Takes heads in the order of their tickets' ids."""

    def __init__(self, hasher: "blake2b") -> None:
        self._hasher = hasher
        self.heads = 0

    def add(self, heads: Iterable[tuple[UUID, int, bytes]]) -> None:
        for ticket_id, seq, head in heads:
            self._hasher.update(ticket_id.bytes + seq.to_bytes(8, "big") + head)
            self.heads += 1

    def digest(self) -> bytes:
        return self._hasher.digest()


def encoded(entry: Entry) -> bytes:
    """The entry as it is hashed: the same before it is stored and after it was read."""
    ticket_id, seq, fact, at, actor_id, actor_kind, before, after = entry
    values = [ticket_id.hex, seq, fact, _microseconds(at), actor_id, actor_kind, before, after]
    found = _ENCODE(values)
    return _ENCODE(_plain(values)) if _WRITTEN_OTHERWISE(found) else found


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        # As PostgreSQL reads what JSON writes: the digits shown, not the ones that a double stands for.
        return int(Decimal(repr(value))) if abs(value) >= 1e16 else value + 0.0
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(inner) for inner in value]
    return value
