from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from careloop_common.web import CareRouter, NowDep, SessionDep, needs, problems

from careloop_ticketing.kpis.api import SpanDep
from careloop_ticketing.kpis.errors import WindowInvalid
from careloop_ticketing.shares import service
from careloop_ticketing.shares.policy import Split
from careloop_ticketing.shares.schemas import ClockShares, GroupShare, PartView, SharesView, TicketShares
from careloop_ticketing.shares.service import Shared, Total
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.errors import TicketNotFound

router = CareRouter(tags=["kpis"])
READ = needs("tickets:read")


@router.get("/v1/tickets/{ticket_id}/shares", dependencies=[READ], responses=problems(TicketNotFound))
async def get_ticket_shares(ticket_id: UUID, session: SessionDep, now: NowDep) -> TicketShares:
    """Whose hands the time of each clock went through. Pauses count for nobody."""
    await tickets.get(session, ticket_id)
    found = (await service.shares(session, [ticket_id], now))[ticket_id]
    return TicketShares(ticket_id=ticket_id, clocks=[_clock(one) for one in found])


@router.get("/v1/ticket-shares", dependencies=[READ], responses=problems(WindowInvalid))
async def get_shares(span: SpanDep, session: SessionDep, now: NowDep, by: Split = Split.LEVEL) -> SharesView:
    """The same over the tickets that were opened in a span: what each group had of every clock, and how much of it late."""
    count, totals = await service.report(session, span, by, now)
    return SharesView(
        opened_from=span.opened_from,
        opened_until=span.opened_until,
        by=by,
        tickets=count,
        groups=_groups(totals),
    )


def _clock(one: Shared) -> ClockShares:
    elapsed = sum(one.parts.values(), timedelta())
    return ClockShares(
        clock=one.watch.name,
        instance=one.watch.instance,
        elapsed_seconds=elapsed.total_seconds(),
        target_seconds=one.watch.clock.target.total_seconds(),
        parts=[
            PartView(
                level=holder.level,
                team=holder.team,
                assignee=holder.assignee,
                seconds=counted.total_seconds(),
                share=_share(counted, elapsed),
            )
            for holder, counted in one.parts.items()
        ],
    )


def _groups(totals: Mapping[tuple[str, str], Total]) -> list[GroupShare]:
    whole: dict[str, timedelta] = defaultdict(timedelta)
    for (clock, _), total in totals.items():
        whole[clock] += total.counted
    return [
        GroupShare(
            group=group,
            clock=clock,
            clocks=total.clocks,
            seconds=total.counted.total_seconds(),
            share=_share(total.counted, whole[clock]),
            seconds_over=total.over.total_seconds(),
        )
        for (clock, group), total in sorted(totals.items())
    ]


def _share(part: timedelta, whole: timedelta) -> float | None:
    return part / whole if whole else None
