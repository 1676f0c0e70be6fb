"""Organisations: who is who there, and who decides."""

from typing import Annotated
from uuid import UUID

from careloop_common.web import ActorDep, CareRouter, RuntimeDep, SessionDep, problems
from fastapi import Query, Response

from careloop_profile.customers.errors import CustomerNotFound
from careloop_profile.days import Today
from careloop_profile.parties.api import READ
from careloop_profile.parties.errors import NotInOrganization, OtherKindOfCustomer
from careloop_profile.parties.schemas import Day, DecisionMapView, InfluencePathView, OrganizationView
from careloop_profile.parties.service import organizations
from careloop_profile.parties.service.persons import known
from careloop_profile.parties.views import (
    Names,
    decision_map_json,
    influence_path_view,
    organization_view,
)

router = CareRouter(prefix="/v1/organizations/{customer_id}", tags=["parties"])
_PROBLEMS = problems(CustomerNotFound, OtherKindOfCustomer)


@router.get("", dependencies=[READ], responses=_PROBLEMS)
async def organization(
    customer_id: UUID, session: SessionDep, today: Today, actor: ActorDep, runtime: RuntimeDep
) -> OrganizationView:
    """An organisation in short: our contacts there, who owns whom, what it pays for."""
    found = await organizations.organization(session, customer_id, today)
    return organization_view(found, runtime.vault, actor)


@router.get("/decision-map", dependencies=[READ], responses=_PROBLEMS, response_model=DecisionMapView)
async def decision_map(
    customer_id: UUID,
    session: SessionDep,
    today: Today,
    actor: ActorDep,
    runtime: RuntimeDep,
    on: Day | None = None,
    depth: Annotated[int, Query(ge=1, le=20, description="Levels of the formal line that are shown.")] = 6,
) -> Response:
    """The formal line and the informal influence. Who has a role or is heard is shown on whatever level."""
    day = on or today
    found = await organizations.decisions(session, customer_id, day)
    shown = found.down_to(depth)
    names = Names(await known(session, [one.person_id for one in shown]), runtime.vault, actor)
    body = decision_map_json(customer_id, day, found, shown, names)
    return Response(body, media_type="application/json")


@router.get(
    "/influence-path",
    dependencies=[READ],
    responses=problems(CustomerNotFound, OtherKindOfCustomer, NotInOrganization),
)
async def influence_path(
    customer_id: UUID,
    session: SessionDep,
    today: Today,
    actor: ActorDep,
    runtime: RuntimeDep,
    from_id: UUID | None = None,
    to_id: UUID | None = None,
    on: Day | None = None,
    steps: Annotated[int, Query(ge=1, le=20)] = 6,
) -> InfluencePathView:
    """The strongest way by which a word gets from somebody we know to whoever decides."""
    way = await organizations.influence_path(
        session, customer_id, on or today, start=from_id, goal=to_id, most=steps
    )
    return influence_path_view(customer_id, way, runtime.vault, actor)
