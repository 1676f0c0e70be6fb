from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from careloop_common import keyset, subject_keys
from sqlalchemy import Row, Table, bindparam, func, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.consents.models import NoticeRow
from careloop_profile.consents.policy import Entry
from careloop_profile.customers.policy import Consent, Terms
from careloop_profile.customers.queries import CONSENT, among_ids, latest_first

NOTICE: Table = NoticeRow.__table__  # type: ignore[attr-defined]


class Reference(NamedTuple):
    """A version of a notice."""

    name: str
    version: int


_ABOUT = CONSENT.c.customer_id, CONSENT.c.purpose, CONSENT.c.channel
_STANDING = (
    select(CONSENT)
    .where(
        among_ids(CONSENT.c.customer_id),
        CONSENT.c.at <= bindparam("at"),
        CONSENT.c.recorded_at <= bindparam("known_at"),
    )
    .ext(distinct_on(*_ABOUT))
    .order_by(*_ABOUT, *latest_first())
)


async def standing(
    session: AsyncSession, customers: Sequence[UUID], *, at: datetime, known_at: datetime
) -> list[Entry]:
    """Of each customer, with its key at hand, the latest entry about each thing, as `policy.replayed` finds it in the whole ledger."""
    await subject_keys.load(session, customers)
    asked = {"ids": list(customers), "at": at, "known_at": known_at}
    return [_entry(row) for row in await session.execute(_STANDING, asked)]


async def ledger(
    session: AsyncSession,
    customer_id: UUID,
    *,
    purpose: str | None = None,
    before: tuple[Any, ...] | None = None,
    limit: int | None = None,
) -> list[Entry]:
    """The entries of a customer, with its key at hand, those written down last first."""
    columns = CONSENT.c
    found = select(CONSENT).where(columns.customer_id == customer_id)
    if purpose is not None:
        found = found.where(columns.purpose == purpose)
    place = columns.recorded_at, columns.entry_id
    if limit is None:
        ordered = found.order_by(*(column.desc() for column in place))
    else:
        ordered = keyset.backward(found, *place, before=before, limit=limit)
    await subject_keys.load(session, [customer_id])
    return [_entry(row) for row in await session.execute(ordered)]


async def notices(session: AsyncSession, wanted: Collection[Reference]) -> list[NoticeRow]:
    if not wanted:
        return []
    named = tuple_(NOTICE.c.name, NOTICE.c.version).in_(list(wanted))
    return list((await session.scalars(select(NoticeRow).where(named).order_by(*NOTICE.primary_key))).all())


async def newest_notice(session: AsyncSession, name: str) -> int:
    newest = select(func.coalesce(func.max(NOTICE.c.version), 0)).where(NOTICE.c.name == name)
    return int((await session.execute(newest)).scalar_one())


async def page_of_notices(
    session: AsyncSession, *, after: tuple[Any, ...] | None, limit: int
) -> Sequence[NoticeRow]:
    place = NOTICE.c.name, NOTICE.c.version
    return (await session.scalars(keyset.forward(select(NoticeRow), *place, after=after, limit=limit))).all()


def _entry(row: Row[Any]) -> Entry:
    terms = Terms(
        row.legal_basis, row.notice, row.notice_version, row.proof_kind, row.proof_sealed, row.source
    )
    word = Consent(row.purpose, row.channel, row.status, row.at, row.expires_at, terms, row.said_at)
    return Entry(row.entry_id, row.customer_id, word, row.recorded_at, row.recorded_by)
