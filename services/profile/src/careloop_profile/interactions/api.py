from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from careloop_common.messaging.errors import BrokerUnavailable
from careloop_common.web import (
    INFLATED_KEY,
    ActorDep,
    CareRouter,
    NowDep,
    SessionDep,
    needs,
    problems,
)
from fastapi import Depends, HTTPException, Request

from careloop_profile.interactions import wire
from careloop_profile.interactions.errors import BatchTooLarge, IntakeFull, ItemRefused
from careloop_profile.interactions.schemas import (
    MAX_ITEMS,
    Accepted,
    InteractionBatch,
    InteractionItem,
    RejectionView,
)
from careloop_profile.interactions.service.desk import Desk

router = CareRouter(prefix="/v1/interactions", tags=["interactions"])
WRITE = "interactions:write"
NDJSON = "application/x-ndjson"
MOST_BYTES = 4 << 20


async def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


DeskDep = Annotated[Desk, Depends(_desk)]


def body_of(schema: type[Any], **more: Any) -> dict[str, Any]:
    """The body in OpenAPI: these routes read it themselves. It may be compressed."""
    content = {"application/json": {"schema": schema.model_json_schema()}, **more}
    return {"requestBody": {"required": True, "content": content}, INFLATED_KEY: MOST_BYTES}


@router.post(
    "",
    status_code=202,
    dependencies=[needs(WRITE)],
    responses=problems(ItemRefused, IntakeFull, BrokerUnavailable),
    openapi_extra=body_of(InteractionItem),
)
async def take_one(request: Request, session: SessionDep, now: NowDep, desk: DeskDep) -> Accepted:
    """One interaction. It shares its message with others that arrive within 20 ms."""
    body = utf8(await request.body())
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise HTTPException(400, "The body is not valid JSON.") from error
    await desk.take_one(body, session, now)
    return Accepted(accepted=1, rejected=[])


@router.post(
    "/batch",
    status_code=202,
    dependencies=[needs(WRITE)],
    responses=problems(BatchTooLarge, IntakeFull, BrokerUnavailable),
    openapi_extra=body_of(InteractionBatch, **{NDJSON: {"schema": {"type": "string"}}}),
)
async def take_batch(
    request: Request, session: SessionDep, now: NowDep, actor: ActorDep, desk: DeskDep
) -> Accepted:
    """Up to 1,000 interactions. A bad one is refused by itself, and kept among the dead letters; the answer comes when the
    broker has the others."""
    body = utf8(await request.body())
    items = _lines(body) if _is_ndjson(request) else _items(body)
    if len(items) > MAX_ITEMS:
        raise BatchTooLarge(f"A batch may have {MAX_ITEMS} items.", limit=MAX_ITEMS)
    accepted, rejected = await desk.take(items, session, now, actor.id)
    return Accepted(accepted=accepted, rejected=[RejectionView.model_validate(item) for item in rejected])


def _is_ndjson(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == NDJSON


def _lines(body: bytes) -> list[bytes]:
    return [line for line in body.split(b"\n") if line.strip()]


def _items(body: bytes) -> Sequence[msgspec.Raw | bytes]:
    try:
        return wire.decode_batch(body).items
    except msgspec.ValidationError as error:
        raise ItemRefused("body_malformed", str(error)) from error
    except (msgspec.DecodeError, RecursionError) as error:
        items = wire.salvage(body)
        if items is None:
            raise HTTPException(400, "The body is not valid JSON.") from error
        return items


def utf8(body: bytes) -> bytes:
    """Items are passed on as bytes, so what is not UTF-8 must stop here."""
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError as error:
            raise HTTPException(400, "The body is not UTF-8.") from error
    return body
