"""How long a person has been with us, over all of its customers, and with what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import queries as customers
from careloop_profile.customers.queries import DEVICE, among
from careloop_profile.parties.policy.holdings import Ecosystem, ecosystem
from careloop_profile.parties.policy.spans import Holding, Tenure, tenure
from careloop_profile.parties.service.persons import persons


@dataclass(frozen=True, slots=True)
class Equipment:
    """The products of a person, and its devices, those whose warranty ends first before the others."""

    ecosystem: Ecosystem
    devices: Sequence[Any]


async def tenure_of(session: AsyncSession, customer_id: UUID, today: date) -> Tenure:
    people = await persons(session, [customer_id])
    found = await customers.load(session, people.members[customer_id])
    holdings = [
        Holding(
            one.joined_on,
            one.left_on,
            tuple((item.started_on, item.ended_on) for item in one.subscriptions if item.started_on),
        )
        for one in found.values()
    ]
    return tenure(holdings, today)


async def equipment_of(
    session: AsyncSession, customer_id: UUID, today: date, strategic_from: int
) -> Equipment:
    members = (await persons(session, [customer_id])).members[customer_id]
    found = await customers.load(session, members)
    columns = DEVICE.c
    owned = select(DEVICE).where(among(columns.customer_id, members))
    devices = (await session.execute(owned.order_by(columns.warranty_until, columns.device_id))).all()
    subscriptions = [
        (item.product, item.status, item.ended_on) for one in found.values() for item in one.subscriptions
    ]
    used = ecosystem(subscriptions, [(row.type, row.status) for row in devices], today, strategic_from)
    return Equipment(used, devices)
