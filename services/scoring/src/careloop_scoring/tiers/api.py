from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import ActorDep, CareRouter, NowDep, SessionDep, needs, problems

from careloop_scoring.tiers import service
from careloop_scoring.tiers.errors import TierTableInvalid
from careloop_scoring.tiers.models import TierTable
from careloop_scoring.tiers.schemas import TierTableBody, TierTableView

router = CareRouter(prefix="/v1/tier-tables", tags=["tiers"])


@router.get("", response_model=Page[TierTableView], dependencies=[needs("scores:read")])
async def list_tier_tables(session: SessionDep, query: PageQuery) -> Page[TierTable]:
    """Versions of the tier decision table, the one that decides first."""
    rows = await service.newest(session, before=query.after(int), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.version,))


@router.post(
    "",
    status_code=201,
    response_model=TierTableView,
    dependencies=[needs("scores:configure")],
    responses=problems(TierTableInvalid),
)
async def add_tier_table(body: TierTableBody, session: SessionDep, now: NowDep, actor: ActorDep) -> TierTable:
    """Add a version; it is refused if it leaves a case open or puts a customer lower for being worth more."""
    return await service.add(session, body.model_dump(), by=actor.id, now=now)
