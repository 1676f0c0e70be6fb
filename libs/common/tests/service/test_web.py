"""The HTTP edge on a real database: one transaction a request, problems for every failure, keys that work once."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from careloop_common import health, ids
from careloop_common.app import build_app
from careloop_common.database import asyncpg_url, service_metadata
from careloop_common.errors import DomainError, Kind
from careloop_common.pagination import PageQuery
from careloop_common.plumbing import idempotency, timer
from careloop_common.runtime import Runtime
from careloop_common.service import Service
from careloop_common.settings import ServiceSettings, settings_config
from careloop_common.testing.serving import serving
from careloop_common.timers import canary
from careloop_common.web import (
    ActorDep,
    Body,
    CareRouter,
    IfMatch,
    NowDep,
    SessionDep,
    check_version,
    etag,
    needs,
    problems,
    streams,
    with_secret,
)
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field
from sqlalchemy import Column, ForeignKey, Integer, Table, Text, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import create_async_engine

JSON = {"content-type": "application/json"}
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
                await asyncio.wait_for(asyncio.Event().wait(), 0.1)

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


def assert_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["code"] == code
    assert body["status"] == status
    assert body["type"].endswith(f"#{code}")
    return body


async def test_a_request_commits_before_its_answer(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/notes", json={"text": " a "})
    assert answer.status_code == 201
    assert answer.json()["by"] == "test-user"
    assert (await client.get("/v1/notes/count")).json() == 1


async def test_a_domain_error_is_its_problem_and_writes_nothing(client: httpx.AsyncClient) -> None:
    await client.post("/v1/notes", json={"text": "a"})
    body = assert_problem(await client.post("/v1/notes", json={"text": "a"}), 409, "note_taken")
    assert body["errors"] == [{"pointer": "/text", "detail": "a is there."}]


async def test_a_commit_that_fails_is_no_success(client: httpx.AsyncClient) -> None:
    assert_problem(await client.post("/v1/notes/late"), 500, "internal_error")


async def test_a_crash_leaves_nothing_half_written(client: httpx.AsyncClient) -> None:
    body = assert_problem(await client.post("/v1/notes/broken"), 500, "internal_error")
    assert "boom" not in str(body)
    assert (await client.get("/v1/notes/count")).json() == 0


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"{", 400, "malformed_request"),
        (b"", 422, "validation_failed"),
        (b"[]", 422, "validation_failed"),
        (b'{"text": 7}', 422, "validation_failed"),
        (b'{"text": "a", "unknown": 1}', 422, "validation_failed"),
        (b'{"text": "\xff\xfe"}', 400, "malformed_request"),
        ('{"text": "a"}'.encode("utf-16"), 400, "malformed_request"),
        ('{"text": "a"}'.encode("utf-16-le"), 400, "malformed_request"),
        (b'{"text": "a", "times": 1e999}', 422, "validation_failed"),
        (b'{"text": "' + b"a" * 5000 + b'"}', 413, "body_too_large"),
    ],
)
async def test_bad_bodies(client: httpx.AsyncClient, content: bytes, status: int, code: str) -> None:
    headers = {"content-type": "application/json"}
    assert_problem(await client.post("/v1/notes", content=content, headers=headers), status, code)
    assert (await client.get("/v1/notes/count")).json() == 0


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "text/plain",
        "application/xml",
        "application/json+xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=gbk",
        "application/json, text/plain",
        "json",
    ],
)
async def test_bodies_that_do_not_say_that_they_are_json(client: httpx.AsyncClient, kind: str | None) -> None:
    headers = {"content-type": kind} if kind else {}
    answer = await client.post("/v1/notes", content=b'{"text": "a"}', headers=headers)
    assert "application/json" in assert_problem(answer, 415, "media_type_not_supported")[
        "detail"
    ] or "gbk" in str(kind)
    assert (await client.get("/v1/notes/count")).json() == 0


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "Application/JSON; charset=UTF-8",
        'application/json;charset="utf-8"',
        "application/x+json",
    ],
)
async def test_the_ways_to_say_that_a_body_is_json(client: httpx.AsyncClient, kind: str) -> None:
    content = '{"text": "诉"}'.encode()
    answer = await client.post("/v1/notes", content=content, headers={"content-type": kind})
    assert answer.status_code == 201, answer.text


async def test_who_sends_no_body_need_not_say_of_what_type_it_is_not(client: httpx.AsyncClient) -> None:
    assert_problem(await client.post("/v1/notes"), 422, "validation_failed")
    kept = await client.post(
        "/v1/notes/slow", headers={"x-request-timeout": "0", "content-type": "text/plain"}
    )
    assert_problem(kept, 504, "deadline_exceeded")


async def test_a_chunked_body_over_the_limit_is_refused(client: httpx.AsyncClient) -> None:
    async def chunks() -> Any:
        for _ in range(10):
            yield b" " * 1000

    headers = {"content-type": "application/json"}
    assert_problem(await client.post("/v1/notes", content=chunks(), headers=headers), 413, "body_too_large")


class TestStreams:
    async def test_a_body_is_read_as_it_comes_up_to_the_limit_of_its_route(
        self, client: httpx.AsyncClient
    ) -> None:
        def parts(count: int) -> AsyncIterator[bytes]:
            async def sent() -> AsyncIterator[bytes]:
                for _ in range(count):
                    yield b"x" * 1000

            return sent()

        answer = await client.post("/v1/notes/streamed", content=parts(9))
        assert answer.json() == [1000] * 9
        assert_problem(await client.post("/v1/notes/streamed", content=parts(11)), 413, "body_too_large")
        assert_problem(await client.post("/v1/notes/streamed", content=b"x" * 10_001), 413, "body_too_large")
        assert (await client.get("/v1/notes/count")).json() == 1

    async def test_nothing_else_reads_it(self, client: httpx.AsyncClient) -> None:
        headers = {"idempotency-key": "k", "content-type": "application/json"}
        for _ in range(2):
            answer = await client.post("/v1/notes/streamed", content=b"\xff\xfe\0", headers=headers)
            assert answer.json() == [3]
        assert (await client.get("/v1/notes/count")).json() == 2

    async def test_an_answer_may_take_its_time_from_part_to_part(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/v1/notes/flowing", headers={"x-request-timeout": "0.25"})
        assert answer.content == b"part" * 5


async def test_a_misspelt_parameter_is_refused_by_name(client: httpx.AsyncClient) -> None:
    await client.post("/v1/notes", json={"text": "one"})
    assert (await client.get("/v1/notes/count", params={"of": "two"})).json() == 0
    body = assert_problem(
        await client.get("/v1/notes/count", params={"off": "two"}), 422, "validation_failed"
    )
    assert body["errors"] == [{"pointer": "off", "detail": "No such parameter"}]


async def test_unknown_routes_and_methods(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/v1/nothing"), 404, "route_not_found")
    refused = await client.delete("/v1/notes")
    assert_problem(refused, 405, "method_not_allowed")
    assert refused.headers["allow"] == "POST"


async def test_callers_without_token_or_scope(
    client: httpx.AsyncClient, client_as: Callable[..., httpx.AsyncClient]
) -> None:
    missing = await client.get("/v1/notes/count", headers={"authorization": ""})
    assert_problem(missing, 401, "unauthenticated")
    assert missing.headers["www-authenticate"].startswith("Bearer")
    reader = client_as("notes:read")
    assert (await reader.get("/v1/notes/count")).status_code == 200
    assert (
        assert_problem(await reader.post("/v1/notes", json={}), 403, "scope_missing")["scope"]
        == "notes:write"
    )


async def test_the_deadline_ends_the_request_and_its_transaction(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/notes/slow", headers={"x-request-timeout": "0.2"})
    assert_problem(answer, 504, "deadline_exceeded")
    assert (await client.get("/v1/notes/count")).json() == 0


async def test_a_key_works_once_and_replays_its_answer(client: httpx.AsyncClient) -> None:
    key = {"idempotency-key": "k1"}
    first = await client.post("/v1/notes", json={"text": "a"}, headers=key)
    again = await client.post("/v1/notes", json={"text": "a"}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert_problem(
        await client.post("/v1/notes", json={"text": "b"}, headers=key), 422, "idempotency_key_reused"
    )
    assert_problem(
        await client.post("/v1/notes", json={"text": "c"}, headers={"idempotency-key": "k" * 201}),
        422,
        "idempotency_key_invalid",
    )
    assert (await client.get("/v1/notes/count")).json() == 1


async def test_what_is_kept_for_a_key_tells_nobody_what_was_said(
    client: httpx.AsyncClient, runtime: Runtime[SampleSettings]
) -> None:
    key = {"idempotency-key": "k1"}
    body = b'{"text":"Sima Yi"}'
    first = await client.post("/v1/notes/echo", content=body, headers={**JSON, **key})
    assert first.json() == "Sima Yi"
    async with runtime.database.transaction() as session:
        [kept] = (await session.execute(select(idempotency))).all()
    assert b"Sima" not in kept.body
    assert kept.fingerprint != hashlib.sha256(b"\0" + body).hexdigest(), "that could be guessed"
    again = await client.post("/v1/notes/echo", content=body, headers={**JSON, **key})
    assert (again.json(), again.headers["idempotency-replayed"]) == ("Sima Yi", "true")


async def test_an_answer_with_a_secret_is_given_once(
    client: httpx.AsyncClient, runtime: Runtime[SampleSettings]
) -> None:
    key = {"idempotency-key": "k1"}
    assert (await client.post("/v1/notes/secret", headers=key)).status_code == 201
    again = assert_problem(await client.post("/v1/notes/secret", headers=key), 409, "secret_shown_once")
    assert again["location"] == "/v1/notes/7"
    assert (await client.get("/v1/notes/count")).json() == 1


async def test_the_same_key_of_another_caller_is_another_key(
    client_as: Callable[..., httpx.AsyncClient],
) -> None:
    key = {"idempotency-key": "k1"}
    for actor in ("a", "b"):
        made = await client_as("notes:write", actor_id=actor).post(
            "/v1/notes", json={"text": actor}, headers=key
        )
        assert made.json()["by"] == actor


async def test_a_failed_request_does_not_use_up_its_key(client: httpx.AsyncClient) -> None:
    key = {"idempotency-key": "k1"}
    assert_problem(await client.post("/v1/notes/broken", headers=key), 500, "internal_error")
    assert (await client.post("/v1/notes", json={"text": "a"}, headers=key)).status_code == 201


async def test_fifty_at_once_with_one_key_have_one_effect(client: httpx.AsyncClient) -> None:
    async def send() -> int:
        body = {"text": "a"}
        return (await client.post("/v1/notes", json=body, headers={"idempotency-key": "k"})).status_code

    statuses = await asyncio.gather(*[send() for _ in range(50)])
    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    assert (await client.get("/v1/notes/count")).json() == 1


async def test_versions(client: httpx.AsyncClient) -> None:
    assert (await client.put("/v1/notes/versioned", headers={"if-match": '"7"'})).headers["etag"] == '"8"'
    assert (await client.put("/v1/notes/versioned", headers={"if-match": "*"})).status_code == 200
    for wrong in ('"6"', "seven", '"7"; "8"'):
        answer = await client.put("/v1/notes/versioned", headers={"if-match": wrong})
        assert_problem(answer, 412, "version_mismatch")


async def test_a_cursor_that_is_none_is_named_like_any_parameter(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/notes/pages", params={"cursor": "x"})
    assert [one["pointer"] for one in assert_problem(answer, 422, "invalid_cursor")["errors"]] == ["cursor"]


async def test_every_answer_names_its_request(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/notes/count", headers={"x-request-id": "r-1"})).headers[
        "x-request-id"
    ] == "r-1"
    made_up = (await client.get("/v1/nothing", headers={"x-request-id": "x" * 65})).headers["x-request-id"]
    assert made_up != "x" * 65


async def test_openapi_states_scopes_and_problems(client: httpx.AsyncClient) -> None:
    operation = (await client.get("/openapi.json")).json()["paths"]["/v1/notes"]["post"]
    assert operation["x-scope"] == "notes:write"
    assert "note_taken" in operation["responses"]["409"]["description"]
    assert "application/problem+json" in operation["responses"]["422"]["content"]


async def test_openapi_states_the_headers_that_a_route_heeds(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]

    def headers(path: str, method: str) -> set[str]:
        parameters = paths[path][method].get("parameters", ())
        return {one["name"] for one in parameters if one["in"] == "header"}

    assert headers("/v1/notes", "post") == {"Idempotency-Key"}
    assert headers("/v1/notes/streamed", "post") == set()
    assert headers("/v1/notes/versioned", "put") == {"If-Match"}
    assert headers("/v1/notes/count", "get") == set()


async def test_health(client: httpx.AsyncClient, eventually: Callable[..., Any]) -> None:
    assert (await client.get("/livez")).json() == {"status": "pass"}
    await eventually(lambda: _ready(client))
    assert b"http_server_request_duration_seconds_bucket" in (await client.get("/metrics")).content


async def _ready(client: httpx.AsyncClient) -> bool:
    body = (await client.get("/readyz")).json()
    return bool(body["status"] == "pass")


async def test_b11_any_process_can_tell_that_nobody_fires_timers(
    client: httpx.AsyncClient, runtime: Runtime[SampleSettings], eventually: Callable[..., Any]
) -> None:
    async with runtime.database.transaction() as session:
        await canary.plant(session)
        await session.execute(update(timer).values(due_at=func.now() - timedelta(seconds=30)))
    await eventually(lambda: _warned_of_timers(client))
    async with runtime.database.transaction() as session:
        await session.execute(delete(timer))


async def test_a_stopped_worker_is_noticed_within_a_minute_and_a_slow_one_is_not(
    client: httpx.AsyncClient, runtime: Runtime[SampleSettings], eventually: Callable[..., Any]
) -> None:
    """Of the canary's round, of how late it may be, and of how old an answer of `/readyz` may be, the sum."""
    assert canary.EVERY.total_seconds() + health.CANARY_TOLERANCE + health.CACHE_SECONDS <= 60
    for late, expected in (
        (health.CANARY_TOLERANCE - 5, _ready),
        (health.CANARY_TOLERANCE, _warned_of_timers),
    ):
        async with runtime.database.transaction() as session:
            await canary.plant(session)
            await session.execute(update(timer).values(due_at=func.now() - timedelta(seconds=late)))
        await eventually(lambda expected=expected: expected(client))
    async with runtime.database.transaction() as session:
        await session.execute(delete(timer))


