from collections.abc import Sequence
from typing import Annotated, Any, get_args

import msgspec
from careloop_common.errors import MediaTypeNotSupported
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

from careloop_profile.collection import policy, wire
from careloop_profile.collection.errors import BatchRefused, MessageTooLarge
from careloop_profile.collection.schemas import CloudEventBody, SegmentBatch, SegmentMessage, Success
from careloop_profile.collection.service.collecting import Collector
from careloop_profile.collection.service.reading import Frame
from careloop_profile.collection.service.segment import MOST
from careloop_profile.collection.wire import Verb
from careloop_profile.interactions.api import MOST_BYTES, WRITE, body_of, utf8
from careloop_profile.interactions.errors import BatchTooLarge, IntakeFull, ItemRefused
from careloop_profile.interactions.schemas import MAX_ITEMS, Accepted, RejectionView

router = CareRouter(prefix="/v1", tags=["collection"])
MOST_BATCH = 500 * policy.KB
EVENT, EVENTS = "application/cloudevents+json", "application/cloudevents-batch+json"
_PLAIN = {"text/plain": {"schema": {"type": "string"}}}
"""What browsers send where JSON would make them ask first whether they may."""


async def _collector(request: Request) -> Collector:
    collector: Collector = request.app.state.collector
    return collector


CollectorDep = Annotated[Collector, Depends(_collector)]


async def _frame(now: NowDep, actor: ActorDep) -> Frame:
    return Frame(policy.source_of(actor.name, actor.id), now)


FrameDep = Annotated[Frame, Depends(_frame)]


@router.post(
    "/batch",
    dependencies=[needs(WRITE)],
    responses=problems(MessageTooLarge, BatchRefused, IntakeFull, BrokerUnavailable),
    openapi_extra=body_of(SegmentBatch, **_PLAIN),
)
async def take_batch(
    request: Request, session: SessionDep, now: NowDep, frame: FrameDep, collector: CollectorDep
) -> Success:
    """Messages of the Segment specification. A bad one is put aside as a dead letter, and the others are taken."""
    body = _limited(await request.body(), MOST_BATCH)
    batch = _batch(body)
    framed = Frame(frame.source, now, batch.context or {}, batch.sent)
    await collector.take("segment", batch.batch, framed, session, now)
    return Success()


def _verb(verb: Verb) -> None:
    @router.post(
        f"/{verb}",
        name=verb,
        dependencies=[needs(WRITE)],
        responses=problems(MessageTooLarge, ItemRefused, IntakeFull, BrokerUnavailable),
        openapi_extra=body_of(SegmentMessage, **_PLAIN),
        description=f"A {verb} message of the Segment specification.",
    )
    async def take(
        request: Request, session: SessionDep, now: NowDep, frame: FrameDep, collector: CollectorDep
    ) -> Success:
        body = _limited(await request.body(), MOST)
        _json(body)
        await collector.take_one("segment", body, Frame(frame.source, now, verb=verb), session, now)
        return Success()


for each in get_args(Verb):
    _verb(each)


@router.post(
    "/events",
    status_code=202,
    dependencies=[needs(WRITE)],
    responses=problems(
        BatchRefused, BatchTooLarge, IntakeFull, ItemRefused, BrokerUnavailable, MediaTypeNotSupported
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                EVENT: {"schema": CloudEventBody.model_json_schema()},
                EVENTS: {"schema": {"type": "array", "items": CloudEventBody.model_json_schema()}},
            },
        },
        INFLATED_KEY: MOST_BYTES,
    },
)
async def take_events(
    request: Request, session: SessionDep, now: NowDep, frame: FrameDep, collector: CollectorDep
) -> Accepted:
    """CloudEvents 1.0, one or up to 1,000. A bad one among many is refused by itself, and kept among the dead letters."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in {EVENT, EVENTS}:
        raise MediaTypeNotSupported(f"The body must be {EVENT} or {EVENTS}.")
    body = utf8(await request.body())
    if media == EVENT:
        _json(body)
        await collector.take_one("cloudevent", body, frame, session, now)
        return Accepted(accepted=1, rejected=[])
    items = _events(body)
    if len(items) > MAX_ITEMS:
        raise BatchTooLarge(f"A batch may have {MAX_ITEMS} events.", limit=MAX_ITEMS)
    accepted, rejected = await collector.take("cloudevent", items, frame, session, now)
    return Accepted(accepted=accepted, rejected=[RejectionView.model_validate(one) for one in rejected])


def _limited(body: bytes, most: int) -> bytes:
    if len(body) > most:
        raise MessageTooLarge(f"The body may have {most} bytes.", limit=most)
    return utf8(body)


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise HTTPException(400, "The body is not valid JSON.") from error


def _batch(body: bytes) -> wire.Batch:
    try:
        return wire.decode_batch(body)
    except msgspec.ValidationError as error:
        raise BatchRefused("The body is not an object with a list `batch`.") from error
    except (msgspec.DecodeError, RecursionError) as error:
        if batch := wire.salvage_batch(body):
            return batch
        raise HTTPException(400, "The body is not valid JSON.") from error


def _events(body: bytes) -> Sequence[msgspec.Raw | bytes]:
    try:
        return wire.decode_events(body)
    except msgspec.ValidationError as error:
        raise BatchRefused("The body is not a list of events.") from error
    except (msgspec.DecodeError, RecursionError) as error:
        events = wire.salvage_events(body)
        if events is None:
            raise HTTPException(400, "The body is not valid JSON.") from error
        return events
