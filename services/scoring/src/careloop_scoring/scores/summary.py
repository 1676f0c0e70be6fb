from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_scoring.rfm.policy import NAMES
from careloop_scoring.scores import queries
from careloop_scoring.scores.policy import Band
from careloop_scoring.scores.schemas import CountView, SummaryView
from careloop_scoring.tiers.policy import Tier

Names = Mapping[Any, tuple[str, str]]

TIERS: Names = {
    Tier.STRATEGIC: ("Strategic", "战略客户"),
    Tier.POTENTIAL: ("Potential", "潜力客户"),
    Tier.MASS: ("Mass", "大众客户"),
    Tier.WARNING: ("Warning", "预警客户"),
}
BANDS: Names = {
    Band.HIGH: ("High risk", "高风险"),
    Band.MEDIUM: ("Medium risk", "中风险"),
    Band.LOW: ("Low risk", "低风险"),
}


async def of_all(session: AsyncSession) -> SummaryView:
    tiers = await _counts(session, "tier", TIERS)
    return SummaryView(
        customers=sum(one.customers for one in tiers),
        tiers=tiers,
        bands=await _counts(session, "band", BANDS),
        segments=await _counts(session, "rfm_segment", NAMES),
    )


async def _counts(session: AsyncSession, column: str, names: Names) -> list[CountView]:
    found = await queries.counts(session, column)
    return [
        CountView(key=str(key), name=name, name_zh=name_zh, customers=found.get(key, 0))
        for key, (name, name_zh) in names.items()
    ]
