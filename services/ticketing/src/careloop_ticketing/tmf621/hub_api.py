"""Subscriptions to notifications, `/hub` in both versions."""

from typing import Annotated, Any

from careloop_common.web import ActorDep, NowDep, RuntimeDep, SessionDep, needs, with_secret
from fastapi import Body, Depends, Response

from careloop_ticketing.tmf621.parameters import demand_json
from careloop_ticketing.tmf621.policy import addresses
from careloop_ticketing.tmf621.policy.documents import HUBS
from careloop_ticketing.tmf621.routing import FaceV4, FaceV5, TmfRouter, answers, takes
from careloop_ticketing.tmf621.service import subscribing

router = TmfRouter(prefix="/tmf-api/troubleTicket", tags=["tmf621"])
SUBSCRIBE, JSON = needs("tickets:subscribe"), Depends(demand_json)
Document = dict[str, Any]
Created = Annotated[Document, Body()]


@router.post(
    "/v4/hub",
    status_code=201,
    dependencies=[SUBSCRIBE, JSON],
    responses=answers(HUBS[4], 201),
    openapi_extra=takes(HUBS[4]) | with_secret(),
)
async def subscribe_v4(
    body: Created,
    session: SessionDep,
    runtime: RuntimeDep,
    face: FaceV4,
    actor: ActorDep,
    now: NowDep,
    response: Response,
) -> Document:
    """Have changes of tickets sent to `callback`. The answer has the secret that signs them, this once."""
    allowed = addresses.networks(runtime.settings.hub_networks)
    made = await subscribing.subscribe(
        session, face, body, allowed=allowed, vault=runtime.vault, actor=actor, now=now
    )
    response.headers["location"] = face.href("hub", made["id"])
    return made


@router.post(
    "/v5/hub",
    status_code=201,
    dependencies=[SUBSCRIBE, JSON],
    responses=answers(HUBS[5], 201),
    openapi_extra=takes(HUBS[5]) | with_secret(),
)
async def subscribe_v5(
    body: Created,
    session: SessionDep,
    runtime: RuntimeDep,
    face: FaceV5,
    actor: ActorDep,
    now: NowDep,
    response: Response,
) -> Document:
    """Have changes of tickets sent to `callback`. The answer has the secret that signs them, this once."""
    allowed = addresses.networks(runtime.settings.hub_networks)
    made = await subscribing.subscribe(
        session, face, body, allowed=allowed, vault=runtime.vault, actor=actor, now=now
    )
    response.headers["location"] = face.href("hub", made["id"])
    return made


@router.get("/v4/hub/{subscription_id}", dependencies=[SUBSCRIBE], responses=answers(HUBS[4]))
async def get_hub_v4(
    subscription_id: str, session: SessionDep, face: FaceV4, actor: ActorDep, now: NowDep
) -> Document:
    """One's own subscription, and how many of its notifications wait, were delivered, or were given up."""
    return await subscribing.show(session, face, subscription_id, actor=actor, now=now)


@router.get("/v5/hub/{subscription_id}", dependencies=[SUBSCRIBE], responses=answers(HUBS[5]))
async def get_hub_v5(
    subscription_id: str, session: SessionDep, face: FaceV5, actor: ActorDep, now: NowDep
) -> Document:
    """One's own subscription, and how many of its notifications wait, were delivered, or were given up."""
    return await subscribing.show(session, face, subscription_id, actor=actor, now=now)


@router.delete("/v4/hub/{subscription_id}", status_code=204, dependencies=[SUBSCRIBE])
async def unsubscribe_v4(subscription_id: str, session: SessionDep, face: FaceV4, actor: ActorDep) -> None:
    """End a subscription of one's own; what waits for it is forgotten."""
    await subscribing.unsubscribe(session, face, subscription_id, actor=actor)


@router.delete("/v5/hub/{subscription_id}", status_code=204, dependencies=[SUBSCRIBE])
async def unsubscribe_v5(subscription_id: str, session: SessionDep, face: FaceV5, actor: ActorDep) -> None:
    """End a subscription of one's own; what waits for it is forgotten."""
    await subscribing.unsubscribe(session, face, subscription_id, actor=actor)
