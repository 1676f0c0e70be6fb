"""Cut points are drawn rarely and kept: between two versions a customer moves only because his own facts moved."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from careloop_common.database import Database
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_scoring.customers import queries as customers
from careloop_scoring.customers.policy import monthly_fee
from careloop_scoring.cutpoints.models import CutPointVersion
from careloop_scoring.rfm import policy as rfm
from careloop_scoring.rfm.policy import Basis, CutPoints, Measures
from careloop_scoring.tiers import policy as tiers
from careloop_scoring.tiers.service import Deciding

GROWTH = 2.0
"""A population this many times larger than the one the cut points were drawn from asks for new ones."""


@dataclass(frozen=True)
class Drawn:
    rfm: dict[Basis, CutPoints]
    arpu: tuple[float, ...]
    customers: int


async def current(session: AsyncSession) -> CutPointVersion | None:
    statement = select(CutPointVersion).order_by(CutPointVersion.version.desc()).limit(1)  # type: ignore[attr-defined]
    return (await session.execute(statement)).scalar_one_or_none()


async def find(session: AsyncSession, version: int) -> CutPointVersion:
    return await session.get_one(CutPointVersion, version)


async def outdated(
    session: AsyncSession, held: CutPointVersion, deciding: Deciding, *, now: datetime, days: int
) -> bool:
    if held.tier_table != deciding.version or now - held.created_at > timedelta(days=days):
        return True
    if await customers.count(session, "active") > GROWTH * held.customers:
        return True
    paying, known = await customers.count_paying(session), held.rfm.get(Basis.ACTIVITY)
    return paying >= rfm.MIN_CUSTOMERS and paying > GROWTH * (known["customers"] if known else 0)


async def draw(database: Database, deciding: Deciding, *, as_of: datetime) -> Drawn:
    found: dict[Basis, list[Measures]] = {basis: [] for basis in Basis}
    fees: list[float] = []
    async for chunk in customers.walk(database, "active"):
        for facts in chunk:
            fees.append(monthly_fee(facts, as_of.date()) or 0.0)
            for basis, measures in rfm.measure(facts, as_of).items():
                found[basis].append(measures)
    cuts = {basis: rfm.cut_points(many) for basis, many in found.items() if len(many) >= rfm.MIN_CUSTOMERS}
    return Drawn(cuts, tiers.arpu_cuts(deciding.table, fees), len(fees))


async def save(
    session: AsyncSession, drawn: Drawn, deciding: Deciding, *, as_of: datetime, now: datetime
) -> CutPointVersion:
    held = await current(session)
    row = CutPointVersion(
        version=held.version + 1 if held else 1,
        rfm={basis.value: cuts.to_dict() for basis, cuts in drawn.rfm.items()},
        arpu=list(drawn.arpu),
        tier_table=deciding.version,
        customers=drawn.customers,
        as_of=as_of,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return row


def rfm_cuts(row: CutPointVersion) -> dict[Basis, CutPoints]:
    return {Basis(name): CutPoints.from_dict(raw) for name, raw in row.rfm.items()}
