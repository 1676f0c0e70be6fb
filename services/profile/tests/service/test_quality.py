"""Issues with personal data: what is noted on the way in, who may see it, and what somebody makes of it."""

import asyncio

import pytest
from sqlalchemy import text

NUMBER = "11010519491231002X"


@pytest.fixture
def issues(client_as):
    """`await issues(**filters)`: what there is to look at, as somebody sees it who may see personal data."""
    steward = client_as("customers:read", "customers:personal", "quality:write")

    async def read(**filters):
        answer = await steward.get("/v1/quality-issues", params=filters)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    return read


async def test_a_repair_is_written_down_with_what_was_written(register, issues, insider):
    customer = await register(name="张伟先生", email="li@gmail.con", identity_number="110105491231002")
    found = await issues(customer_id=customer["customer_id"])
    told = {
        (one["field"], one["rule"], one["action"], one["raw"], one["value"], one["state"]) for one in found
    }
    assert told == {
        ("name", "title", "auto", "张伟先生", "张伟", "applied"),
        ("email", "domain_typo", "auto", "li@gmail.con", "li@gmail.com", "applied"),
        ("identity_number", "from_15_digits", "auto", "110105491231002", NUMBER, "applied"),
    }
    seen = (await insider.get(f"/v1/customers/{customer['customer_id']}")).json()
    assert (seen["name"], seen["email"], seen["identity_number"]) == ("张伟", "li@gmail.com", NUMBER)


async def test_nobody_sees_what_was_written_who_may_not(register, client, session):
    await register(email="zhang.wei@gmal.com", name="张伟")
    [issue] = (await client.get("/v1/quality-issues")).json()["items"]
    assert (issue["masked"], issue["raw"]) == (True, None)
    assert (issue["value"], issue["suggestion"]) == ("z***@gmal.com", "z***@gmail.com")
    kept = str((await session.execute(text("SELECT to_jsonb(q) FROM quality_issue AS q"))).all())
    assert "zhang" not in kept


async def test_a_suggestion_that_is_accepted_becomes_the_value(client, register, issues, insider):
    customer = await register(email="li@gmal.com")
    [issue] = await issues(state="open")
    answer = await client.post(f"/v1/quality-issues/{issue['issue_id']}/accept", json={})
    assert (answer.status_code, answer.json()["state"]) == (200, "accepted"), answer.text
    seen = (await insider.get(f"/v1/customers/{customer['customer_id']}")).json()
    assert (seen["email"], seen["version"]) == ("li@gmail.com", 2)
    assert await issues(state="open") == []
    again = await client.post(f"/v1/quality-issues/{issue['issue_id']}/accept", json={})
    assert (again.status_code, again.json()["code"]) == (409, "quality_issue_decided")


async def test_what_comes_back_is_said_again(client, register, issues):
    customer = await register(email="li@gmal.com")
    [issue] = await issues()
    await client.post(f"/v1/quality-issues/{issue['issue_id']}/accept", json={})
    await client.patch(f"/v1/customers/{customer['customer_id']}", json={"email": "li@gmal.com"})
    assert [(one["issue_id"], one["state"]) for one in await issues()] == [(issue["issue_id"], "open")]


async def test_what_is_dismissed_is_not_said_again(client, register, issues, insider):
    customer = await register(email="li@gmal.com")
    [issue] = await issues()
    answer = await client.post(f"/v1/quality-issues/{issue['issue_id']}/dismiss")
    assert (answer.status_code, answer.json()["state"]) == (200, "dismissed")
    await client.patch(f"/v1/customers/{customer['customer_id']}", json={"email": "li@gmal.com"})
    assert [one["state"] for one in await issues()] == ["dismissed"]
    seen = (await insider.get(f"/v1/customers/{customer['customer_id']}")).json()
    assert seen["email"] == "li@gmal.com"


async def test_a_doubt_is_outdated_by_another_value(client, register, issues):
    customer = await register(email="li@gmal.com", name="张先生")
    path = f"/v1/customers/{customer['customer_id']}"
    await client.patch(path, json={"email": "li@163.com"})
    assert {(one["field"], one["state"]) for one in await issues()} == {
        ("email", "outdated"),
        ("name", "open"),
    }
    [old] = await issues(state="outdated")
    answer = await client.post(f"/v1/quality-issues/{old['issue_id']}/accept", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "quality_issue_decided")
    await client.patch(path, json={"name": None})
    assert await issues(state="open") == []


