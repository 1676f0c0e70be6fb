"""What a front-end, an operator and an integrator do, through the front door only."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
from careloop_common import ids

Eventually = Callable[..., Awaitable[Any]]


async def register(admin: httpx.AsyncClient, **facts: Any) -> str:
    body = {
        "name": "王芳",
        "phone": "138 1726 4853",
        "source": "journey",
        "external_id": ids.new_id().hex,
        **facts,
    }
    answer = await admin.post("/v1/customers", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["customer_id"])


async def test_a_complaint_goes_from_intake_to_archive(
    admin: httpx.AsyncClient, complaint: dict[str, Any], eventually: Eventually
) -> None:
    customer = await register(
        admin,
        email="wang.fang@189.cn",
        consents=[{"purpose": "service", "channel": "email", "granted": True}],
    )
    opened = await admin.post("/v1/tickets", json={**complaint, "customer_id": customer})
    ticket = opened.json()
    assert opened.status_code == 201, opened.text
    assert ticket["number"] in ticket["acknowledgement"]
    path = f"/v1/tickets/{ticket['id']}"
    for act in ("respond", "resolve"):
        assert (await admin.post(f"{path}/{act}", json={})).status_code == 200

    async def asked() -> bool:
        found = (await admin.get("/v1/messages", params={"customer_id": customer})).json()["items"]
        return any(message["template"] == "satisfaction_question" for message in found)

    await eventually(asked, timeout=15)
    answer = await admin.post(f"{path}/satisfaction", json={"reply": "很好"})
    assert answer.status_code in {200, 201}, answer.text
    assert (await admin.get(path)).json()["status"] == "archived"
    facts = [entry["fact"] for entry in (await admin.get(f"{path}/history")).json()["items"]]
    assert facts[0] == "opened"
    assert facts[-1] == "archived"


async def test_a_file_goes_through_the_front_door_and_comes_back_as_it_was(
    admin: httpx.AsyncClient, complaint: dict[str, Any]
) -> None:
    ticket = (await admin.post("/v1/tickets", json=complaint)).json()
    path = f"/v1/tickets/{ticket['id']}/attachments"
    large = b"%PDF-1.7\n1 0 obj<<>>endobj\n" + bytes(range(256)) * (12 << 10) + b"\nstartxref\n9\n%%EOF\n"
    for name, data in (("发票.pdf", large), ("清单.csv", "月份,金额\n一月,58\n".encode("gb18030"))):
        disposition = f'attachment; filename="{name}"'.encode()
        made = await admin.post(path, content=data, headers={"content-disposition": disposition})
        assert (made.status_code, made.json()["name"][:2]) == (201, name[:2]), made.text
        answer = await admin.get(f"{path}/{made.json()['id']}/content")
        assert answer.content == data
        assert answer.headers["content-type"] == made.json()["media_type"]
        assert answer.headers["content-length"] == str(len(data))
        assert answer.headers["etag"] == f'"{made.json()["sha256"]}"'
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "filename*=UTF-8''%E" in answer.headers["content-disposition"]
    shown = (await admin.get(f"/tmf-api/troubleTicket/v5/troubleTicket/{ticket['id']}")).json()["attachment"]
    assert (await admin.get(shown[0]["url"])).content == large
    lie = await admin.post(path, content=large, headers={"content-type": "image/png"})
    assert (lie.status_code, lie.json()["code"]) == (422, "attachment_type_mismatch")


async def test_the_360_view_is_whole(
    admin: httpx.AsyncClient, complaint: dict[str, Any], eventually: Eventually
) -> None:
    customer = await register(admin)
    await admin.post("/v1/tickets", json={**complaint, "customer_id": customer})

    async def whole() -> bool:
        view = (await admin.get(f"/v1/customers/{customer}/view")).json()
        return bool(
            view["complete"] and view["tickets"]["data"]["items"] and view["profile"]["status"] == "ok"
        )

    await eventually(whole, timeout=15)
    assert (await admin.get(f"/v1/customers/{ids.new_id()}/view")).status_code == 404


async def test_an_api_key_may_do_what_its_roles_say_and_no_more(
    admin: httpx.AsyncClient, eventually: Eventually
) -> None:
    made = await admin.post("/v1/api-keys", json={"name": "wallboard", "roles": ["viewer"]})
    assert made.status_code == 201, made.text
    base = str(admin.base_url)
    async with httpx.AsyncClient(
        base_url=base, headers={"x-api-key": made.json()["key"]}, timeout=20
    ) as viewer:
        assert (await viewer.get("/v1/tickets")).status_code == 200
        refused = await viewer.post("/v1/tickets", json={})
        assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
        await admin.delete(f"/v1/api-keys/{made.json()['id']}")
        await eventually(lambda: _refused(viewer))


async def _refused(client: httpx.AsyncClient) -> bool:
    return (await client.get("/v1/tickets")).status_code == 401


async def test_personal_data_is_masked_for_those_who_need_not_see_it(admin: httpx.AsyncClient) -> None:
    customer = await register(admin, name="张小明", phone="13917264853", email="zhang.xm@189.cn")
    made = (await admin.post("/v1/api-keys", json={"name": "wallboard", "roles": ["viewer"]})).json()
    base = str(admin.base_url)
    async with httpx.AsyncClient(base_url=base, headers={"x-api-key": made["key"]}, timeout=20) as viewer:
        shown = (await viewer.get(f"/v1/customers/{customer}")).text
    assert "张小明" not in shown
    assert "17264853" not in shown
    assert "zhang.xm@" not in shown
    assert "张小明" in (await admin.get(f"/v1/customers/{customer}")).text


async def test_a_retried_request_has_one_effect(admin: httpx.AsyncClient, complaint: dict[str, Any]) -> None:
    headers = {"idempotency-key": ids.new_id().hex}
    first = await admin.post("/v1/tickets", json=complaint, headers=headers)
    again = await admin.post("/v1/tickets", json=complaint, headers=headers)
    assert first.json()["id"] == again.json()["id"]
    assert again.headers["idempotency-replayed"] == "true"


async def test_a_trace_crosses_gateway_and_service(admin: httpx.AsyncClient) -> None:
    trace = ids.new_id().hex
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01", "x-request-id": "journey-1"}
    answer = await admin.get(f"/v1/customers/{UUID(int=1)}", headers=headers)
    assert answer.status_code == 404
    assert answer.headers["x-request-id"] == "journey-1"
    assert len(answer.json()["trace_id"]) == 32
