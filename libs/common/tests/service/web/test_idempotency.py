"""Idempotency keys: one effect, one answer, and nothing kept that tells who it was about."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

import httpx
from careloop_common.plumbing import idempotency
from careloop_common.runtime import Runtime
from careloop_common.settings import ServiceSettings
from sqlalchemy import select

Problem = Callable[[httpx.Response, int, str], dict[str, Any]]
JSON = {"content-type": "application/json"}


async def test_a_key_works_once_and_replays_its_answer(client: httpx.AsyncClient, problem: Problem) -> None:
    key = {"idempotency-key": "k1"}
    first = await client.post("/v1/notes", json={"text": "a"}, headers=key)
    again = await client.post("/v1/notes", json={"text": "a"}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    problem(await client.post("/v1/notes", json={"text": "b"}, headers=key), 422, "idempotency_key_reused")
    problem(
        await client.post("/v1/notes", json={"text": "c"}, headers={"idempotency-key": "k" * 201}),
        422,
        "idempotency_key_invalid",
    )
    assert (await client.get("/v1/notes/count")).json() == 1


async def test_what_is_kept_for_a_key_tells_nobody_what_was_said(
    client: httpx.AsyncClient, runtime: Runtime[ServiceSettings]
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
    client: httpx.AsyncClient, runtime: Runtime[ServiceSettings], problem: Problem
) -> None:
    key = {"idempotency-key": "k1"}
    assert (await client.post("/v1/notes/secret", headers=key)).status_code == 201
    again = problem(await client.post("/v1/notes/secret", headers=key), 409, "secret_shown_once")
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


async def test_a_key_is_for_one_address_whatever_signs_are_in_it(client: httpx.AsyncClient) -> None:
    key = {"idempotency-key": "k1"}
    for whom in ("a", "a%3Fb", "a%00b", "诉"):
        first, again = [await client.post(f"/v1/notes/about/{whom}", headers=key) for _ in range(2)]
        assert first.status_code == 200, first.text
        assert "idempotency-replayed" not in first.headers
        assert (again.json(), again.headers["idempotency-replayed"]) == (first.json(), "true")


async def test_a_failed_request_does_not_use_up_its_key(client: httpx.AsyncClient, problem: Problem) -> None:
    key = {"idempotency-key": "k1"}
    problem(await client.post("/v1/notes/broken", headers=key), 500, "internal_error")
    assert (await client.post("/v1/notes", json={"text": "a"}, headers=key)).status_code == 201


async def test_fifty_at_once_with_one_key_have_one_effect(client: httpx.AsyncClient) -> None:
    async def send() -> int:
        body = {"text": "a"}
        return (await client.post("/v1/notes", json=body, headers={"idempotency-key": "k"})).status_code

    statuses = await asyncio.gather(*[send() for _ in range(50)])
    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    assert (await client.get("/v1/notes/count")).json() == 1
