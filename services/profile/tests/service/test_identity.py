"""Who is one person, from the outside: merges, guards, and what taking them back restores."""

import asyncio
from itertools import pairwise

import pytest
from careloop_contracts import CustomerMergedV1, CustomerUnmergedV1, CustomerUpdatedV1

BEFORE = "2026-01-05T08:00:00+08:00"


@pytest.fixture
def person(client):
    """`await person(customer)`: the person that it is, as the API answers."""

    async def read(customer):
        answer = await client.get(f"/v1/customers/{customer['customer_id']}/person")
        assert answer.status_code == 200, answer.text
        return answer.json()

    return read


@pytest.fixture
def merge(client):
    async def post(one, other, reason="the same man stood at the counter"):
        body = {"customer_id": other["customer_id"], "reason": reason}
        return await client.post(f"/v1/customers/{one['customer_id']}/merges", json=body)

    return post


@pytest.fixture
def undo(client):
    async def post(merge):
        return await client.post(f"/v1/merges/{merge['merge_id']}/undo", json={"reason": "it was his son"})

    return post


def members(person):
    return [one["customer_id"] for one in person["customers"]]


def facts(person):
    """All that a merge and its undoing must leave as it was."""
    return {key: person[key] for key in ("person_id", "golden")} | {
        "customers": [{k: v for k, v in one.items() if k != "version"} for one in person["customers"]]
    }


async def test_merged_customers_are_one_person_and_stay_what_they_are(register, merge, person, client):
    one = await register(name="张伟", source="crm", external_id="1", region="华东")
    other = await register(name="张伟", source="bss", external_id="9", language="zh-CN")
    merged = (await merge(one, other)).json()
    assert (merged["operation"], merged["method"], merged["undone_by"]) == ("merge", "manual", None)
    assert merged["after"] == [[one["customer_id"], other["customer_id"]]]
    found = await person(other)
    assert (found["person_id"], members(found)) == (
        one["customer_id"],
        [one["customer_id"], other["customer_id"]],
    )
    assert found["golden"]["region"] == {
        "value": "华东",
        "customer_id": one["customer_id"],
        "why": found["golden"]["region"]["why"],
    }
    assert found["golden"]["language"]["customer_id"] == other["customer_id"]
    assert [(clue["method"], clue["state"]) for clue in found["evidence"]] == [("manual", "holds")]
    after = (await client.get(f"/v1/customers/{other['customer_id']}")).json()
    assert {**after, "version": 1} == {**other, "version": 1}


async def test_taking_a_merge_back_restores_what_was(register, merge, undo, person, client):
    one = await register(name="张伟", region="华东", do_not_disturb=True, care_flags=["elderly"])
    other = await register(name="张玮", region="华北", attributes={"arpu": 88})
    before = [facts(await person(customer)) for customer in (one, other)]
    merged = (await merge(one, other)).json()
    assert facts(await person(other)) != before[1]
    answer = await undo(merged)
    assert (answer.status_code, answer.json()["undoes"]) == (201, merged["merge_id"])
    assert [facts(await person(customer)) for customer in (one, other)] == before
    listed = (await client.get("/v1/merges", params={"customer_id": other["customer_id"]})).json()["items"]
    assert [(row["operation"], row["undone_by"]) for row in listed] == [
        ("unmerge", None),
        ("merge", answer.json()["merge_id"]),
    ]


async def test_what_one_refuses_is_told_of_all_and_no_more_when_it_is_taken_back(
    register, merge, undo, person, published, worker_running, eventually
):
    yes = {"purpose": "marketing", "channel": "sms", "granted": True, "at": BEFORE}
    quiet = {"start": "20:00", "end": "09:00", "timezone": "Asia/Shanghai"}
    one = await register(name="张伟", consents=[yes], quiet_hours=quiet)
    other = await register(name="张玮", consents=[yes | {"granted": False}], do_not_disturb=True)
    merged = (await merge(one, other)).json()
    async with worker_running():
        state = await eventually(lambda: _latest(published, one))
    assert (state.do_not_disturb, [word.granted for word in state.consents]) == (True, [False])
    await undo(merged)
    async with worker_running():
        state = await eventually(lambda: _latest(published, one, version=3))
        assert len((await _latest(published, other, version=3)).also_quiet) == 0
        [unmerged] = await eventually(lambda: published(CustomerUnmergedV1))
    assert (state.do_not_disturb, [word.granted for word in state.consents]) == (False, [True])
    [joined] = await published(CustomerMergedV1)
    assert {str(key) for key in joined.customers} == {one["customer_id"], other["customer_id"]}
    assert (unmerged.person_id, len(unmerged.parts)) == (joined.person_id, 2)


async def _latest(published, customer, version=2):
    mine = [e for e in await published(CustomerUpdatedV1) if str(e.customer_id) == customer["customer_id"]]
    return mine[-1] if mine and mine[-1].version >= version else None


async def test_a_refusal_after_the_merge_reaches_the_others_in_the_same_breath(
    client, register, merge, published, worker_running, eventually
):
    one, other = await register(name="张伟"), await register(name="张玮")
    await merge(one, other)
    no = {"purpose": "care", "channel": "email", "granted": False}
    answer = await client.put(f"/v1/customers/{other['customer_id']}/consents", json={"items": [no]})
    assert answer.status_code == 200, answer.text
    async with worker_running():
        state = await eventually(lambda: _latest(published, one, version=3))
    assert [(word.purpose, word.granted) for word in state.consents] == [("care", False)]


