from base64 import b64encode
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from careloop_common import clock
from careloop_common.privacy import OVERHEAD
from sqlalchemy import text


@pytest.fixture
def use(gateway):
    """`await use(key, path)`: GET with this key."""

    async def call(key, path="/v1/whoami", method="GET", **options):
        async with httpx.AsyncClient(base_url=gateway, headers={"x-api-key": key}, timeout=15) as client:
            return await client.request(method, path, **options)

    return call


async def test_the_administrators_key_may_do_everything(admin):
    who = (await admin.get("/v1/whoami")).json()
    assert who["roles"] == ["admin"]
    assert {"api-keys:admin", "customers:personal", "tickets:write"} <= set(who["scopes"])


async def test_a_key_may_do_what_its_roles_and_scopes_say_and_no_more(make_key, use, backend, problem):
    made = await make_key(roles=["viewer"], scopes=["tickets:write"])
    who = (await use(made["key"])).json()
    assert who["id"] == f"key:{made['id']}"
    assert who["kind"] == "api_key"
    assert {"tickets:read", "tickets:write", "self:read"} <= set(who["scopes"])
    assert (await use(made["key"], "/v1/tickets", "POST", json={})).status_code == 200
    refused = await use(made["key"], "/v1/customers", "POST", json={})
    body = problem(refused, 403, "scope_missing")
    assert body["scope"] == "customers:write"
    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]
    assert len(backend.requests) == 1


async def test_the_secret_is_shown_once_and_stored_nowhere(make_key, admin, runtime):
    made = await make_key(roles=["viewer"])
    secret = made["key"].split("_", 2)[2]
    assert "key" not in (await admin.get(f"/v1/api-keys/{made['id']}")).json()
    assert secret not in (await admin.get("/v1/api-keys")).text
    async with runtime.database.transaction() as session:
        for table in ("api_key", "idempotency"):
            assert secret not in str((await session.execute(text(f"SELECT * FROM {table}"))).all())


async def test_the_same_idempotency_key_makes_one_key_and_its_secret_is_kept_nowhere(admin, runtime, problem):
    headers = {"idempotency-key": "once"}
    body = {"name": "x", "roles": ["viewer"]}
    made = await admin.post("/v1/api-keys", json=body, headers=headers)
    assert made.status_code == 201
    again = problem(await admin.post("/v1/api-keys", json=body, headers=headers), 409, "secret_shown_once")
    assert again["location"] == made.headers["location"]
    assert len((await admin.get("/v1/api-keys")).json()["items"]) == 1
    rotated = f"/v1/api-keys/{made.json()['id']}/rotate"
    new = await admin.post(rotated, json={}, headers=headers)
    assert new.status_code == 200
    problem(await admin.post(rotated, json={}, headers=headers), 409, "secret_shown_once")
    async with runtime.database.transaction() as session:
        kept = str((await session.execute(text("SELECT * FROM idempotency"))).all())
        row = (await session.execute(text("SELECT body FROM idempotency LIMIT 1"))).scalar_one()
    for answer in (made, new):
        assert answer.json()["key"].rpartition("_")[2] not in kept
    assert len(row) == OVERHEAD, "nothing is sealed in it"


async def test_a_revoked_key_is_refused_within_five_seconds(make_key, use, admin, problem, eventually):
    made = await make_key(roles=["viewer"])
    assert (await use(made["key"])).status_code == 200
    assert (await admin.delete(f"/v1/api-keys/{made['id']}")).status_code == 204

    async def refused():
        return (await use(made["key"])).status_code == 401

    await eventually(refused, timeout=5)
    problem(await use(made["key"]), 401, "credentials_invalid")
    problem(await admin.post(f"/v1/api-keys/{made['id']}/rotate", json={}), 409, "api_key_revoked")


async def test_after_a_rotation_two_secrets_are_good_for_a_while(make_key, use, admin, eventually):
    made = await make_key(roles=["viewer"])
    assert (await use(made["key"])).status_code == 200
    new = (await admin.post(f"/v1/api-keys/{made['id']}/rotate", json={"grace_seconds": 60})).json()["key"]

    async def accepted():
        return (await use(new)).status_code == 200

    await eventually(accepted)
    assert (await use(made["key"])).status_code == 200
    last = (await admin.post(f"/v1/api-keys/{made['id']}/rotate", json={"grace_seconds": 0})).json()["key"]

    async def only_the_last():
        states = [(await use(key)).status_code for key in (made["key"], new, last)]
        return states == [401, 401, 200]

    await eventually(only_the_last)


async def test_an_expired_key_is_refused(make_key, use, problem, runtime, eventually):
    soon = clock.now() + timedelta(days=1)
    made = await make_key(roles=["viewer"], expires_at=soon.isoformat())
    assert (await use(made["key"])).status_code == 200
    async with runtime.database.transaction() as session:
        past = "UPDATE api_key SET expires_at = :past, changed_at = clock_timestamp() WHERE id = :id"
        await session.execute(text(past), {"past": datetime(2020, 1, 1, tzinfo=UTC), "id": made["id"]})

    async def refused():
        return (await use(made["key"])).status_code == 401

    await eventually(refused)
    problem(await use(made["key"]), 401, "credentials_invalid")


