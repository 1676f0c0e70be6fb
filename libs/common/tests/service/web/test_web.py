"""The HTTP edge on a real database: one transaction a request, problems for every failure."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from careloop_common import health
from careloop_common.plumbing import timer
from careloop_common.runtime import Runtime
from careloop_common.settings import ServiceSettings
from careloop_common.testing.serving import serving
from careloop_common.timers import canary
from fastapi import FastAPI
from sqlalchemy import delete, func, update

Problem = Callable[[httpx.Response, int, str], dict[str, Any]]


async def test_a_request_commits_before_its_answer(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/notes", json={"text": " a "})
    assert answer.status_code == 201
    assert answer.json()["by"] == "test-user"
    assert (await client.get("/v1/notes/count")).json() == 1


async def test_a_domain_error_is_its_problem_and_writes_nothing(
    client: httpx.AsyncClient, problem: Problem
) -> None:
    await client.post("/v1/notes", json={"text": "a"})
    body = problem(await client.post("/v1/notes", json={"text": "a"}), 409, "note_taken")
    assert body["errors"] == [{"pointer": "/text", "detail": "a is there."}]


async def test_a_commit_that_fails_is_no_success(client: httpx.AsyncClient, problem: Problem) -> None:
    problem(await client.post("/v1/notes/late"), 500, "internal_error")


async def test_a_crash_leaves_nothing_half_written(client: httpx.AsyncClient, problem: Problem) -> None:
    body = problem(await client.post("/v1/notes/broken"), 500, "internal_error")
    assert "boom" not in str(body)
    assert (await client.get("/v1/notes/count")).json() == 0


async def test_a_misspelt_parameter_is_refused_by_name(client: httpx.AsyncClient, problem: Problem) -> None:
    await client.post("/v1/notes", json={"text": "one"})
    assert (await client.get("/v1/notes/count", params={"of": "two"})).json() == 0
    body = problem(await client.get("/v1/notes/count", params={"off": "two"}), 422, "validation_failed")
    assert body["errors"] == [{"pointer": "off", "detail": "No such parameter"}]


async def test_a_parameter_that_is_given_twice_is_refused_and_not_the_first_of_both_ignored(
    client: httpx.AsyncClient, problem: Problem
) -> None:
    twice = [("of", "one"), ("of", "two")]
    body = problem(await client.get("/v1/notes/count", params=twice), 422, "validation_failed")
    assert body["errors"] == [{"pointer": "of", "detail": "Given more than once"}]


async def test_unknown_routes_and_methods(client: httpx.AsyncClient, problem: Problem) -> None:
    problem(await client.get("/v1/nothing"), 404, "route_not_found")
    refused = await client.delete("/v1/notes")
    problem(refused, 405, "method_not_allowed")
    assert refused.headers["allow"] == "POST"


async def test_callers_without_token_or_scope(
    client: httpx.AsyncClient, client_as: Callable[..., httpx.AsyncClient], problem: Problem
) -> None:
    missing = await client.get("/v1/notes/count", headers={"authorization": ""})
    problem(missing, 401, "unauthenticated")
    assert missing.headers["www-authenticate"].startswith("Bearer")
    reader = client_as("notes:read")
    assert (await reader.get("/v1/notes/count")).status_code == 200
    assert problem(await reader.post("/v1/notes", json={}), 403, "scope_missing")["scope"] == "notes:write"


async def test_the_deadline_ends_the_request_and_its_transaction(
    client: httpx.AsyncClient, problem: Problem
) -> None:
    answer = await client.post("/v1/notes/slow", headers={"x-request-timeout": "0.2"})
    problem(answer, 504, "deadline_exceeded")
    assert (await client.get("/v1/notes/count")).json() == 0


async def test_versions(client: httpx.AsyncClient, problem: Problem) -> None:
    assert (await client.put("/v1/notes/versioned", headers={"if-match": '"7"'})).headers["etag"] == '"8"'
    assert (await client.put("/v1/notes/versioned", headers={"if-match": "*"})).status_code == 200
    for wrong in ('"6"', "seven", '"7"; "8"'):
        answer = await client.put("/v1/notes/versioned", headers={"if-match": wrong})
        problem(answer, 412, "version_mismatch")


async def test_a_cursor_that_is_none_is_named_like_any_parameter(
    client: httpx.AsyncClient, problem: Problem
) -> None:
    answer = await client.get("/v1/notes/pages", params={"cursor": "x"})
    assert [one["pointer"] for one in problem(answer, 422, "invalid_cursor")["errors"]] == ["cursor"]


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
    client: httpx.AsyncClient, runtime: Runtime[ServiceSettings], eventually: Callable[..., Any]
) -> None:
    async with runtime.database.transaction() as session:
        await canary.plant(session)
        await session.execute(update(timer).values(due_at=func.now() - timedelta(seconds=30)))
    await eventually(lambda: _warned_of_timers(client))
    async with runtime.database.transaction() as session:
        await session.execute(delete(timer))


async def test_a_stopped_worker_is_noticed_within_a_minute_and_a_slow_one_is_not(
    client: httpx.AsyncClient, runtime: Runtime[ServiceSettings], eventually: Callable[..., Any]
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
    client: httpx.AsyncClient, runtime: Runtime[ServiceSettings], problem: Problem
) -> None:
    await runtime.database.close()
    runtime.database.__init__("postgresql://nobody@127.0.0.1:1/none", service="sample")  # type: ignore[misc]
    answer = await client.get("/v1/notes/count")
    problem(answer, 503, "service_unavailable")
    assert answer.headers["retry-after"]
    assert (await client.get("/readyz")).status_code == 503


async def test_a_crash_is_logged_once_and_costs_its_connection_nothing(
    app: FastAPI, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, problem: Problem
) -> None:
    """The connection is in the gateway's pool: closing it would break the next request, which is somebody else's."""
    async with (
        serving(app) as address,
        httpx.AsyncClient(base_url=address, headers=client.headers) as over_one,
    ):
        problem(await over_one.post("/v1/notes/broken"), 500, "internal_error")
        stream = (await over_one.get("/v1/notes/count")).extensions["network_stream"]
        used = stream.get_extra_info("client_addr")
        for _ in range(5):
            broken = await over_one.post("/v1/notes/broken")
            problem(broken, 500, "internal_error")
            assert "connection" not in broken.headers
            assert broken.extensions["network_stream"].get_extra_info("client_addr") == used
    errors = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert errors == ["request.failed"] * 6


async def test_what_was_written_when_a_statement_failed_is_in_no_log(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, problem: Problem
) -> None:
    problem(await client.post("/v1/notes/unwritable", json={"text": "Sima Yi"}), 500, "internal_error")
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
