from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from careloop_common import keyset, subject_keys
from sqlalchemy import ARRAY, ColumnElement, Select, Table, any_, bindparam, func, literal, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers.blocks import blocks_of, quiet_hours
from careloop_profile.customers.models import (
    ConsentRow,
    CustomerRow,
    DeviceRow,
    IdentifierRow,
    PersonRow,
    SubscriptionRow,
)
from careloop_profile.customers.policy import Block, Consent, Customer, Identifier, Subscription


def _table(model: type[Any]) -> Table:
    table: Table = model.__table__
    return table


def among(column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """`column` is one of `values`, as one parameter whatever their number."""
    return column == any_(literal(list(values), ARRAY(column.type)))


def among_ids(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """`column` is one of the parameter `ids`: for statements that are put together once, which costs as much as running them."""
    return column == any_(bindparam("ids", type_=ARRAY(column.type)))


CUSTOMER, IDENTIFIER = _table(CustomerRow), _table(IdentifierRow)
SUBSCRIPTION, DEVICE, CONSENT = _table(SubscriptionRow), _table(DeviceRow), _table(ConsentRow)
PERSON = _table(PersonRow)


def latest_first() -> tuple[ColumnElement[Any], ...]:
    """The order of words about one thing that `Consent.place` says, from its end."""
    columns = CONSENT.c
    status = columns.status
    said_at = func.coalesce(columns.said_at, columns.at)
    return said_at.desc(), status == "granted", status == "expired", status.desc()


_CUSTOMERS = select(CUSTOMER).where(among_ids(CUSTOMER.c.id)).order_by(CUSTOMER.c.id)
_LOCKED = _CUSTOMERS.with_for_update()
_KNOWN = select(CUSTOMER.c.id).where(among_ids(CUSTOMER.c.id))
_KIN = (
    select(PERSON)
    .where(PERSON.c.person_id.in_(select(PERSON.c.person_id).where(among_ids(PERSON.c.customer_id))))
    .order_by(PERSON.c.place)
)
_IDENTIFIERS = select(IDENTIFIER).where(among_ids(IDENTIFIER.c.customer_id))
_SUBSCRIPTIONS = (
    select(SUBSCRIPTION).where(among_ids(SUBSCRIPTION.c.customer_id)).order_by(SUBSCRIPTION.c.subscription_id)
)
_ABOUT = (CONSENT.c.customer_id, CONSENT.c.purpose, CONSENT.c.channel)
_CONSENTS = (
    select(*_ABOUT, CONSENT.c.status, CONSENT.c.at, CONSENT.c.expires_at, CONSENT.c.said_at)
    .where(among_ids(CONSENT.c.customer_id))
    .ext(distinct_on(*_ABOUT))
    .order_by(*_ABOUT, *latest_first())
)
_DEVICE_COUNTS = (
    select(DEVICE.c.customer_id, func.count())
    .where(among_ids(DEVICE.c.customer_id))
    .group_by(DEVICE.c.customer_id)
)
_SOLE_HOLDERS = text("""
    SELECT blind_index, (array_agg(customer.id ORDER BY customer.created_at, customer.id))[1] AS holder
    FROM identifier JOIN customer ON customer.id = identifier.customer_id
    LEFT JOIN person_member ON person_member.customer_id = customer.id
    WHERE blind_index = ANY(:indexes)
    GROUP BY blind_index HAVING count(DISTINCT coalesce(person_member.person_id, customer.id)) = 1
""")


class Kinship(NamedTuple):
    """The person that a customer belongs to, and since when it is one with the customer before it."""

    person_id: UUID
    since: datetime


async def load(session: AsyncSession, ids: Sequence[UUID], *, lock: bool = False) -> dict[UUID, Customer]:
    """Whole customers by id, with their keys at hand. `lock` takes the rows in the order of their ids, so that writers do
    not deadlock.

    It also takes, and returns, the other customers of the same persons: what one of them says concerns them all.
    """
    wanted = [*ids, *await kin(session, ids)] if lock else list(ids)
    rows = (await session.execute(_LOCKED if lock else _CUSTOMERS, {"ids": wanted})).all()
    found = [row.id for row in rows]
    if not found:
        return {}
    await (subject_keys.ensure(session, found) if lock else subject_keys.load(session, found))
    identifiers = await _identifiers(session, found)
    subscriptions = await _subscriptions(session, found)
    consents = await _consents(session, found)
    blocks = await blocks_of(session, found)
    devices = await _device_counts(session, found)
    return {
        row.id: _customer(
            row,
            identifiers.get(row.id, {}),
            subscriptions.get(row.id, []),
            consents.get(row.id, []),
            blocks.get(row.id, []),
            devices.get(row.id, 0),
        )
        for row in rows
    }


async def kin(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, Kinship]:
    """Every customer of the same persons as these, as far as they are not a person alone; in the rows they stand in."""
    found = await session.execute(_KIN, {"ids": list(ids)})
    return {row.customer_id: Kinship(row.person_id, row.since) for row in found}


async def page_of_ids(
    session: AsyncSession,
    *,
    where: Iterable[ColumnElement[bool]],
    after: tuple[Any, ...] | None,
    limit: int,
) -> list[UUID]:
    """Ids from the oldest customer on."""
    found: Select[Any] = select(CUSTOMER.c.id).where(*where)
    place = CUSTOMER.c.created_at, CUSTOMER.c.id
    return list((await session.scalars(keyset.forward(found, *place, after=after, limit=limit))).all())


def having_identifier(kind: str, blind_index: str) -> ColumnElement[bool]:
    holders = select(IDENTIFIER.c.customer_id).where(
        IDENTIFIER.c.kind == kind, IDENTIFIER.c.blind_index == blind_index
    )
    return CUSTOMER.c.id.in_(holders)


async def known(session: AsyncSession, ids: list[UUID]) -> set[UUID]:
    """Those of the ids that are customers."""
    return set((await session.scalars(_KNOWN, {"ids": ids})).all())


async def holders(session: AsyncSession, indexes: list[str]) -> dict[str, list[UUID]]:
    """Who has an identifier, by its blind index."""
    columns = IDENTIFIER.c
    statement = select(columns.blind_index, columns.customer_id).where(among(columns.blind_index, indexes))
    found: dict[str, list[UUID]] = {}
    for index, customer_id in await session.execute(statement):
        found.setdefault(index, []).append(customer_id)
    return found


async def sole_holders(session: AsyncSession, indexes: Collection[str]) -> dict[str, UUID]:
    """Of the identifiers that only one person has the customer who has it; of several that one was known first."""
    found = await session.execute(_SOLE_HOLDERS, {"indexes": list(indexes)})
    return {row.blind_index: row.holder for row in found}


async def indexes_of(session: AsyncSession, ids: list[UUID]) -> set[str]:
    """The blind indexes that these customers are found by."""
    columns = IDENTIFIER.c
    return set(
        (await session.scalars(select(columns.blind_index).where(among(columns.customer_id, ids)))).all()
    )


async def devices_of(session: AsyncSession, customer_id: UUID) -> Sequence[Any]:
    statement = select(DEVICE).where(DEVICE.c.customer_id == customer_id).order_by(DEVICE.c.device_id)
    return (await session.execute(statement)).all()


async def _identifiers(session: AsyncSession, ids: list[UUID]) -> dict[UUID, dict[str, Identifier]]:
    found: dict[UUID, dict[str, Identifier]] = {}
    for row in await session.execute(_IDENTIFIERS, {"ids": ids}):
        found.setdefault(row.customer_id, {})[row.kind] = Identifier(row.blind_index, row.sealed)
    return found


async def _subscriptions(session: AsyncSession, ids: list[UUID]) -> dict[UUID, list[Subscription]]:
    found: dict[UUID, list[Subscription]] = {}
    for row in await session.execute(_SUBSCRIPTIONS, {"ids": ids}):
        customer_id, *facts = row  # the columns are the fields of `Subscription`, in their order
        found.setdefault(customer_id, []).append(Subscription(*facts))
    return found


async def _consents(session: AsyncSession, ids: list[UUID]) -> dict[UUID, list[Consent]]:
    found: dict[UUID, list[Consent]] = {}
    for row in await session.execute(_CONSENTS, {"ids": ids}):
        found.setdefault(row.customer_id, []).append(
            Consent(row.purpose, row.channel, row.status, row.at, row.expires_at, said_at=row.said_at)
        )
    return found


async def _device_counts(session: AsyncSession, ids: list[UUID]) -> dict[UUID, int]:
    counted = await session.execute(_DEVICE_COUNTS, {"ids": ids})
    return {row[0]: row[1] for row in counted}


def _customer(
    row: Any,
    identifiers: dict[str, Identifier],
    subscriptions: list[Subscription],
    consents: list[Consent],
    blocks: list[Block],
    devices: int,
) -> Customer:
    return Customer(
        customer_id=row.id,
        version=row.version,
        kind=row.kind,
        source=row.source,
        external_id=row.external_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
        status=row.status,
        joined_on=row.joined_on,
        left_on=row.left_on,
        region=row.region,
        language=row.language,
        vip=row.vip,
        care_flags=tuple(row.care_flags),
        name=row.name_sealed,
        phone=identifiers.get("phone"),
        email=identifiers.get("email"),
        identity_number=identifiers.get("identity_number"),
        birth_date=row.birth_date_sealed,
        address=row.address_sealed,
        do_not_disturb=row.do_not_disturb,
        quiet_hours=row.quiet_hours and quiet_hours(row.quiet_hours),
        more_quiet=tuple(quiet_hours(span) for span in row.more_quiet),
        blocks=tuple(blocks),
        accessibility=tuple(row.accessibility),
        declared_devices=row.declared_devices,
        registered_devices=devices,
        attributes=row.attributes,
        changed_at={name: datetime.fromisoformat(at) for name, at in row.changed_at.items()},
        subscriptions=tuple(subscriptions),
        consents=tuple(consents),
    )
