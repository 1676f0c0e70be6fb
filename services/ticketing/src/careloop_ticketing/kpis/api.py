from datetime import timedelta
from typing import Annotated
from uuid import UUID

from careloop_common import pagination, zones
from careloop_common.pagination import PageQuery
from careloop_common.schemas import Instant
from careloop_common.web import CareRouter, NowDep, RuntimeDep, SessionDep, needs, problems
from fastapi import Depends, Query

from careloop_ticketing.kpis import policy, queries, service
from careloop_ticketing.kpis.errors import WindowInvalid
from careloop_ticketing.kpis.policy import Grouping
from careloop_ticketing.kpis.queries import Span, Window
from careloop_ticketing.kpis.schemas import GroupView, KpiView, PauseAuditView, SuspectView
from careloop_ticketing.kpis.service import Group, Suspect
from careloop_ticketing.summary.schemas import Attainment, Ratio

router = CareRouter(tags=["kpis"])
READ = needs("tickets:read")
LONGEST = timedelta(days=731)


def _span(opened_from: Instant, opened_until: Instant) -> Span:
    if not timedelta() < opened_until - opened_from <= LONGEST:
        raise WindowInvalid(pointer="opened_until")
    return Span(opened_from, opened_until)


SpanDep = Annotated[Span, Depends(_span)]


def _window(
    span: SpanDep,
    runtime: RuntimeDep,
    by: Grouping = Grouping.ALL,
    zone: Annotated[
        str | None,
        Query(max_length=60, description="For groups by hour, if not those of where the operator is."),
    ] = None,
) -> Window:
    where = runtime.settings.timezone if zone is None else zone
    try:
        return Window(span.opened_from, span.opened_until, by, zones.zone(where))
    except ValueError as error:
        raise WindowInvalid("There is no such time zone.", pointer="zone") from error


WindowDep = Annotated[Window, Depends(_window)]


@router.get("/v1/ticket-kpis", dependencies=[READ], responses=problems(WindowInvalid))
async def get_kpis(window: WindowDep, session: SessionDep, now: NowDep) -> KpiView:
    """Key figures of the tickets that were opened in a span, as they stand at this instant."""
    groups = await service.figures(session, window, now)
    return KpiView(
        opened_from=window.opened_from,
        opened_until=window.opened_until,
        by=window.by,
        zone=window.zone.key,
        groups=[_group(group) for group in groups],
    )


@router.get("/v1/pause-audit", dependencies=[READ], responses=problems(WindowInvalid))
async def audit_pauses(
    window: WindowDep, session: SessionDep, now: NowDep, query: PageQuery
) -> PauseAuditView:
    """Pauses that look like a way round a clock, ticket by ticket; a page looks at so many tickets with pauses."""
    ids = await queries.paused(session, window, after=query.after(UUID), limit=query.limit + 1)
    shown = ids[: query.limit]
    found = await service.suspects(session, shown, now)
    return PauseAuditView(
        items=[_suspect(suspect) for suspect in found],
        tickets=len(shown),
        next_cursor=pagination.encode((shown[-1],)) if len(ids) > query.limit else None,
    )


def _group(group: Group) -> GroupView:
    return GroupView(
        group=group.name,
        tickets=group.tickets,
        responded_in_30_min=_ratio(group.figures["responded"]),
        first_contact_resolution=_ratio(group.figures["first_contact"]),
        closed_in_72_h=_ratio(group.figures["closed"]),
        reopened=_ratio(group.figures["reopened"]),
        attainment={name: Attainment.model_validate(one) for name, one in group.attainment.items()},
    )


def _ratio(ratio: policy.Ratio) -> Ratio:
    return Ratio.model_validate(ratio)


def _suspect(suspect: Suspect) -> SuspectView:
    found = suspect.finding
    return SuspectView(
        ticket_id=suspect.ticket_id,
        clock=suspect.clock,
        suspicion=found.suspicion,
        started_at=found.started_at,
        ended_at=found.ended_at,
        actor_id=found.actor_id,
        reason=found.reason,
    )
