"""Storing envelopes, and giving those whose customer was not known to them later."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from careloop_common import outbox
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import queries as customers
from careloop_profile.interactions import events, statements
from careloop_profile.interactions.metrics import STORED, UNRESOLVED
from careloop_profile.interactions.wire import Envelope

_ATTACHING = 0x63617265
"""Advisory lock: shared by those who store, exclusive for those who attach. Without it a customer could become known
between a batch's look at the customers and its commit, and nobody would attach what the batch set aside."""
_REMEMBERED = 500_000
_UID, _CUSTOMER, _INDEX, _SUSPECT = 0, 1, 2, 7
_NAMES = (
    *(
        "uid",
        "customer_id",
        "blind_index",
        "label",
        "channel",
        "kind",
        "at",
        "suspect",
        "direction",
        "amount",
    ),
    *("properties", "received_at"),
)
Given = tuple[Any, ...]


class KnownCustomers:
    """Ids that were found to be customers: customers do not cease to exist, so the answer stays right."""

    def __init__(self) -> None:
        self._ids: set[str] = set()

    async def among(self, session: AsyncSession, ids: set[str]) -> set[str]:
        if unknown := ids - self._ids:
            found = await customers.known(session, [UUID(text) for text in unknown])
            if len(self._ids) + len(found) > _REMEMBERED:
                self._ids.clear()
            self._ids.update(map(str, found))
        return self._ids


async def record(
    session: AsyncSession, envelopes: Iterable[Envelope], known: KnownCustomers, *, now: datetime
) -> None:
    """Store what is new, count it, publish the counts; set aside what belongs to nobody known."""
    await session.execute(select(func.pg_advisory_xact_lock_shared(_ATTACHING)))
    given = [row for envelope in envelopes for row in _rows(envelope)]
    resolved, unresolved = await _resolve(session, given, known)
    resolved = await _without_known_suspects(session, resolved)
    if unresolved:
        await session.execute(statements.SET_ASIDE, _columns(unresolved))
        UNRESOLVED.inc(len(unresolved))
    if resolved:
        counts = (await session.execute(statements.INSERT, _columns(resolved))).all()
        _publish(session, counts, now)


async def attach(session: AsyncSession, ids: Sequence[UUID], *, now: datetime) -> None:
    """Give to these customers what waited for them, by id or by an identifier that nobody else has."""
    await session.execute(select(func.pg_advisory_xact_lock(_ATTACHING)))
    mine = await customers.indexes_of(session, list(ids))
    holders = await customers.holders(session, list(mine))
    sole = {index: mine[index] for index, found in holders.items() if len(found) == 1}
    parameters = {"customers": list(ids), "indexes": list(sole), "holders": list(sole.values())}
    _publish(session, (await session.execute(statements.ATTACH, parameters)).all(), now)


def _publish(session: AsyncSession, counts: Sequence[Any], now: datetime) -> None:
    STORED.inc(sum(row.interactions for row in counts))
    for event in events.activity(counts):
        outbox.add(session, event, now=now)


def _rows(envelope: Envelope) -> Iterable[Given]:
    return zip(
        envelope.uid,
        envelope.customer_id,
        envelope.blind_index,
        envelope.label,
        envelope.channel,
        envelope.kind,
        envelope.at,
        envelope.suspect,
        envelope.direction,
        envelope.amount,
        [str(raw, "utf-8") for raw in envelope.properties],
        [envelope.received_at] * len(envelope.uid),
        strict=True,
    )


def _columns(rows: Sequence[Given]) -> dict[str, list[Any]]:
    return dict(zip(_NAMES, map(list, zip(*rows, strict=True)), strict=True))


async def _resolve(
    session: AsyncSession, given: list[Given], known: KnownCustomers
) -> tuple[list[Given], list[Given]]:
    holders: dict[str, list[UUID]] = {}
    if indexes := {row[_INDEX] for row in given if row[_INDEX] is not None}:
        holders = await customers.holders(session, list(indexes))
    existing = await known.among(session, {row[_CUSTOMER] for row in given if row[_CUSTOMER] is not None})
    resolved: list[Given] = []
    unresolved: list[Given] = []
    for row in given:
        if row[_CUSTOMER] in existing:
            resolved.append(row)
        elif row[_INDEX] is not None and len(found := holders.get(row[_INDEX], [])) == 1:
            resolved.append((row[_UID], str(found[0]), *row[_INDEX:]))
        else:
            unresolved.append(row)
    return resolved, unresolved


async def _without_known_suspects(session: AsyncSession, rows: list[Given]) -> list[Given]:
    suspects = {row[_UID]: row for row in rows if row[_SUSPECT]}
    if not suspects:
        return rows
    found = await session.scalars(statements.KNOWN_SUSPECTS, {"uids": list(suspects)})
    known = {uid.hex for uid in found}
    once = [row for uid, row in suspects.items() if uid not in known]
    return [row for row in rows if not row[_SUSPECT]] + once