async def _warned_of_timers(client: httpx.AsyncClient) -> bool:
    answer = await client.get("/readyz")
    assert answer.status_code == 200
    return bool(answer.json()["checks"]["timers"]["status"] == "warn")


async def test_a_lost_database_is_unavailable_not_broken(
    client: httpx.AsyncClient, runtime: Runtime[SampleSettings]
) -> None:
    await runtime.database.close()
    runtime.database.__init__("postgresql://nobody@127.0.0.1:1/none", service="sample")  # type: ignore[misc]
    answer = await client.get("/v1/notes/count")
    assert_problem(answer, 503, "service_unavailable")
    assert answer.headers["retry-after"]
    assert (await client.get("/readyz")).status_code == 503


async def test_a_crash_is_logged_once_and_costs_its_connection_nothing(
    app: FastAPI, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The connection is in the gateway's pool: closing it would break the next request, which is somebody else's."""
    async with (
        serving(app) as address,
        httpx.AsyncClient(base_url=address, headers=client.headers) as over_one,
    ):
        assert_problem(await over_one.post("/v1/notes/broken"), 500, "internal_error")
        stream = (await over_one.get("/v1/notes/count")).extensions["network_stream"]
        used = stream.get_extra_info("client_addr")
        for _ in range(5):
            broken = await over_one.post("/v1/notes/broken")
            assert_problem(broken, 500, "internal_error")
            assert "connection" not in broken.headers
            assert broken.extensions["network_stream"].get_extra_info("client_addr") == used
    errors = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert errors == ["request.failed"] * 6


async def test_what_was_written_when_a_statement_failed_is_in_no_log(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    assert_problem(await client.post("/v1/notes/unwritable", json={"text": "Sima Yi"}), 500, "internal_error")
    [line] = [vars(record)["exception"] for record in caplog.records if record.levelname == "ERROR"]
    assert "INSERT INTO late" in line
    assert "Sima Yi" not in line


async def test_half_an_answer_ends_with_its_connection(app: FastAPI, client: httpx.AsyncClient) -> None:
    async with (
        serving(app) as address,
        httpx.AsyncClient(base_url=address, headers=client.headers) as over_one,
    ):
        with pytest.raises(httpx.RemoteProtocolError):
            await over_one.get("/v1/notes/breaking-off")
