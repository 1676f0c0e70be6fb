import pytest

SHOWN = (
    "status",
    "assignee_id",
    "level",
    "team",
    "cause",
    "tier",
    "severity",
    "product",
    "emotion",
    "watchers",
)


@pytest.fixture
def undo(client):
    async def ask(job, **body):
        return await client.post(f"/v1/bulk-jobs/{job['id']}/undo", json=body)

    return ask


@pytest.fixture
def standing(client):
    """`await standing(ticket)`: what jobs change and undo."""

    async def read(ticket):
        found = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
        return {name: found[name] for name in SHOWN}

    return read


@pytest.fixture
def prepared(client, open_ticket, act):
    """`await prepared("waiting")`: tickets that differ, on their way to this status."""

    async def make(status):
        assert (await client.put("/v1/teams/network", json={"name": "网络"})).status_code in {200, 201}
        found = [await open_ticket() for _ in range(2)]
        await act(found[0], "assign", assignee_id="agent-1", level="manager")
        await client.put(f"/v1/tickets/{found[0]['id']}/watchers/pm")
        for ticket in found:
            if status != "classified":
                await act(ticket, "respond")
            if status == "waiting":
                await act(ticket, "pause", reason="waiting_for_third_party", evidence="order 7")
            if status == "feedback":
                await act(ticket, "resolve", outcome="compensated")
        return found

    return make


@pytest.mark.parametrize(
    ("status", "what", "arguments"),
    [
        ("classified", "assign", {"assignee_id": "agent-7"}),
        ("handling", "assign", {"level": "expert"}),
        ("handling", "assign", {"team": "network"}),
        ("classified", "classify", {"tier": "advanced", "severity": "critical"}),
        ("handling", "classify", {"product": "broadband", "emotion": "angry"}),
        ("feedback", "classify", {"cause": "price", "tier": "intermediate"}),
        ("handling", "pause", {"reason": "waiting_for_customer"}),
        ("waiting", "resume", {}),
        ("handling", "resolve", {"outcome": "explained"}),
        ("feedback", "reopen", {}),
        ("classified", "watch", {"person": "pm"}),
        ("classified", "unwatch", {"person": "pm"}),
    ],
)
async def test_what_was_changed_is_put_back_and_an_undo_is_undone(
    client, prepared, standing, ask_bulk, work_bulk, bulk_job, undo, status, what, arguments
):
    found = await prepared(status)
    before = [await standing(ticket) for ticket in found]
    job = await ask_bulk(what, found, **arguments)
    await work_bulk()
    changed = [await standing(ticket) for ticket in found]
    assert changed != before
    back = (await undo(job)).json()
    assert (back["undoes"], back["total"]) == (job["id"], (await bulk_job(job))["counts"]["changed"])
    await work_bulk()
    assert (await bulk_job(back))["counts"]["impossible"] == 0
    assert [await standing(ticket) for ticket in found] == before
    again = (await undo(back)).json()
    await work_bulk()
    assert (await bulk_job(again))["counts"]["changed"] == back["total"]
    assert [await standing(ticket) for ticket in found] == changed
    for ticket in found:
        url = f"/v1/tickets/{ticket['id']}/history"
        entries = (await client.get(url)).json()["items"]
        jobs = [entry["after"]["bulk_job"] for entry in entries if "bulk_job" in entry["after"]]
        assert jobs in ([], [job["id"], back["id"], again["id"]])
        assert (await client.get(f"{url}/verification")).json()["intact"]


async def test_what_has_gone_on_since_is_left_as_it_is(
    open_ticket, act, ask_bulk, work_bulk, undo, standing, bulk_results
):
    found = [await open_ticket() for _ in range(2)]
    job = await ask_bulk("assign", found, assignee_id="agent-7")
    await work_bulk()
    await act(found[1], "assign", assignee_id="agent-8")
    back = (await undo(job)).json()
    await work_bulk()
    assert await bulk_results(back) == {
        found[0]["id"]: ("changed", None),
        found[1]["id"]: ("impossible", "changed_since"),
    }
    assert [(await standing(ticket))["assignee_id"] for ticket in found] == [None, "agent-8"]


async def test_only_what_the_job_changed_is_undone(open_ticket, act, ask_bulk, work_bulk, undo, bulk_results):
    found = [await open_ticket() for _ in range(2)]
    await act(found[0], "cancel", reason="withdrawn")
    job = await ask_bulk("assign", found, assignee_id="agent-7")
    await work_bulk()
    back = (await undo(job)).json()
    await work_bulk()
    assert await bulk_results(back) == {found[1]["id"]: ("changed", None)}


async def test_an_undo_can_be_tried_first(open_ticket, ask_bulk, work_bulk, undo, bulk_results, standing):
    ticket = await open_ticket()
    job = await ask_bulk("assign", [ticket], assignee_id="agent-7")
    await work_bulk()
    tried = (await undo(job, dry_run=True)).json()
    await work_bulk()
    assert await bulk_results(tried) == {ticket["id"]: ("changed", None)}
    assert (await standing(ticket))["assignee_id"] == "agent-7"


@pytest.mark.parametrize(
    ("act", "arguments"),
    [
        ("note", {"text": "已核实"}),
        ("respond", {}),
        ("cancel", {"reason": "test"}),
        ("reject", {"reason": "spam"}),
        ("resume", {}),
    ],
)
async def test_what_nothing_takes_back_is_not_undone(open_ticket, ask_bulk, work_bulk, undo, act, arguments):
    job = await ask_bulk(act, [await open_ticket()], **arguments)
    await work_bulk()
    answer = await undo(job)
    assert (answer.status_code, answer.json()["code"]) == (409, "undo_impossible")


async def test_neither_a_dry_run_nor_a_job_at_work_is_undone(open_ticket, ask_bulk, work_bulk, undo):
    ticket = await open_ticket()
    dry = await ask_bulk("assign", [ticket], dry_run=True, assignee_id="agent-7")
    await work_bulk()
    assert (await undo(dry)).json()["code"] == "undo_impossible"
    job = await ask_bulk("assign", [ticket], assignee_id="agent-7")
    assert (await undo(job)).json()["code"] == "bulk_job_unfinished"


async def test_the_children_of_an_incident_are_taken_out_of_their_resolution_again(
    client, open_ticket, work_bulk, undo, standing
):
    child = await open_ticket()
    incident = (
        await client.post("/v1/incidents", json={"title": "基站故障", "tickets": [child["id"]]})
    ).json()
    url = f"/v1/incidents/{incident['ticket']['id']}"
    asked = (await client.post(f"{url}/resolve", json={"resolve_children": True})).json()
    await work_bulk()
    assert (await standing(child))["status"] == "feedback"
    await undo({"id": asked["resolution"]["job_id"]})
    await work_bulk()
    assert (await standing(child))["status"] == "classified"
