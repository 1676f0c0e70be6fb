"""Whatever comes in: a problem document with a stable code, and nothing half-written."""

import json
from typing import Any

import httpx
import pytest
from careloop_common import ids
from fleet import Fleet

JSON = {"content-type": "application/json"}
TICKET = "/v1/tickets"


def problem(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    body = answer.json()
    assert (body["status"], body["code"]) == (status, code), body
    assert {"type", "title", "detail", "instance", "trace_id"} <= body.keys()


async def tickets(admin: httpx.AsyncClient) -> int:
    summary = (await admin.get("/v1/tickets", params={"limit": 100})).json()
    return len(summary["items"])


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"{", 400, "malformed_request"),
        (b"\xff\xfe\x00", 400, "malformed_request"),
        ('{"channel": "hotline", "subject": "慢"}'.encode("gb18030"), 400, "malformed_request"),
        (b"null", 422, "validation_failed"),
        (b"[" * 5000, 400, "malformed_request"),
        (b'{"channel": 5, "subject": "x"}', 422, "validation_failed"),
        (b'{"channel": "hotline", "subject": "x", "paid": true}', 422, "validation_failed"),
        (b'{"channel": "hotline", "subject": ""}', 422, "validation_failed"),
        (b'{"channel": "hotline", "subject": "a\\u0000b"}', 422, "validation_failed"),
        (b'{"channel": "hotline", "subject": "\\ud800"}', 422, "validation_failed"),
        (json.dumps({"channel": "hotline", "subject": "x" * (1 << 20)}).encode(), 413, "body_too_large"),
    ],
)
async def test_bodies(admin: httpx.AsyncClient, content: bytes, status: int, code: str) -> None:
    before = await tickets(admin)
    problem(await admin.post(TICKET, content=content, headers=JSON), status, code)
    assert await tickets(admin) == before


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "route_not_found"),
        ("GET", "/v1/nothing", 404, "route_not_found"),
        ("GET", "/v1/tickets/not-a-uuid", 422, "validation_failed"),
        ("GET", "/v1/tickets?limit=0", 422, "validation_failed"),
        ("GET", "/v1/tickets?cursor=%FF%FE", 422, "invalid_cursor"),
        ("GET", "/v1/tickets?cursor=AAAA", 422, "invalid_cursor"),
        ("DELETE", "/v1/tickets", 405, "method_not_allowed"),
        ("TRACE", "/v1/tickets", 405, "method_not_allowed"),
        ("BREW", "/v1/tickets", 400, "malformed_request"),
    ],
)
async def test_routes(admin: httpx.AsyncClient, method: str, path: str, status: int, code: str) -> None:
    problem(await admin.request(method, path), status, code)


@pytest.mark.parametrize(
    "credentials",
    [
        {},
        {"authorization": "Bearer"},
        {"authorization": "Basic YWRtaW46YWRtaW4="},
        {"authorization": "Bearer clk_0000_0000"},
        {"authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."},
        {"x-api-key": "clk_" + "a" * 5000},
    ],
)
async def test_callers_without_valid_credentials(fleet: Fleet, credentials: dict[str, str]) -> None:
    async with httpx.AsyncClient(base_url=fleet.config.gateway_url, timeout=20) as stranger:
        answer = await stranger.get(TICKET, headers=credentials)
        assert answer.status_code == 401
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_batch_keeps_its_good_items(admin: httpx.AsyncClient) -> None:
    good: dict[str, Any] = {
        "customer": {"source": "bad-input", "external_id": ids.new_id().hex},
        "channel": "web",
        "kind": "browse",
        "occurred_at": "2026-11-20T10:00:00+08:00",
    }
    bad = [
        {},
        {**good, "channel": "telepathy"},
        {**good, "occurred_at": "yesterday"},
        {**good, "customer": {}},
        {**good, "unknown": 1},
        {**good, "properties": {"blob": "x" * 40_000}},
        7,
    ]
    answer = await admin.post("/v1/interactions/batch", json={"items": [good, *bad]})
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert body["accepted"] == 1
    assert [item["index"] for item in body["rejected"]] == list(range(1, len(bad) + 1))
    assert all(item["code"] and item["detail"] for item in body["rejected"])


async def test_a_hostile_file_ends_with_a_report(admin: httpx.AsyncClient, eventually: Any) -> None:
    rows = [
        "customer_no,name,phone,email,kind,status",
        "H1,张伟,13800138001,a@example.com,individual,active",
        'H2,"unclosed,13800138002,b@example.com,individual,active',
        "H3,=cmd|' /C calc'!A0,13800138003,c@example.com,individual,active",
        "H4,nul\x00name,13800138004,d@example.com,individual,active",
        "H5," + "x" * (10 << 20) + ",13800138005,e@example.com,individual,active",
        "H6,李娜",
        "",
    ]
    content = "\n".join(rows).encode()
    made = await admin.post(
        "/v1/imports", json={"mapping": "simulator", "filename": "evil.csv", "format": "csv"}
    )
    assert made.status_code == 201, made.text
    path = f"/v1/imports/{made.json()['import_id']}"
    size = 4 << 20
    for number, start in enumerate(range(0, len(content), size), 1):
        part = await admin.put(f"{path}/parts/{number}", content=content[start : start + size])
        assert part.status_code in {200, 201, 204}, part.text
    assert (await admin.post(f"{path}/start")).status_code == 202

    async def ended() -> Any:
        found = (await admin.get(path)).json()
        return found if found["state"] in {"completed", "failed"} else None

    report = await eventually(ended, timeout=30)
    assert report["rejected"] or report["failure"], report
    rejects = (await admin.get(f"{path}/rejects")).text
    assert not any(line.startswith(("=", "+", "@")) for line in rejects.splitlines())
    assert (await admin.get("/livez")).status_code == 200
