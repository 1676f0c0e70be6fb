from datetime import timedelta

import pytest
from careloop_common import clock
from careloop_ticketing.bulk import handlers, service
from sqlalchemy import text

NOWHERE = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def shown(client):
    async def read(ticket):
        return (await client.get(f"/v1/tickets/{ticket['id']}")).json()

    return read


async def test_the_tickets_named_are_changed_one_by_one_and_their_histories_name_the_job(
    client, open_ticket, ask_bulk, work_bulk, bulk_job, bulk_results
):
    found = [await open_ticket() for _ in range(3)]
    job = await ask_bulk("assign", found, assignee_id="agent-7", level="expert")
    assert (job["state"], job["total"], job["counts"]["pending"]) == ("queued", 3, 3)
    await work_bulk()
    done = await bulk_job(job)
    assert (done["state"], done["counts"]["changed"], done["counts"]["pending"]) == ("done", 3, 0)
    assert done["finished_at"]
    assert await bulk_results(job) == {ticket["id"]: ("changed", None) for ticket in found}
    for ticket in found:
        url = f"/v1/tickets/{ticket['id']}"
        now = (await client.get(url)).json()
        assert (now["assignee_id"], now["level"], now["version"]) == ("agent-7", "expert", 3)
        last = (await client.get(f"{url}/history")).json()["items"][-1]
        assert (last["fact"], last["after"]["bulk_job"]) == ("assigned", job["id"])
        assert (last["actor_id"], last["actor_kind"]) == (done["actor_id"], done["actor_kind"])
        assert (await client.get(f"{url}/history/verification")).json()["intact"]


async def test_what_a_rule_chooses_is_fixed_when_the_job_is_asked_for(
    open_ticket, ask_bulk, work_bulk, bulk_results, act
):
    chosen = [await open_ticket(channel="app") for _ in range(2)]
    await open_ticket(channel="web")
    job = await ask_bulk("watch", over={"rule": 'channel == "app" && status == "classified"'}, person="pm")
    await act(chosen[0], "respond")
    await open_ticket(channel="app")
    await work_bulk()
    assert await bulk_results(job) == {ticket["id"]: ("changed", None) for ticket in chosen}
    assert job["rule"] == 'channel == "app" && status == "classified"'


async def test_a_saved_view_chooses_as_well(client, open_ticket, ask_bulk, work_bulk, bulk_results):
    mine = await open_ticket(channel="app")
    await open_ticket(channel="web")
    await client.put("/v1/ticket-views/app", json={"name": "App", "rule": 'channel == "app"'})
    job = await ask_bulk("note", over={"view": "app"}, text="已核实")
    await work_bulk()
    assert await bulk_results(job) == {mine["id"]: ("changed", None)}


async def test_a_ticket_that_has_moved_on_is_left_alone_and_the_others_are_not(
    open_ticket, ask_bulk, work_bulk, bulk_results, act, shown
):
    fresh, stale = await open_ticket(), await open_ticket()
    await act(stale, "respond")
    over = {"tickets": [{"id": one["id"], "version": one["version"]} for one in (fresh, stale)]}
    job = await ask_bulk("assign", over=over, assignee_id="agent-7")
    await work_bulk()
    assert await bulk_results(job) == {
        fresh["id"]: ("changed", None),
        stale["id"]: ("impossible", "version_mismatch"),
    }
    assert (await shown(stale))["assignee_id"] is None


async def test_what_is_so_already_has_no_effect(open_ticket, ask_bulk, work_bulk, bulk_results, client):
    found = [await open_ticket() for _ in range(2)]
    await client.put(f"/v1/tickets/{found[0]['id']}/watchers/pm")
    job = await ask_bulk("watch", found, person="pm")
    await work_bulk()
    assert await bulk_results(job) == {found[0]["id"]: ("no_effect", None), found[1]["id"]: ("changed", None)}


