"""Questions to people: asked once, seen side by side, decided for good."""

import asyncio
from uuid import UUID

import pytest
from careloop_common import clock
from careloop_profile.identity import service as identity
from careloop_profile.linkage import handlers
from sqlalchemy import text

BORN = {"attributes": {"birth_date": "1985-03-07"}}


def ids(*customers):
    return sorted(customer["customer_id"] for customer in customers)


def members(person):
    return sorted(one["customer_id"] for one in person["customers"])


async def test_a_doubtful_pair_is_asked_about_side_by_side(model, doubtful, link, person, queue, insider):
    one, other = await doubtful()
    await link(one, other)
    assert members(await person(one)) == ids(one)
    [asked] = await queue()
    assert sorted([asked["one"]["customer_id"], asked["other"]["customer_id"]]) == ids(one, other)
    assert 0.80 <= asked["probability"] < 0.99
    assert asked["weight"] == pytest.approx(
        asked["prior"] + sum(f["weight"] for f in asked["fields"]), abs=0.01
    )
    said = {field["field"]: field for field in asked["fields"]}
    assert (said["birth_date"]["level"], said["phone"]["level"]) == ("equal", "else")
    assert "among pairs that are one person" in said["birth_date"]["explanation"]
    assert "among pairs that are two persons" in said["phone"]["explanation"]


async def test_both_sides_are_masked_unless_the_reader_may_see_them(model, doubtful, link, client_as):
    await link(*await doubtful())
    seen = []
    for scopes in (("identity:review",), ("identity:review", "customers:personal")):
        [asked] = (await client_as(*scopes).get("/v1/match-reviews")).json()["items"]
        values = {value for field in asked["fields"] for value in (field["one"], field["other"])}
        seen.append((asked["masked"], values))
    (masked, hidden), (unmasked, shown) = seen
    assert (masked, unmasked) == (True, False)
    assert {"Wei Zhang", "Wei Zhong", "+8613812347781", "1985-03-07"} <= shown
    assert not hidden & shown
    assert {"W*** Z***", "+86138****7781", "1***"} <= hidden


async def test_who_may_not_review_sees_no_queue(client_as):
    assert (await client_as("customers:read").get("/v1/match-reviews")).status_code == 403


async def test_a_yes_merges_by_hand_with_what_the_model_said(model, doubtful, link, queue, decide, person):
    one, other = await doubtful()
    await link(one, other)
    [asked] = await queue()
    answer = await decide(asked, "accept")
    assert (answer.status_code, answer.json()["state"], answer.json()["reason"]) == (
        200,
        "accepted",
        "I called them",
    )
    found = await person(one)
    assert members(found) == ids(one, other)
    [clue] = found["evidence"]
    assert (clue["method"], clue["probability"]) == ("manual", asked["probability"])
    assert await queue() == []
    again = await decide(asked, "reject")
    assert (again.status_code, again.json()["code"], again.json()["state"]) == (
        409,
        "match_review_decided",
        "accepted",
    )


async def test_a_no_keeps_them_apart_whatever_the_model_finds_later(
    model, doubtful, link, queue, decide, person, client
):
    one, other = await doubtful()
    await link(one, other)
    [asked] = await queue()
    assert (await decide(asked, "reject")).json()["state"] == "rejected"
    change = {"phone": "13812347781"}
    revised = await client.patch(f"/v1/customers/{other['customer_id']}", json=change)
    assert revised.status_code == 200
    await link(one, other)
    found = await person(one)
    assert (members(found), [clue["state"] for clue in found["evidence"]]) == (ids(one), ["apart"])
    assert await queue() == []
    assert [row["review_id"] for row in await queue(state="rejected")] == [asked["review_id"]]


