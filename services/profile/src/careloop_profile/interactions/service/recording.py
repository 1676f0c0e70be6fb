"""Storing envelopes, and giving those whose customer was not known to them later."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from careloop_common import outbox
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import queries as customers
from careloop_profile.interactions import events, statements
from careloop_profile.interactions.metrics import STORED, UNRESOLVED
from careloop_profile.interactions.policy import Row
from careloop_profile.interactions.wire import Envelope

_ATTACHING = 0x63617265
"""Advisory lock: shared by those who store, exclusive for those who attach. Without it a customer could become known
between a batch's look at the customers and its commit, and nobody would attach what the batch set aside."""
_SUSPECTS = 0x73757370
"""Advisory lock of who stores what states no possible time: only by looking is it known whether it is there."""
_REMEMBERED = 500_000
_CUSTOMER, _SUSPECT = Row._fields.index("customer_id"), Row._fields.index("suspect")


class Given(NamedTuple):
    """A row as it came, with the time of its envelope."""

    row: Row
    received_at: str


class KnownCustomers:
    """Ids that were found to be customers. Of those who were erased since, the statements themselves store nothing."""

    def __init__(self) -> None:
        self._ids: set[str] = set()

    async def among(self, session: AsyncSession, ids: set[str]) -> set[str]:
        if unknown := ids - self._ids - {""}:
            found = await customers.known(session, [UUID(text) for text in unknown])
            if len(self._ids) + len(found) > _REMEMBERED:
                self._ids.clear()
            self._ids.update(map(str, found))
        return self._ids


async def record(
    session: AsyncSession, envelopes: Sequence[Envelope], known: KnownCustomers, *, now: datetime
) -> None:
    """Store what is new, count it, publish the counts; set aside what belongs to nobody known."""
    await session.execute(select(func.pg_advisory_xact_lock_shared(_ATTACHING)))
    columns = ["\n".join(texts) for texts in zip(*(item.columns for item in envelopes), strict=True)]
    arrivals = "\n".join("\n".join([str(item.received_at)] * item.count) for item in envelopes)
    whose = set(columns[_CUSTOMER].split("\n"))
    if "t" not in columns[_SUSPECT] and whose <= await known.among(session, whose):
        await _insert(session, [*columns, arrivals], now)
        return
    split = zip(*(column.split("\n") for column in columns), strict=True)
    given = [Given(Row(*row), at) for row, at in zip(split, arrivals.split("\n"), strict=True)]
    resolved, unresolved = await _resolve(session, given, known)
    if unresolved:
        await session.execute(statements.SET_ASIDE, _parameters(_columns(unresolved)))
        UNRESOLVED.inc(len(unresolved))
    if fresh := await _without_known_suspects(session, resolved):
        await _insert(session, _columns(fresh), now)


async def attach(session: AsyncSession, ids: Sequence[UUID], *, now: datetime) -> None:
    """Give to these customers what waited for them, by id or by an identifier that no other person has."""
    await session.execute(select(func.pg_advisory_xact_lock(_ATTACHING)))
    sole = await customers.sole_holders(session, await customers.indexes_of(session, list(ids)))
    parameters = {"customers": list(ids), "indexes": list(sole), "holders": list(sole.values())}
    _publish(session, (await session.execute(statements.ATTACH, parameters)).one(), now)


async def _insert(session: AsyncSession, columns: Sequence[str], now: datetime) -> None:
    _publish(session, (await session.execute(statements.INSERT, _parameters(columns))).one(), now)


def _publish(session: AsyncSession, fresh: Any, now: datetime) -> None:
    if fresh.stored:
        STORED.inc(fresh.stored)
        for event, payload in events.activity(fresh.told):
            outbox.add(session, event, now=now, payload=payload)


def _columns(given: Sequence[Given]) -> list[str]:
    rows = zip(*(item.row for item in given), strict=True)
    return [*map("\n".join, rows), "\n".join(item.received_at for item in given)]


def _parameters(columns: Sequence[str]) -> dict[str, str]:
    return dict(zip(statements.NAMES, columns, strict=True))


async def _resolve(
    session: AsyncSession, given: Sequence[Given], known: KnownCustomers
) -> tuple[list[Given], list[Given]]:
    holders: dict[str, UUID] = {}
    if indexes := {item.row.blind_index for item in given} - {""}:
        holders = await customers.sole_holders(session, indexes)
    existing = await known.among(session, {item.row.customer_id for item in given})
    resolved: list[Given] = []
    unresolved: list[Given] = []
    for item in given:
        if item.row.customer_id in existing:
            resolved.append(item)
        elif found := holders.get(item.row.blind_index):
            resolved.append(item._replace(row=item.row._replace(customer_id=str(found))))
        else:
            unresolved.append(item)
    return resolved, unresolved


async def _without_known_suspects(session: AsyncSession, given: list[Given]) -> list[Given]:
    suspects = {item.row.uid: item for item in given if item.row.suspect == "t"}
    if not suspects:
        return given
    await session.execute(select(func.pg_advisory_xact_lock(_SUSPECTS)))
    found = await session.scalars(statements.KNOWN_SUSPECTS, {"uids": list(suspects)})
    known = {uid.hex for uid in found}
    once = [item for uid, item in suspects.items() if uid not in known]
    return [item for item in given if item.row.suspect != "t"] + once