async def test_a_job_that_is_done_cannot_be_cancelled(client, open_ticket, ask_bulk, work_bulk):
    job = await ask_bulk("note", [await open_ticket()], text="已核实")
    await work_bulk()
    answer = await client.post(f"/v1/bulk-jobs/{job['id']}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "bulk_job_done")


async def test_lists_have_pages_and_items_are_found_by_result(client, open_ticket, ask_bulk, work_bulk, act):
    found = [await open_ticket() for _ in range(3)]
    await act(found[1], "cancel", reason="withdrawn")
    jobs = [await ask_bulk("assign", found, assignee_id=f"agent-{number}") for number in range(3)]
    await work_bulk()
    first = (await client.get("/v1/bulk-jobs", params={"limit": 2})).json()
    rest = (await client.get("/v1/bulk-jobs", params={"cursor": first["next_cursor"]})).json()
    assert [job["id"] for job in first["items"] + rest["items"]] == [job["id"] for job in reversed(jobs)]
    url = f"/v1/bulk-jobs/{jobs[0]['id']}/items"
    page = (await client.get(url, params={"limit": 1, "result": "changed"})).json()
    then = (await client.get(url, params={"cursor": page["next_cursor"], "result": "changed"})).json()
    assert [item["ticket_id"] for item in page["items"] + then["items"]] == [found[0]["id"], found[2]["id"]]
    (refused,) = (await client.get(url, params={"result": "impossible"})).json()["items"]
    assert (refused["ticket_id"], refused["code"]) == (found[1]["id"], "transition_impossible")
    assert "cancelled" in refused["detail"]


async def test_the_same_request_again_is_the_same_job(client, open_ticket):
    body = {
        "act": "note",
        "arguments": {"text": "已核实"},
        "over": {"tickets": [(await open_ticket())["id"]]},
    }
    answers = [
        await client.post("/v1/bulk-jobs", json=body, headers={"idempotency-key": "k"}) for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert len((await client.get("/v1/bulk-jobs")).json()["items"]) == 1


async def test_what_became_of_old_jobs_is_forgotten_but_not_that_they_were(
    client, runtime, open_ticket, ask_bulk, work_bulk, bulk_job, bulk_results
):
    job = await ask_bulk("resolve", [await open_ticket()], outcome="explained", note="已修复")
    open_one = await ask_bulk("note", [await open_ticket()], text="未做")
    await work_bulk(turns=1, limit=2)
    async with runtime.database.transaction() as session:
        assert not await service.forget(session, days=1, now=clock.now())
    assert await bulk_results(job)
    later = clock.now() + timedelta(days=2)
    async with runtime.database.transaction() as session:
        await service.forget(session, days=1, now=later)
    found = await bulk_job(job)
    assert (found["arguments"], found["counts"]["changed"]) == ({"outcome": "explained"}, 1)
    assert await bulk_results(job) == {}
    assert len(await bulk_results(open_one)) == 1
    answer = await client.post(f"/v1/bulk-jobs/{job['id']}/undo")
    assert (answer.status_code, answer.json()["code"]) == (409, "undo_impossible")
    assert not await handlers.forget(runtime)


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"act": "merge"}, 422, "validation_failed"),
        ({"act": "respond", "arguments": {"text": "?"}}, 422, "validation_failed"),
        ({"act": "classify", "arguments": {}}, 422, "validation_failed"),
        ({"act": "classify", "arguments": {"tier": "advanced", "level": "expert"}}, 422, "validation_failed"),
        ({"act": "reject", "arguments": {"reason": "tired"}}, 422, "validation_failed"),
        ({"over": {}}, 422, "validation_failed"),
        ({"over": {"tickets": []}}, 422, "validation_failed"),
        ({"over": {"tickets": ["C-20260301-000042"]}}, 422, "validation_failed"),
        ({"over": {"tickets": [{"id": NOWHERE, "version": 0}]}}, 422, "validation_failed"),
        ({"over": {"rule": "vip", "view": "mine"}}, 422, "validation_failed"),
        ({"over": {"tickets": [NOWHERE]}}, 422, "invalid_bulk_job"),
        ({"over": {"tickets": [NOWHERE, {"id": NOWHERE, "version": 2}]}}, 422, "invalid_bulk_job"),
        ({"over": {"rule": "vip"}}, 422, "invalid_bulk_job"),
        ({"over": {"rule": "colour == 1"}}, 422, "rule_invalid"),
        ({"over": {"view": "nobodys"}}, 404, "ticket_view_not_found"),
    ],
)
async def test_what_is_no_job_is_refused(client, open_ticket, given, status, code):
    await open_ticket()
    body = {"act": "assign", "arguments": {"assignee_id": "agent-7"}, "over": {"rule": "!vip"}} | given
    answer = await client.post("/v1/bulk-jobs", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert (await client.get("/v1/bulk-jobs")).json()["items"] == []


async def test_more_tickets_than_a_job_takes_are_refused(client, runtime, open_ticket):
    await open_ticket()
    copies = (
        "INSERT INTO ticket SELECT (jsonb_populate_record(t, jsonb_build_object('id', gen_random_uuid(), 'number', n))).*"
        " FROM ticket AS t, generate_series(1, 10000) AS n"
    )
    async with runtime.database.transaction() as session:
        await session.execute(text(copies))
    body = {"act": "resume", "over": {"rule": "!vip"}}
    answer = await client.post("/v1/bulk-jobs", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/over/rule")


@pytest.mark.parametrize(
    ("method", "tail"), [("GET", ""), ("GET", "/items"), ("POST", "/cancel"), ("POST", "/undo")]
)
async def test_a_job_that_nobody_asked_for_is_not_found(client, method, tail):
    answer = await client.request(method, f"/v1/bulk-jobs/{NOWHERE}{tail}")
    assert (answer.status_code, answer.json()["code"]) == (404, "bulk_job_not_found")


async def test_who_may_read_may_look_but_not_ask(client_as, open_ticket, ask_bulk):
    ticket = await open_ticket()
    job = await ask_bulk("note", [ticket], text="已核实")
    reader = client_as("tickets:read", "tickets:write")
    assert (await reader.get(f"/v1/bulk-jobs/{job['id']}/items")).status_code == 200
    body = {"act": "resume", "over": {"tickets": [ticket["id"]]}}
    for url in ("", f"/{job['id']}/cancel", f"/{job['id']}/undo"):
        answer = await reader.post(f"/v1/bulk-jobs{url}", json=body)
        assert (answer.status_code, answer.json()["scope"]) == (403, "tickets:supervise")
