"""What is shown unmasked is written down: who saw which fields of whom, when, by which route.

Whoever shows something calls `disclosed`; the edge collects it over a request and `record`s it in the request's transaction,
so that an answer with personal data leaves only together with its entry.

Entries are links of chains, each a keyed hash of itself and of the entry before it: without a key of the ring nobody changes,
takes away or adds one unnoticed, but for the last ones, which the heads guard. There are several chains, by who asks, so that
readers do not wait for each other.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zlib import crc32

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_common import keyset
from careloop_common.database import vault
from careloop_common.privacy import Vault

CHAINS: Final = 16
START: Final = bytes(32)
_PURPOSE: Final = "careloop disclosures"

metadata = MetaData()

disclosure = Table(
    "disclosure",
    metadata,
    Column("chain", SmallInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("subjects", ARRAY(Uuid), nullable=False),
    Column("fields", ARRAY(Text), nullable=False),
    Column("key_id", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index("ix_disclosure_subjects", "subjects", postgresql_using="gin"),
    Index("ix_disclosure_at", "at"),
)
"""Who saw what of whom. Rows are only added."""

disclosure_head = Table(
    "disclosure_head",
    metadata,
    Column("chain", SmallInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    postgresql_with={"fillfactor": 50},
)
"""Where each chain ends. Its lock decides who writes the next entry."""

_collected: ContextVar["Disclosures | None"] = ContextVar("disclosures", default=None)

_OPEN = text(
    "INSERT INTO disclosure_head (chain, seq, hash) VALUES (:chain, 0, :start) ON CONFLICT DO NOTHING"
)
_HEAD = text("SELECT seq, hash FROM disclosure_head WHERE chain = :chain FOR UPDATE")
_MOVE = text("UPDATE disclosure_head SET seq = :seq, hash = :hash WHERE chain = :chain")
_PLACE = disclosure.c.seq * CHAINS + disclosure.c.chain
_ALL = (
    select(
        disclosure,
        disclosure_head.c.chain.label("head_chain"),
        disclosure_head.c.seq.label("head_seq"),
        disclosure_head.c.hash.label("head_hash"),
    )
    .join_from(disclosure, disclosure_head, disclosure.c.chain == disclosure_head.c.chain, full=True)
    .order_by(disclosure.c.chain, disclosure.c.seq)
)
"""One statement, so that entries and heads are of one instant."""


@dataclass(slots=True)
class Disclosures:
    """What one request shows."""

    subjects: dict[UUID, None] = field(default_factory=dict)
    fields: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry without its hash."""

    chain: int
    seq: int
    at: datetime
    actor_id: str
    actor_kind: str
    route: str
    subjects: Sequence[UUID]
    fields: Sequence[str]


def disclosure_tables(target_metadata: MetaData) -> None:
    """Copy the tables into the metadata of a service that shows what is personal."""
    for table in metadata.sorted_tables:
        table.to_metadata(target_metadata)


@contextmanager
def collecting() -> Iterator[Disclosures]:
    """Collect what is shown inside."""
    found = Disclosures()
    token = _collected.set(found)
    try:
        yield found
    finally:
        _collected.reset(token)


def disclosed(subject_id: UUID, *fields: str) -> None:
    """These fields of a subject are shown unmasked."""
    if fields and (found := _collected.get()) is not None:
        found.subjects[subject_id] = None
        found.fields |= dict.fromkeys(fields)


async def record(
    session: AsyncSession,
    found: Disclosures,
    *,
    actor_id: str,
    actor_kind: str,
    route: str,
    now: datetime,
) -> None:
    """Write down what was shown, if anything was."""
    if not found.subjects:
        return
    links = Links(vault(session))
    chain = crc32(actor_id.encode()) % CHAINS
    head = (await session.execute(_HEAD, {"chain": chain})).first()
    if head is None:
        await session.execute(_OPEN, {"chain": chain, "start": START})
        head = (await session.execute(_HEAD, {"chain": chain})).one()
    subjects, fields = sorted(found.subjects), sorted(found.fields)
    entry = Entry(chain, head.seq + 1, now, actor_id, actor_kind, route, subjects, fields)
    hashed = links.hash(head.hash, entry)
    row = {name: getattr(entry, name) for name in entry.__slots__}
    await session.execute(disclosure.insert(), row | {"key_id": links.key_id, "hash": hashed})
    await session.execute(_MOVE, {"chain": chain, "seq": entry.seq, "hash": hashed})


class Links:
    """Hashes under the keys of a ring; new entries get the newest."""

    def __init__(self, keys: Vault) -> None:
        self._keys: Mapping[str, bytes] = keys.keys_for(_PURPOSE)
        self.key_id = next(iter(self._keys))

    def hash(self, previous: bytes, entry: Entry, key_id: str | None = None) -> bytes | None:
        """What links an entry to the hash before it; none if the ring has no such key."""
        key = self._keys.get(key_id or self.key_id)
        if key is None:
            return None
        hasher = hashlib.blake2b(previous, key=key, digest_size=32)
        for part in _parts(entry):
            hasher.update(len(part).to_bytes(4, "big") + part)
        return hasher.digest()


def _parts(entry: Entry) -> Iterator[bytes]:
    yield f"{entry.chain}:{entry.seq}:{entry.at.timestamp():.6f}".encode()
    yield from (value.encode() for value in (entry.actor_id, entry.actor_kind, entry.route))
    yield b"".join(one.bytes for one in entry.subjects)
    yield "\0".join(entry.fields).encode()


async def page(
    session: AsyncSession, subject_id: UUID | None, *, before: tuple[datetime, int] | None, limit: int
) -> Sequence[Any]:
    """Entries, the latest first; about one subject, or all. `place` tells those of one instant apart."""
    found = select(disclosure, _PLACE.label("place"))
    if subject_id is not None:
        found = found.where(disclosure.c.subjects.contains([subject_id]))
    ordered = keyset.backward(found, disclosure.c.at, _PLACE, before=before, limit=limit)
    return (await session.execute(ordered)).all()


async def verify(session: AsyncSession) -> tuple[int, list[str]]:
    """How many entries there are, and every place that is not as it was written."""
    links, entries, broken = Links(vault(session)), 0, list[str]()
    ends: dict[int, tuple[int, bytes]] = {}
    heads: dict[int, tuple[int, bytes]] = {}
    async for row in await session.stream(_ALL, execution_options={"yield_per": 5_000}):
        if row.head_chain is not None:
            heads[row.head_chain] = row.head_seq, row.head_hash
        if row.chain is not None:
            entries += 1
            seq, previous = ends.get(row.chain, (0, START))
            ends[row.chain] = row.seq, row.hash
            broken += _wrong(links, row, seq, previous)
    for chain in sorted(heads.keys() | ends.keys()):
        end = ends.get(chain, (0, START))
        if heads.get(chain) != end:
            broken.append(f"chain {chain}: it ends at {end[0]}, which is not what its head says")
    return entries, broken


def _wrong(links: Links, row: Any, seq: int, previous: bytes) -> list[str]:
    place = f"chain {row.chain} {row.seq}"
    if row.seq != seq + 1:
        return [f"{place}: what was before it is missing"]
    entry = Entry(*(getattr(row, name) for name in Entry.__slots__))
    hashed = links.hash(previous, entry, row.key_id)
    if hashed is None:
        return [f"{place}: was hashed under the key {row.key_id!r}, which the ring does not have"]
    return [] if hashed == row.hash else [f"{place}: does not fit: it, or what came before it, was changed"]
