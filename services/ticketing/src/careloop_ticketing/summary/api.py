from careloop_common.web import CareRouter, NowDep, SessionDep, needs

from careloop_ticketing.satisfaction import service as satisfaction
from careloop_ticketing.summary import queries
from careloop_ticketing.summary.schemas import Attainment, Ratio, Satisfaction, TicketSummary
from careloop_ticketing.tickets import queries as tickets

router = CareRouter(prefix="/v1/ticket-summary", tags=["summary"])


@router.get("", dependencies=[needs("tickets:read")])
async def get_summary(session: SessionDep, now: NowDep) -> TicketSummary:
    """Where the tickets stand at this instant."""
    by_tier = await tickets.open_by_tier(session)
    answers, average = await satisfaction.average(session)
    return TicketSummary(
        open=sum(by_tier.values()),
        open_by_tier=by_tier,
        breached=await queries.count_breached(session, now),
        responded_in_30_min=_ratio(*await tickets.responded_in_time(session, now)),
        attainment={
            name: Attainment(**_ratio(met, missed, neither).model_dump(), late_by_change=forgiven)
            for name, met, missed, neither, forgiven in await queries.attainment(session, now)
        },
        satisfaction=Satisfaction(answers=answers, average=average),
    )


def _ratio(met: int, missed: int, undecided: int) -> Ratio:
    decided = met + missed
    return Ratio(
        numerator=met, denominator=decided, excluded=undecided, ratio=met / decided if decided else None
    )
