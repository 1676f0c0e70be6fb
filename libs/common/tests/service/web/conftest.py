"""A service of notes with every kind of route that the HTTP edge knows."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from careloop_common import ids
from careloop_common.app import build_app
from careloop_common.database import asyncpg_url, service_metadata
from careloop_common.errors import DomainError, Kind
from careloop_common.pagination import PageQuery
from careloop_common.runtime import Runtime
from careloop_common.schemas import Body
from careloop_common.service import Service
from careloop_common.settings import ServiceSettings, settings_config
from careloop_common.versions import check_version
from careloop_common.web import (
    ActorDep,
    CareRouter,
    IfMatch,
    NowDep,
    SessionDep,
    etag,
    needs,
    problems,
    streams,
    with_secret,
)
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field
from sqlalchemy import Column, ForeignKey, Integer, Table, Text, func, insert, select, text
from sqlalchemy.ext.asyncio import create_async_engine

Problem = Callable[[httpx.Response, int, str], dict[str, Any]]
METADATA = service_metadata()
NOTES = Table("note", METADATA, Column("id", Integer, primary_key=True), Column("text", Text, unique=True))
LATE = Table(
    "late",
    METADATA,
    Column("note_id", ForeignKey("note.id", deferrable=True, initially="DEFERRED"), primary_key=True),
)


class SampleSettings(ServiceSettings):
    model_config = settings_config("SAMPLE_")


class SampleService(Service[SampleSettings]):
    """A service without migrations: its tables are made from their metadata."""

    def migrate(self, url: str) -> None:
        async def create() -> None:
            engine = create_async_engine(asyncpg_url(url))
            async with engine.begin() as connection:
                await connection.run_sync(METADATA.create_all)
            await engine.dispose()

        asyncio.run(create())


class NoteTaken(DomainError):
    kind = Kind.CONFLICT
    code = "note_taken"
    title = "Note taken"


class NewNote(Body):
    text: str = Field(max_length=1000)
    times: int = 1


router = CareRouter(prefix="/v1/notes", tags=["notes"])


@router.post("", status_code=201, dependencies=[needs("notes:write")], responses=problems(NoteTaken))
async def write(body: NewNote, session: SessionDep, now: NowDep, actor: ActorDep) -> dict[str, Any]:
    if await session.scalar(select(NOTES.c.id).where(NOTES.c.text == body.text)):
        raise NoteTaken(f"{body.text} is there.", pointer="/text")
    result = await session.execute(insert(NOTES).values(text=body.text).returning(NOTES.c.id))
    return {"id": result.scalar_one(), "at": now.isoformat(), "by": actor.id}


@router.post("/late", status_code=201, dependencies=[needs("notes:write")])
async def fail_at_commit(session: SessionDep) -> dict[str, str]:
    await session.execute(insert(LATE).values(note_id=-1))
    return {"never": "seen"}


@router.post("/broken", dependencies=[needs("notes:write")])
async def break_after_writing(session: SessionDep) -> None:
    await session.execute(insert(NOTES).values(text="half"))
    raise RuntimeError("boom with 13812345678")


@router.post("/unwritable", dependencies=[needs("notes:write")])
async def write_to_no_column(body: NewNote, session: SessionDep) -> None:
    await session.execute(text("INSERT INTO late (nothing) VALUES (:said)"), {"said": body.text})


@router.post("/echo", dependencies=[needs("notes:write")])
async def echo(body: NewNote) -> str:
    return body.text


@router.post("/about/{whom}", dependencies=[needs("notes:write")])
async def about(whom: str) -> str:
    return whom


@router.post("/secret", status_code=201, dependencies=[needs("notes:write")], openapi_extra=with_secret())
async def tell_secret(session: SessionDep, response: Response) -> str:
    await session.execute(insert(NOTES).values(text="secret"))
    response.headers["location"] = "/v1/notes/7"
    return "sesame"


@router.post("/slow", dependencies=[needs("notes:write")])
async def slow(session: SessionDep) -> None:
    await session.execute(insert(NOTES).values(text="slow"))
    await session.execute(text("select pg_sleep(20)"))


@router.post("/streamed", dependencies=[needs("notes:write")], openapi_extra=streams(10_000))
async def take_stream(request: Request, session: SessionDep) -> list[int]:
    await session.execute(insert(NOTES).values(text=str(ids.new_id())))
    return [len(part) async for part in request.stream() if part]


@router.get("/flowing", response_class=Response, dependencies=[needs("notes:read")])
async def flow() -> StreamingResponse:
    async def said() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"part"
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.Event().wait(), 0.3)

    return StreamingResponse(said())


@router.get("/breaking-off", response_class=Response, dependencies=[needs("notes:read")])
async def break_off() -> StreamingResponse:
    async def said() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("boom")

    return StreamingResponse(said())


@router.get("/pages", dependencies=[needs("notes:read")])
async def pages(query: PageQuery) -> int:
    return query.limit


@router.get("/count", dependencies=[needs("notes:read")])
async def count(session: SessionDep, of: str | None = None) -> int:
    counted = select(func.count()).select_from(NOTES)
    return (await session.execute(counted.where(NOTES.c.text == of) if of else counted)).scalar_one()


@router.put("/versioned", dependencies=[needs("notes:write")])
async def versioned(response: Response, expected: IfMatch, session: SessionDep) -> None:
    check_version(expected, 7)
    etag(response, 8)


def create_app(runtime: Runtime[SampleSettings]) -> FastAPI:
    return build_app(runtime, title="Sample", routers=[router])


@pytest.fixture
def service_under_test() -> Service[Any]:
    return SampleService("sample", "careloop_common", SampleSettings, create_app)


@pytest.fixture
def settings_overrides() -> dict[str, Any]:
    return {"body_bytes": 4096}


@pytest.fixture
def problem() -> Problem:
    """`problem(answer, 404, "route_not_found")`: the answer is such a problem document, which is given back."""

    def check(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
        assert response.status_code == status, response.text
        assert response.headers["content-type"] == "application/problem+json"
        body: dict[str, Any] = response.json()
        assert body["code"] == code
        assert body["status"] == status
        assert body["type"].endswith(f"#{code}")
        return body

    return check
