"""Stages, tiers and terms over HTTP, with what happens in the background."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from careloop_common import clock
from careloop_contracts import CustomerStageChangedV1
from careloop_profile.lifecycle import service
from sqlalchemy import text

NOW = clock.now()
UNKNOWN = "0199aaaa-0000-7000-8000-000000000000"


def days_ago(days):
    return (NOW - timedelta(days=days)).date().isoformat()


async def test_a_person_moves_on_by_itself_and_each_move_has_a_cause(register, look, standing, read):
    customer = await register(name="张伟", status="active", joined_on=days_ago(10))
    await look(customer)
    assert (await standing(customer))["stage"] == "onboarding"
    await look(customer, now=NOW + timedelta(days=31), kind="time")
    assert (await standing(customer))["stage"] == "silent_30"
    await look(customer, now=NOW + timedelta(days=181), kind="time")
    moves = (await read(f"customers/{customer['customer_id']}/lifecycle/moves"))["items"]
    assert [(one["before"], one["after"]) for one in moves if one["kind"] == "stage"] == [
        ("silent_30", "left"),
        ("onboarding", "silent_30"),
        (None, "onboarding"),
    ]
    assert moves[0]["because"] == "silent for too long"


async def test_tags_and_lists_ask_for_the_stage_that_was_just_found(register, look, read, client):
    customer = await register(name="张伟", status="prospect", kind="enterprise")
    await look(customer)
    found = await read(f"customers/{customer['customer_id']}/tags")
    assert {"stage_prospect", "enterprise_prospect"} <= {one["code"] for one in found["items"]}
    members = await read("person-lists/enterprise_prospects/members")
    assert [one["person_id"] for one in members["items"]] == [customer["customer_id"]]


async def test_others_are_told_of_a_move(register, worker_running, eventually, published):
    await register(name="张伟", status="active", joined_on=days_ago(1))
    async with worker_running():
        [event] = await eventually(lambda: published(CustomerStageChangedV1))
    assert (event.previous, event.current, event.because) == (None, "onboarding", "joined lately")


@pytest.fixture
async def crowd(register, look):
    """Ten persons of whom each is worth more than the one before."""
    made = [
        await register(
            name=f"张{n}", status="active", joined_on=days_ago(900), attributes={"arpu": 10.0 * (n + 1)}
        )
        for n in range(10)
    ]
    await look(*made)
    return made


@pytest.fixture
def month(runtime, evaluator):
    """`await month(2)`: what the worker does in the second month from now."""

    async def begin(number):
        now = datetime(NOW.year + 1, number, 2, tzinfo=UTC)
        async with runtime.database.transaction() as session:
            begun = await service.begin(session, now=now)
        more = True
        while more:
            async with runtime.database.transaction() as session:
                more = await service.walk(session, evaluator, now=now)
        return begun

    return begin


async def test_tiers_are_shares_of_all_and_change_after_two_months(
    crowd, month, standing, client, look, read
):
    answer = await client.put("/v1/lifecycle-terms", json={"terms": {"tier_shares": [0.1, 0.1, 0.3]}})
    assert answer.status_code == 201, answer.text
    assert [(await standing(one))["tier"] for one in crowd] == [None] * 10
    assert await month(1) is True
    assert await month(1) is False
    tiers = [(await standing(one))["tier"] for one in crowd]
    assert tiers == [*["C"] * 5, *["B"] * 3, "A", "S"]
    rich = crowd[0]["customer_id"]
    await client.patch(f"/v1/customers/{rich}", json={"attributes": {"arpu": 5000.0}})
    await look(crowd[0], now=datetime(NOW.year + 1, 1, 20, tzinfo=UTC))
    await month(2)
    assert ((await standing(crowd[0]))["tier"], (await standing(crowd[0]))["tier_due"]) == ("C", "S")
    await month(3)
    assert (await standing(crowd[0]))["tier"] == "S"
    moves = (await read(f"customers/{rich}/lifecycle/moves"))["items"]
    assert [(one["before"], one["after"]) for one in moves if one["kind"] == "tier"] == [
        ("C", "S"),
        (None, "C"),
    ]


async def test_of_many_who_are_worth_the_same_no_more_are_in_a_tier_than_its_share(
    register, look, month, standing, client
):
    """Also where nothing but their ids tells them apart: who has been with us longer comes first, then the lower id."""
    answer = await client.put("/v1/lifecycle-terms", json={"terms": {"tier_shares": [0.1, 0.29, 0.25]}})
    assert answer.status_code == 201, answer.text
    joins = [900, 900, 1000, None, *[400] * 6]
    made = [
        await register(
            name=f"张{n}",
            status="active",
            attributes={"arpu": 80.0},
            **({"joined_on": days_ago(days)} if days else {}),
        )
        for n, days in enumerate(joins)
    ]
    await look(*made)
    await month(1)
    tiers = [(await standing(one))["tier"] for one in made]
    assert tiers[:4] == ["A", "A", "S", "C"]
    alike = sorted(made[4:], key=lambda one: one["customer_id"])
    assert [(await standing(one))["tier"] for one in alike] == [*["B"] * 2, *["C"] * 4]


async def test_a_share_that_is_less_than_one_person_has_nobody(crowd, month, standing):
    await month(1)
    assert [(await standing(one))["tier"] for one in crowd] == [*["C"] * 7, *["B"] * 3]


async def test_a_tier_of_no_share_has_nobody_not_even_who_is_worth_most(crowd, month, standing, client):
    answer = await client.put("/v1/lifecycle-terms", json={"terms": {"tier_shares": [0, 0.34, 0.66]}})
    assert answer.status_code == 201, answer.text
    await month(1)
    assert [(await standing(one))["tier"] for one in crowd] == ["C", *["B"] * 6, *["A"] * 3]


async def test_new_terms_hold_for_everybody_from_their_time_on(
    crowd, client, standing, runtime, evaluator, read
):
    assert (await read("lifecycle-terms/in-force"))["version"] is None
    terms = {"terms": {"trend": 0.5, "onboarding_days": 1000}}
    answer = await client.put("/v1/lifecycle-terms", json=terms)
    assert answer.status_code == 201, answer.text
    assert (await read("lifecycle-terms/in-force"))["document"]["onboarding_days"] == 1000
    later = {"terms": {"onboarding_days": 5}, "valid_from": (NOW + timedelta(days=30)).isoformat()}
    await client.put("/v1/lifecycle-terms", json=later)
    assert (await read("lifecycle-terms/in-force"))["document"]["onboarding_days"] == 1000
    assert len((await read("lifecycle-terms"))["items"]) == 2
    more = True
    while more:
        async with runtime.database.transaction() as session:
            more = await service.walk(session, evaluator, now=clock.now())
    assert {(await standing(one))["stage"] for one in crowd} == {"onboarding"}
    async with runtime.database.transaction() as session:
        told = await session.scalars(
            text("SELECT DISTINCT terms_version FROM lifecycle_move WHERE terms_version IS NOT NULL")
        )
        assert len(told.all()) <= 1


@pytest.mark.parametrize(
    "body",
    [
        {"terms": {"silent_days": [30, 30, 90]}},
        {"terms": {"left_after_days": 20}},
        {"terms": {}, "valid_from": "2020-01-01T00:00:00Z"},
        {"terms": {"tier_shares": [0.5, 0.5, 0.5]}},
    ],
)
async def test_terms_that_make_no_sense_are_refused(client, body):
    answer = await client.put("/v1/lifecycle-terms", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_lifecycle_terms")
    assert (await client.get("/v1/lifecycle-terms")).json()["items"] == []


async def test_the_table_of_transitions_is_told(read):
    rows = (await read("lifecycle-transitions"))["items"]
    assert (rows[0]["to"], rows[-1]["to"]) == ("left", "mature")
    assert {"win_back", "silent_60", "onboarding"} <= {row["to"] for row in rows}


async def test_nobody_stands_nowhere(client, register, standing):
    for path in ("lifecycle", "lifecycle/moves"):
        answer = await client.get(f"/v1/customers/{UNKNOWN}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "customer_not_found")
    assert (await standing(await register(name="张伟")))["stage"] is None


async def test_a_list_is_a_rule_with_its_members(client, crowd, read):
    body = {"name": "Poor", "name_zh": "低值", "owner": "crm", "rule": 'attribute("arpu")<=30'}
    answer = await client.put("/v1/person-lists/poor", json=body)
    assert (answer.status_code, answer.json()["rule"]) == (200, 'attribute("arpu") <= 30')
    assert (await read("person-lists/poor"))["persons"] == 3
    first = await read("person-lists/poor/members", limit=2)
    rest = await read("person-lists/poor/members", limit=2, cursor=first["next_cursor"])
    found = {one["person_id"] for one in first["items"] + rest["items"]}
    assert found == {one["customer_id"] for one in crowd[:3]}
    assert rest["next_cursor"] is None
    stale = await client.put("/v1/person-lists/poor", json=body, headers={"if-match": '"7"'})
    assert stale.status_code == 412
    assert (await client.delete("/v1/person-lists/poor")).status_code == 204
    assert (await client.get("/v1/person-lists/poor")).json()["code"] == "person_list_not_found"


async def test_a_list_that_cannot_be_read_is_refused(client):
    body = {"name": "Odd", "name_zh": "奇", "owner": "crm", "rule": "arpu > 3"}
    answer = await client.put("/v1/person-lists/odd", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_person_list")
    assert answer.json()["errors"][0]["pointer"] == "/rule"
    codes = {one["code"] for one in (await client.get("/v1/person-lists")).json()["items"]}
    assert codes == {"silent_pool", "loyal", "dissatisfied", "koc", "enterprise_prospects"}


async def test_shipped_lists_can_be_read(client, crowd):
    for one in (await client.get("/v1/person-lists")).json()["items"]:
        answer = await client.get(f"/v1/person-lists/{one['code']}")
        assert answer.status_code == 200, answer.text


async def test_who_came_back_is_won_back_after_a_merge_and_its_undoing_too(
    register, look, standing, read, client
):
    one, other = (
        await register(name="张伟", source="crm"),
        await register(name="张玮", status="left", source="bss"),
    )
    await look(one, other)
    await client.patch(
        f"/v1/customers/{other['customer_id']}", json={"status": "active"}, headers={"if-match": '"1"'}
    )
    await look(other)
    before = await standing(other)
    assert before["stage"] == "win_back"
    path = f"/v1/customers/{one['customer_id']}/merges"
    merge = (await client.post(path, json={"customer_id": other["customer_id"], "reason": "one man"})).json()
    await look(one, other)
    await client.post(f"/v1/merges/{merge['merge_id']}/undo", json={"reason": "two men"})
    await look(one, other)
    assert await standing(other) == before


async def test_two_who_make_a_list_at_once_make_one(client):
    body = {"name": "mine", "name_zh": "我的", "rule": "vip", "owner": "crm"}
    answers = await asyncio.gather(*(client.put("/v1/person-lists/mine", json=body) for _ in range(4)))
    assert all(answer.status_code in {200, 409, 412, 428} for answer in answers), [a.text for a in answers]