async def test_rules_find_the_same_person_in_two_sources(register, person, worker_running, eventually):
    one = await register(name="张伟", phone="13801234567", source="crm")
    other = await register(name="张 伟先生", phone="+86 138 0123 4567", source="bss")
    async with worker_running():
        found = await eventually(lambda: _of_size(person, one, 2))
    assert set(members(found)) == {one["customer_id"], other["customer_id"]}
    assert [(clue["method"], clue["rule"]) for clue in found["evidence"]] == [
        ("deterministic", "phone_and_name")
    ]


async def _of_size(person, customer, size):
    found = await person(customer)
    return found if len(found["customers"]) == size else None


async def test_no_rule_joins_again_what_somebody_took_apart(
    client, register, merge, undo, person, worker_running, eventually
):
    one = await register(name="张伟", phone="13801234567")
    other = await register(name="张伟", phone="13801234567")
    async with worker_running():
        await eventually(lambda: _of_size(person, one, 2))
    [merged] = (await client.get("/v1/merges")).json()["items"]
    await undo(merged)
    await client.patch(f"/v1/customers/{one['customer_id']}", json={"region": "华东"})
    third = await register(name="李娜", email="li@example.org.cn")
    fourth = await register(name="李娜", email="li@example.org.cn")
    async with worker_running():
        await eventually(lambda: _of_size(person, third, 2))
    assert members(await person(one)) == [one["customer_id"]]
    assert fourth["customer_id"] in members(await person(third))
    assert (await merge(one, other)).status_code == 201, "people may change their minds"


async def test_a_customer_can_be_taken_out_of_a_person(client, register, merge, person):
    customers = [await register(name=f"张伟{number}") for number in range(3)]
    await merge(customers[0], customers[1])
    await merge(customers[1], customers[2])
    path = f"/v1/customers/{customers[1]['customer_id']}/split"
    answer = await client.post(path, json={"reason": "another man"})
    assert answer.status_code == 201, answer.text
    assert [len(await _members(person, one)) for one in customers] == [1, 1, 1], "it held the others together"
    again = await client.post(path, json={"reason": "another man"})
    assert (again.status_code, again.json()["code"]) == (409, "one_person_alone")


async def _members(person, customer):
    return members(await person(customer))


async def test_what_cannot_be_is_refused_and_changes_nothing(client, register, merge, undo, person):
    one, other = await register(name="张伟"), await register(name="张玮")
    firm = await register(name="大华科技", kind="enterprise")
    refused = await merge(one, firm)
    assert (refused.status_code, refused.json()["refusal"]) == (409, "other_kind")
    itself = await merge(one, one)
    assert (itself.status_code, itself.json()["code"]) == (409, "already_one_person")
    nobody = await merge(one, {"customer_id": "0199aaaa-0000-7000-8000-000000000000"})
    assert (nobody.status_code, nobody.json()["code"]) == (404, "customer_not_found")
    blank = await merge(one, other, reason=" ")
    assert blank.status_code == 422
    merged = (await merge(one, other)).json()
    assert (await merge(other, one)).json()["code"] == "already_one_person"
    assert (await undo(merged)).status_code == 201
    twice = await undo(merged)
    assert (twice.status_code, twice.json()["code"]) == (409, "merge_undone")
    unknown = await undo({"merge_id": one["customer_id"]})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "merge_not_found")
    assert len(await _members(person, one)) == 1


async def test_a_merge_cannot_be_taken_back_while_others_hold_it_together(
    register, person, undo, client, worker_running, eventually
):
    one, *_ = [await register(name="张伟", phone="13801234567") for _ in range(3)]
    async with worker_running():
        found = await eventually(lambda: _with_evidence(person, one, 3))
    merges = (await client.get("/v1/merges")).json()["items"]
    first = merges[-1]
    answer = await undo(first)
    assert (answer.status_code, answer.json()["code"]) == (409, "held_together")
    outsider = next(key for key in members(found) if [key] in merges[0]["before"])
    split = await client.post(f"/v1/customers/{outsider}/split", json={"reason": "a stranger"})
    assert split.status_code == 201
    assert (await undo(first)).status_code == 201


async def _with_evidence(person, customer, count):
    found = await person(customer)
    return found if len(found["evidence"]) == count else None


async def test_seven_numbers_of_one_man_are_one_person(register, person, worker_running, eventually):
    numbers = [
        await register(
            name="张伟", identity_number="11010519491231002X", external_id=str(number), source="bss"
        )
        for number in range(8)
    ]
    async with worker_running():
        await eventually(lambda: _of_size(person, numbers[0], 8))


async def test_an_attribute_that_is_known_to_be_nothing_is_no_part_of_the_golden_record(register, person):
    customer = await register(name="张伟", attributes={"arpu": None, "plan": "5G"})
    found = await person(customer)
    assert [name for name in found["golden"] if name.startswith("attributes.")] == ["attributes.plan"]


async def test_merges_at_once_make_one_person(register, merge, person):
    customers = [await register(name=f"张伟{number}") for number in range(6)]
    pairs = [(customers[n], customers[(n * 5 + 1) % 6]) for n in range(6)]
    answers = await asyncio.gather(*(merge(one, other) for one, other in [*pairwise(customers), *pairs]))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert sum(answer.status_code == 201 for answer in answers) == 5
    assert len(await _members(person, customers[3])) == 6