async def test_somebody_who_found_out_says_the_right_value(client, register, issues, insider):
    customer = await register(name="张先生")
    [issue] = await issues()
    path = f"/v1/quality-issues/{issue['issue_id']}/accept"
    nothing = await client.post(path, json={})
    assert (nothing.status_code, nothing.json()["code"]) == (422, "nothing_to_accept")
    wrong = await client.post(path, json={"value": "无"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "identifier_refused")
    assert [one["state"] for one in await issues()] == ["open"]
    assert (await client.post(path, json={"value": "张伟"})).status_code == 200
    assert (await insider.get(f"/v1/customers/{customer['customer_id']}")).json()["name"] == "张伟"


async def test_of_two_who_decide_at_once_one_comes_late(client, register, issues):
    await register(email="li@gmal.com")
    [issue] = await issues()
    path = f"/v1/quality-issues/{issue['issue_id']}"
    answers = await asyncio.gather(
        client.post(f"{path}/accept", json={}),
        client.post(f"{path}/dismiss"),
        client.post(f"{path}/accept", json={}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]


async def test_who_may_not_decide_does_not(client_as, register, issues):
    await register(email="li@gmal.com")
    [issue] = await issues()
    reader = client_as("customers:read", "customers:write")
    assert (await reader.post(f"/v1/quality-issues/{issue['issue_id']}/dismiss")).status_code == 403


async def test_unknown_issues_and_wrong_filters_are_pointed_at(client, register):
    unknown = await client.post("/v1/quality-issues/0199aaaa-0000-7000-8000-000000000000/dismiss")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "quality_issue_not_found")
    for wrong in ({"state": "maybe"}, {"field": "shoe_size"}, {"customer_id": "x"}, {"cursor": "x"}):
        assert (await client.get("/v1/quality-issues", params=wrong)).status_code == 422, wrong


async def test_issues_are_paged_the_newest_first(client, register):
    for number in range(5):
        await register(email=f"li{number}@gmal.com")
    seen, cursor = [], None
    while True:
        answer = await client.get(
            "/v1/quality-issues", params={"limit": 2} | ({"cursor": cursor} if cursor else {})
        )
        seen += [one["noted_at"] for one in answer.json()["items"]]
        if not (cursor := answer.json()["next_cursor"]):
            break
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)


async def test_the_report_tells_how_good_each_source_is(client, register):
    await register(source="crm", external_id="1", name="张伟", phone="13801234567", email="li@gmal.com")
    await register(source="crm", external_id="2", name="张先生", phone="13801234567")
    await register(source="bss", external_id="1", phone="13901234567", address="深圳市南山区科苑路15号")
    bss, crm = (await client.get("/v1/quality")).json()["sources"]
    assert (bss["source"], bss["customers"], crm["source"], crm["customers"]) == ("bss", 1, "crm", 2)
    fields = {one["field"]: one for one in crm["fields"]}
    assert (fields["name"]["completeness"], fields["name"]["doubtful"], fields["name"]["validity"]) == (
        1.0,
        1,
        0.5,
    )
    assert (fields["phone"]["sharing"], fields["phone"]["uniqueness"]) == (2, 0.5)
    assert (fields["email"]["completeness"], fields["email"]["validity"]) == (0.5, 0.0)
    assert fields["identity_number"]["validity"] is None
    assert {one["field"]: one["repaired"] for one in bss["fields"]}["address"] == 1


async def test_the_report_counts_customers_who_are_there_twice(client, register):
    one = await register(source="crm", external_id="1", name="张伟")
    other = await register(source="crm", external_id="2", name="张玮")
    await register(source="crm", external_id="3", name="李娜")
    body = {"customer_id": other["customer_id"], "reason": "the same man"}
    await client.post(f"/v1/customers/{one['customer_id']}/merges", json=body)
    [crm] = (await client.get("/v1/quality")).json()["sources"]
    assert (crm["customers"], crm["duplicates"]) == (3, 1)
