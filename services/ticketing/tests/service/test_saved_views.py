import pytest
from careloop_ticketing.saved_views import service as saved_views
from sqlalchemy import text

OPEN = 'status in ["classified", "handling"] && tier != "advanced"'


@pytest.fixture
def save(client):
    async def put(code, rule=OPEN, shared=False, by=client):
        body = {"name": "未结", "rule": rule, "shared": shared}
        return await by.put(f"/v1/ticket-views/{code}", json=body)

    return put


async def subjects(client, **params):
    answer = await client.get("/v1/tickets", params=params)
    assert answer.status_code == 200, answer.text
    return [item["subject"] for item in answer.json()["items"]]


async def test_tickets_are_listed_by_what_they_are(client, open_ticket, act):
    before = await open_ticket(subject="一", kind="fault", channel="web")
    assigned = await open_ticket(subject="二")
    await act(assigned, "assign", assignee_id="agent-7")
    await act(before, "resolve")
    later = assigned["opened_at"]
    for params, found in (
        ({"kind": "fault"}, ["一"]),
        ({"channel": "hotline"}, ["二"]),
        ({"region": "北京"}, []),
        ({"assignee_id": "agent-7"}, ["二"]),
        ({"opened_from": later}, ["二"]),
        ({"opened_until": later}, ["一"]),
        ({"rule": 'kind == "fault" && status == "feedback"'}, ["一"]),
        ({"rule": '!has(region) && assignee_id == "agent-7"'}, ["二"]),
        ({"rule": f'opened_at >= timestamp("{later}")'}, ["二"]),
        ({"rule": "reopened > 0 || vip"}, []),
        ({"rule": 'channel == "web"', "kind": "complaint"}, []),
        ({"rule": 'language == "zh"', "q": assigned["number"]}, ["二"]),
    ):
        assert await subjects(client, **params) == found, params


@pytest.mark.parametrize(
    ("rule", "column"),
    [('colour == "red"', 1), ('tier == "primry"', 9), ("kind = 1", 6), ('status == "open"', 11), ("", 1)],
)
async def test_a_rule_that_makes_no_sense_is_refused_with_the_column(client, save, rule, column):
    answer = await client.get("/v1/tickets", params={"rule": rule})
    assert (answer.status_code, answer.json()["code"], answer.json()["column"]) == (
        422,
        "rule_invalid",
        column,
    )
    if rule:
        saved = await save("mine", rule=rule)
        assert (saved.status_code, saved.json()["column"]) == (422, column)
        assert saved.json()["errors"][0]["pointer"] == "/rule"


@pytest.mark.parametrize(
    "params",
    [
        {"opened_from": "yesterday"},
        {"assignee_id": "a\0"},
        {"region": "x" * 301},
        {"channel": "电 话"},
        {"kind": "praise"},
        {"view": "No Such"},
        {"rule": "x" * 4_001},
    ],
)
async def test_filters_that_no_ticket_can_match_are_refused(client, params):
    answer = await client.get("/v1/tickets", params=params)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_a_saved_view_lists_the_tickets_of_its_rule(client, open_ticket, act, save):
    await act(await open_ticket(subject="账单 1"), "resolve")
    await open_ticket(subject="账单 2")
    await open_ticket(subject="信号 3")
    saved = await save("open")
    assert (saved.status_code, saved.json()["shared"]) == (200, False)
    assert saved.json()["rule"] == OPEN
    assert (await client.get("/v1/ticket-views/open")).json() == saved.json()
    assert await subjects(client, view="open") == ["信号 3", "账单 2"]
    assert await subjects(client, view="open", q="账单") == ["账单 2"]
    assert await subjects(client, view="open", rule='kind == "fault"') == []
    assert (await save("open", rule='status == "feedback"')).status_code == 200
    assert await subjects(client, view="open") == ["账单 1"]


async def test_a_view_of_ones_own_is_for_nobody_else_and_hides_the_shared_one(client_as, save):
    scopes = ("tickets:read", "tickets:supervise")
    chief, agent = client_as(*scopes, actor_id="chief"), client_as("tickets:read", actor_id="agent")
    assert (await save("mine", by=agent)).status_code == 200
    assert (await chief.get("/v1/ticket-views/mine")).status_code == 404
    assert (await save("mine", rule="vip", shared=True, by=chief)).json()["shared"] is True
    assert (await agent.get("/v1/ticket-views/mine")).json()["rule"] == OPEN
    listed = (await agent.get("/v1/ticket-views")).json()["items"]
    assert [(view["code"], view["shared"]) for view in listed] == [("mine", True), ("mine", False)]
    assert (await agent.delete("/v1/ticket-views/mine")).status_code == 204
    assert (await agent.get("/v1/ticket-views/mine")).json()["rule"] == "vip"
    refused = await agent.delete("/v1/ticket-views/mine")
    assert (refused.status_code, refused.json()["scope"]) == (403, "tickets:supervise")
    assert (await save("mine", shared=True, by=agent)).status_code == 403
    assert (await chief.delete("/v1/ticket-views/mine")).status_code == 204
    assert (await agent.get("/v1/ticket-views/mine")).status_code == 404


async def test_sharing_a_view_moves_it(client, save):
    await save("open")
    await save("open", shared=True)
    views = (await client.get("/v1/ticket-views")).json()["items"]
    assert [(view["code"], view["shared"]) for view in views] == [("open", True)]


async def test_views_are_listed_page_by_page(client, save):
    for code in ("c", "a", "b"):
        await save(code, shared=code == "b")
    first = (await client.get("/v1/ticket-views", params={"limit": 2})).json()
    rest = (await client.get("/v1/ticket-views", params={"cursor": first["next_cursor"]})).json()
    assert [view["code"] for view in first["items"] + rest["items"]] == ["a", "b", "c"]


async def test_a_view_whose_rule_makes_no_sense_any_more_says_so(client, runtime, save):
    await save("old")
    async with runtime.database.transaction() as session:
        await session.execute(text("UPDATE saved_view SET rule = 'colour == \"red\"'"))
    answer = await client.get("/v1/tickets", params={"view": "old"})
    assert (answer.status_code, answer.json()["code"], answer.json()["column"]) == (
        409,
        "ticket_view_broken",
        1,
    )
    assert (await client.get("/v1/ticket-views/old")).status_code == 200
    assert (await client.get("/v1/ticket-views")).status_code == 200


async def test_what_is_not_there_is_not_found_and_there_is_a_most(client, save, monkeypatch):
    for answer in (
        await client.get("/v1/tickets", params={"view": "none"}),
        await client.get("/v1/ticket-views/none"),
        await client.delete("/v1/ticket-views/none"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "ticket_view_not_found")
    monkeypatch.setattr(saved_views, "MOST", 1)
    assert [(await save(code)).status_code for code in ("a", "a", "b")] == [200, 200, 409]