async def test_a_key_that_would_have_expired_already_is_not_made(admin, problem):
    body = {"name": "x", "roles": ["viewer"], "expires_at": "2020-01-01T00:00:00Z"}
    problem(await admin.post("/v1/api-keys", json=body), 422, "expiry_passed")


async def test_nobody_gives_away_more_than_he_has(make_key, use, problem):
    minor = await make_key(scopes=["api-keys:admin", "tickets:read"])
    body = {"name": "x", "scopes": ["tickets:read"]}
    assert (await use(minor["key"], "/v1/api-keys", "POST", json=body)).status_code == 201
    body["scopes"] = ["tickets:write"]
    problem(await use(minor["key"], "/v1/api-keys", "POST", json=body), 403, "grant_exceeds_own")
    body = {"name": "x", "roles": ["admin"]}
    problem(await use(minor["key"], "/v1/api-keys", "POST", json=body), 403, "grant_exceeds_own")
    major = await make_key(roles=["admin"])
    path = f"/v1/api-keys/{major['id']}"
    problem(await use(minor["key"], f"{path}/rotate", "POST", json={}), 403, "grant_exceeds_own")
    problem(await use(minor["key"], path, "DELETE"), 403, "grant_exceeds_own")
    assert (await use(major["key"])).status_code == 200


async def test_bad_requests_for_keys_are_refused(admin, problem):
    for body in (
        {"name": "x"},
        {"name": "", "roles": ["viewer"]},
        {"name": "x", "roles": ["king"]},
        {"name": "x", "scopes": ["everything"]},
        {"name": "x", "roles": ["viewer"], "id": "mine"},
        {"name": "x", "roles": ["viewer"], "expires_at": "2030-01-01T00:00:00"},
        {"name": "x", "roles": ["viewer"], "expires_at": "9999-12-31T23:59:59-14:00"},
        {"name": "x\u0000", "roles": ["viewer"]},
    ):
        problem(await admin.post("/v1/api-keys", json=body), 422, "validation_failed")
    problem(await admin.get("/v1/api-keys/abcdef"), 404, "api_key_not_found")
    problem(await admin.delete("/v1/api-keys/abcdef"), 404, "api_key_not_found")
    problem(await admin.get("/v1/api-keys?cursor=x"), 422, "invalid_cursor")


async def test_keys_are_listed_page_by_page_newest_first(make_key, admin):
    made = [(await make_key(roles=["viewer"]))["id"] for _ in range(5)]
    found, cursor = [], None
    while True:
        page = (
            await admin.get("/v1/api-keys", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        ).json()
        found += [item["id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert found == made[::-1]


async def test_known_keys_go_on_working_without_the_database(
    make_key, use, runtime, anyone, problem, monkeypatch
):
    made = await make_key(roles=["viewer"])
    assert (await use(made["key"], "/v1/tickets")).status_code == 200

    def down(*_, **__):
        raise ConnectionRefusedError("the database is down")

    monkeypatch.setattr(runtime.database, "transaction", down)
    assert (await use(made["key"], "/v1/tickets")).status_code == 200
    unknown = await use("clk_abcdef_" + "x" * 43)
    problem(unknown, 503, "service_unavailable")
    assert unknown.headers["retry-after"]
    ready = await anyone.get("/readyz")
    assert ready.status_code == 200


async def test_bad_keys_are_refused(use, problem, admin_key):
    _, key_id, secret = admin_key.split("_", 2)
    for key in (
        "clk_",
        "clk_abcdef",
        "clk_abcdef_short",
        f"clk_{key_id}_{secret[:-1]}x" if not secret.endswith("x") else f"clk_{key_id}_{secret[:-1]}y",
        f"clk_{key_id}_{secret}x",
        f"clk_{key_id.upper()}_{secret}Ä",
        f"clk_{'f' * 12}_{secret}",
        "Bearer",
    ):
        answer = await use(key.encode("latin-1"))
        problem(answer, 401, "credentials_invalid")
        assert answer.headers["www-authenticate"] == 'Bearer realm="careloop", error="invalid_token"'


async def test_credentials_are_sent_once_and_as_they_should(anyone, admin_key, problem):
    nothing = await anyone.get("/v1/tickets")
    problem(nothing, 401, "unauthenticated")
    assert nothing.headers["www-authenticate"] == 'Bearer realm="careloop"'
    for headers in (
        {"authorization": admin_key},
        {"authorization": f"Basic {admin_key}"},
        {"authorization": "Bearer"},
        {"authorization": f"Bearer {admin_key}", "x-api-key": admin_key},
        [("authorization", f"Bearer {admin_key}"), ("authorization", f"Bearer {admin_key}")],
        {"authorization": "Bearer eyJ.eyJ.x"},
    ):
        answer = await anyone.get("/v1/tickets", headers=headers)
        problem(answer, 401, "credentials_invalid")


async def test_an_api_key_is_taken_as_a_user_without_a_password(anyone, admin_key, backend, problem):
    def basic(text):
        return {"authorization": f"Basic {b64encode(text.encode()).decode()}"}

    answer = await anyone.post("/v1/batch", json={"batch": []}, headers=basic(f"{admin_key}:"))
    assert answer.status_code == 200
    assert backend.last.path == "/v1/batch"
    for wrong in (":", admin_key, f"{admin_key}:secret", "somebody:", f"{admin_key}x:"):
        problem(await anyone.get("/v1/tickets", headers=basic(wrong)), 401, "credentials_invalid")