async def test_of_many_answers_at_once_one_counts(model, doubtful, link, queue, decide):
    await link(*await doubtful())
    [asked] = await queue()
    answers = await asyncio.gather(*(decide(asked, "accept") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


async def test_who_answers_and_who_compares_the_same_two_do_not_wait_in_a_circle(
    model, doubtful, register, link, queue, decide, runtime, eventually
):
    one, other = await doubtful()
    await link(one, other)
    [asked] = await queue()
    somebody = await register(name="Li Na")
    async with runtime.database.transaction() as session:
        await identity.hold(session, [UUID(somebody["customer_id"])])
        answering = asyncio.create_task(decide(asked, "accept"))
        await eventually(lambda: _somebody_waits(runtime))
        await handlers.linker(runtime.vault).link(session, {UUID(one["customer_id"])}, now=clock.now())
    assert (await answering).status_code == 200


async def test_a_question_is_asked_once_and_by_the_newest_weights(model, doubtful, link, queue, client):
    one, other = await doubtful()
    await link(one, other)
    [first] = await queue()
    await client.patch(f"/v1/customers/{one['customer_id']}", json={"name": "Wei Zhing"})
    await link(other)
    await link(one)
    [second] = await queue()
    assert second["review_id"] == first["review_id"]


async def test_a_question_that_a_merge_answers_is_settled(
    model, doubtful, link, queue, client, worker_running, eventually
):
    one, other = await doubtful()
    await link(one, other)
    body = {"customer_id": other["customer_id"], "reason": "the same man"}
    assert (await client.post(f"/v1/customers/{one['customer_id']}/merges", json=body)).status_code == 201
    async with worker_running():
        [settled] = await eventually(lambda: queue(state="settled"))
    assert settled["decided_by"] is None
    assert await queue() == []


async def test_questions_are_given_to_somebody_and_back(model, doubtful, link, queue, client):
    await link(*await doubtful())
    [asked] = await queue()
    place = f"/v1/match-reviews/{asked['review_id']}/assignee"
    assert (await client.put(place, json={"assignee": "li.na"})).json()["assignee"] == "li.na"
    assert len(await queue(assignee="li.na")) == 1
    assert await queue(assignee="somebody") == []
    assert (await client.put(place, json={"assignee": None})).json()["assignee"] is None
    assert (await client.put(place, json={"assignee": ""})).status_code == 422


async def test_a_question_that_there_is_not_is_not_found(client, decide):
    nothing = {"review_id": "0190a0a0-0000-7000-8000-000000000000"}
    assert (await decide(nothing, "accept")).json()["code"] == "match_review_not_found"
    assert (await client.get(f"/v1/match-reviews/{nothing['review_id']}")).status_code == 404
    assert (await client.get("/v1/match-reviews", params={"state": "lost"})).status_code == 422


async def test_what_people_said_is_the_precision_of_the_model(model, register, link, queue, decide, client):
    empty = (await client.get("/v1/match-reviews/statistics")).json()
    assert (empty["open"], empty["precision"], empty["bands"]) == (0, None, [])
    for number in range(3):
        born = {"attributes": {"birth_date": f"1985-03-0{number + 1}"}}
        one = await register(name="Wei Zhang", phone=f"1381234770{number}", **born)
        await link(one, await register(name="Wei Zhong", phone=f"1398765130{number}", **born))
    asked = await queue()
    await decide(asked[0], "accept")
    await decide(asked[1], "reject")
    found = (await client.get("/v1/match-reviews/statistics")).json()
    assert (found["open"], found["unassigned"], found["precision"]) == (1, 1, 0.5)
    assert [(band["accepted"], band["rejected"]) for band in found["bands"]] == [(1, 1)]
    assert found["bands"][0]["least"] <= asked[0]["probability"] < found["bands"][0]["least"] + 0.05
    params = {"model_version": model["version"] + 1}
    other = (await client.get("/v1/match-reviews/statistics", params=params)).json()
    assert other["precision"] is None


async def test_about_two_persons_one_question_is_asked(model, doubtful, register, link, queue, client):
    one, other = await doubtful()
    third = await register(name="Wei Zhong", phone="13987651321", **BORN)
    body = {"customer_id": third["customer_id"], "reason": "the same man"}
    await client.post(f"/v1/customers/{other['customer_id']}/merges", json=body)
    await link(one)
    await link(third)
    await link(other)
    assert len(await queue()) == 1


async def test_nobody_is_asked_about_customers_whom_somebody_took_apart(model, doubtful, link, queue, client):
    one, other = await doubtful()
    body = {"customer_id": other["customer_id"], "reason": "x"}
    await client.post(f"/v1/customers/{one['customer_id']}/merges", json=body)
    await client.post(f"/v1/customers/{one['customer_id']}/split", json={"reason": "father and son"})
    await link(one, other)
    assert await queue() == []


async def _somebody_waits(runtime):
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    async with runtime.database.transaction() as session:
        return await session.scalar(waiting)
