from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from careloop_common import keyset
from careloop_common.database import vault
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import ActorDep, CareRouter, NowDep, RuntimeDep, SessionDep, needs, problems
from fastapi import Path, Request, Response
from sqlalchemy import select
from sqlmodel import col

from careloop_profile.customers.views import PERSONAL
from careloop_profile.imports.errors import (
    FileTooLarge,
    ImportNotFound,
    ImportStarted,
    MappingNotFound,
    PartsMissing,
    PartTooLarge,
)
from careloop_profile.imports.mapping import Code, Mapping
from careloop_profile.imports.models import ImportRow
from careloop_profile.imports.schemas import ImportView, MappingView, OpenImport, QualityView
from careloop_profile.imports.service import mappings, rejects, uploading, waiting
from careloop_profile.imports.views import import_view, quality_view

router = CareRouter(prefix="/v1/imports", tags=["imports"])
mapping_router = CareRouter(prefix="/v1/import-mappings", tags=["imports"])
READ, WRITE = "imports:read", "imports:write"
MAX_PART = 8 << 20
_BYTES = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}


@router.post("", status_code=201, dependencies=[needs(WRITE)], responses=problems(MappingNotFound))
async def open_import(
    body: OpenImport, response: Response, session: SessionDep, now: NowDep, actor: ActorDep
) -> ImportView:
    """Announce a file. Its parts come next, then the start."""
    name = body.mapping if isinstance(body.mapping, str) else None
    mapping = (await mappings.get(session, name))[0] if name else body.mapping
    assert isinstance(mapping, Mapping)
    job = await uploading.open_import(
        session,
        {
            "format": body.format,
            "encoding": body.encoding,
            "declared_size": body.size,
            "declared_sha256": body.sha256,
        },
        mapping,
        filename=body.filename,
        mapping_name=name,
        now=now,
        actor=actor,
    )
    response.headers["location"] = f"/v1/imports/{job.id}"
    return import_view(job, vault(session))


@router.put(
    "/{import_id}/parts/{number}",
    dependencies=[needs(WRITE)],
    responses=problems(ImportNotFound, ImportStarted, PartTooLarge, FileTooLarge),
    openapi_extra={"requestBody": {"required": True, **_BYTES}},
)
async def put_part(
    import_id: UUID,
    number: Annotated[int, Path(ge=1, le=uploading.MAX_PARTS)],
    request: Request,
    session: SessionDep,
) -> ImportView:
    """The bytes of one part, numbered from 1. The same part again takes the place of the first."""
    data = await request.body()
    if len(data) > MAX_PART:
        raise PartTooLarge(f"A part may have {MAX_PART} bytes.", limit=MAX_PART)
    return import_view(await uploading.keep_part(session, import_id, number, data), vault(session))


@router.post(
    "/{import_id}/start",
    status_code=202,
    dependencies=[needs(WRITE)],
    responses=problems(ImportNotFound, PartsMissing),
)
async def start(import_id: UUID, session: SessionDep, now: NowDep) -> ImportView:
    """The file is complete; reading begins."""
    return import_view(await uploading.start(session, import_id, now=now), vault(session))


@router.get("", dependencies=[needs(READ)])
async def list_imports(query: PageQuery, session: SessionDep) -> Page[ImportView]:
    """Imports, newest first."""
    place, before = (col(ImportRow.created_at), col(ImportRow.id)), query.after(datetime, UUID)
    newest_first = keyset.backward(select(ImportRow), *place, before=before, limit=query.limit + 1)
    rows = (await session.scalars(newest_first)).all()
    waits = await waiting.counts(session, [job.id for job in rows])
    view = partial(import_view, vault=vault(session), waits=waits)
    return page(rows, query.limit, key=lambda job: (job.created_at, job.id), view=view)


@router.get("/{import_id}", dependencies=[needs(READ)], responses=problems(ImportNotFound))
async def get(import_id: UUID, session: SessionDep) -> ImportView:
    waits = await waiting.counts(session, [import_id])
    return import_view(await uploading.get(session, import_id), vault(session), waits)


@router.get(
    "/{import_id}/rejects",
    dependencies=[needs(READ)],
    response_class=Response,
    responses={**problems(ImportNotFound), 200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def get_rejects(import_id: UUID, session: SessionDep, actor: ActorDep, runtime: RuntimeDep) -> Response:
    """Rows and values that were not taken, and relations that wait for somebody (`open`), as CSV: line, reason, detail; values
    only for those who may see them."""
    await uploading.get(session, import_id)
    rows = await rejects.rejects_of(session, import_id)
    open_ = await waiting.of_import(session, import_id, rejects.KEPT)
    text = rejects.as_csv(rows, open_, runtime.vault, masked=not actor.may(PERSONAL))
    disposition = f'attachment; filename="rejects-{import_id}.csv"'
    return Response(text, media_type="text/csv", headers={"content-disposition": disposition})


@router.get("/{import_id}/quality", dependencies=[needs(READ)], responses=problems(ImportNotFound))
async def get_quality(import_id: UUID, session: SessionDep) -> QualityView:
    return quality_view(await uploading.get(session, import_id))


@mapping_router.get("/{name}", dependencies=[needs(READ)], responses=problems(MappingNotFound))
async def get_mapping(name: Code, session: SessionDep) -> MappingView:
    mapping, shipped = await mappings.get(session, name)
    return MappingView(name=name, shipped=shipped, mapping=mapping)


@mapping_router.put("/{name}", dependencies=[needs(WRITE)])
async def put_mapping(
    name: Code, body: Mapping, session: SessionDep, now: NowDep, actor: ActorDep
) -> MappingView:
    """Keep a mapping. One of a shipped name takes the shipped one's place."""
    await mappings.keep(session, name, body, now=now, actor=actor)
    return MappingView(name=name, shipped=False, mapping=body)
