"""Persons that hang together by what a model said once and would not say now."""

from uuid import UUID

import pytest
from careloop_common import clock
from careloop_common.tokens import SYSTEM
from careloop_profile.identity.errors import HeldTogether
from careloop_profile.identity.policy import Method
from careloop_profile.identity.service import Candidates, Grounds, confirm, cut, match

BORN = {"attributes": {"birth_date": "1985-03-07"}}


def ids(*customers):
    return sorted(customer["customer_id"] for customer in customers)


def members(person):
    return sorted(one["customer_id"] for one in person["customers"])


async def test_a_weak_bridge_is_asked_about_with_both_sides_and_what_drew_it(
    chain, newer, run, queue, person, findings, model
):
    one, other, last = await chain()
    assert members(await person(one)) == ids(one, other, last)
    await newer()
    done = await run()
    assert (done["bridges"], done["closed"], done["merged"], done["proposed"]) == (1, 0, 0, 0)
    [asked] = await queue(kind="split")
    assert sorted([asked["one"]["customer_id"], asked["other"]["customer_id"]]) == ids(other, last)
    assert asked["probability"] < 0.8
    assert sorted(map(sorted, asked["bridge"]["parts"])) == sorted([ids(one, other), ids(last)])
    [drawn] = asked["bridge"]["drawn"]
    assert drawn["rule"] == f"linkage model {model['version']}"
    assert drawn["probability"] > 0.99
    [finding] = await findings(done, kind="bridge")
    assert finding["subject_id"] == asked["review_id"]
    assert await queue(kind="join") == []
    # Nobody is parted before somebody says so, and nobody is asked twice.
    assert members(await person(one)) == ids(one, other, last)
    assert (await run())["bridges"] == 0


async def test_a_yes_takes_the_person_apart_for_good(chain, newer, run, queue, decide, person, client):
    one, other, last = await chain()
    await newer()
    await run()
    [asked] = await queue(kind="split")
    answer = await decide(asked, "accept")
    assert (answer.status_code, answer.json()["state"]) == (200, "accepted")
    assert members(await person(one)) == ids(one, other)
    assert members(await person(last)) == ids(last)
    await newer(u=1e-4)
    again = await run()
    assert (again["merged"], again["proposed"], again["bridges"]) == (0, 0, 0)
    statistics = (await client.get("/v1/match-reviews/statistics")).json()
    assert (statistics["accepted"], statistics["precision"]) == (0, None)


async def test_a_no_keeps_the_person_and_no_run_asks_again(chain, newer, run, queue, decide, person):
    one, other, last = await chain()
    await newer()
    await run()
    [asked] = await queue(kind="split")
    assert (await decide(asked, "reject")).json()["state"] == "rejected"
    assert members(await person(one)) == ids(one, other, last)
    again = await run(splits=True)
    assert (again["bridges"], again["split"]) == (0, 0)
    assert members(await person(one)) == ids(one, other, last)


async def test_where_the_settings_say_so_it_is_taken_apart_and_people_may_join_it_again(
    chain, newer, run, queue, person, client, findings
):
    one, other, last = await chain()
    await newer()
    done = await run(splits=True)
    assert (done["split"], done["bridges"]) == (1, 0)
    assert members(await person(one)) == ids(one, other)
    assert await queue() == []
    [finding] = await findings(done)
    undone = (await client.get("/v1/merges", params={"customer_id": last["customer_id"]})).json()["items"][0]
    assert (undone["merge_id"], undone["operation"], undone["by"]) == (
        finding["subject_id"],
        "unmerge",
        "system",
    )
    assert done["run_id"] in undone["reason"]
    assert (await run(splits=True))["split"] == 0
    body = {"customer_id": last["customer_id"], "reason": "I know them"}
    assert (await client.post(f"/v1/customers/{one['customer_id']}/merges", json=body)).status_code == 201
    assert (await run(splits=True))["split"] == 0
    assert members(await person(one)) == ids(one, other, last)


async def test_where_others_across_it_speak_for_one_person_there_is_no_weak_bridge(
    chain, newer, run, client, person
):
    one, other, last = await chain()
    change = {"name": "Wei Zhong", "phone": "13987651320"}
    assert (await client.patch(f"/v1/customers/{one['customer_id']}", json=change)).status_code == 200
    await newer()
    done = await run(splits=True)
    assert (done["bridges"], done["split"]) == (0, 0)
    assert members(await person(one)) == ids(one, other, last)


@pytest.mark.parametrize("answer", ["accept", "reject"])
async def test_who_was_parted_meanwhile_is_neither_parted_nor_joined_again(
    chain, newer, run, queue, decide, person, client, answer
):
    _, _, last = await chain()
    await newer()
    await run()
    [asked] = await queue(kind="split")
    await client.post(f"/v1/customers/{last['customer_id']}/split", json={"reason": "two men"})
    refused = await decide(asked, answer)
    assert (refused.status_code, refused.json()["code"]) == (409, "merge_undone")
    assert members(await person(last)) == ids(last)
    await run()
    assert [row["review_id"] for row in await queue(state="settled")] == [asked["review_id"]]


async def test_whom_a_rule_holds_together_meanwhile_nobody_parts(
    chain, newer, run, queue, decide, person, client, runtime
):
    one, other, last = await chain()
    await newer()
    await run()
    [asked] = await queue(kind="split")
    change = {"name": "Wei Zhong", "phone": "13987651320"}
    await client.patch(f"/v1/customers/{one['customer_id']}", json=change)
    async with runtime.database.transaction() as session:
        await match(session, Candidates(runtime.vault), [UUID(one["customer_id"])], now=clock.now())
    refused = await decide(asked, "accept")
    assert (refused.status_code, refused.json()["code"]) == (409, "held_together")
    assert members(await person(one)) == ids(one, other, last)
    assert (await run())["closed"] == 1


async def test_a_run_never_takes_back_what_somebody_says_meanwhile(chain, queue, person, runtime, client):
    one, other, last = await chain()
    pair = sorted(UUID(customer["customer_id"]) for customer in (other, last))
    grounds = Grounds(Method.MANUAL, "somebody said so", "I know them")
    async with runtime.database.transaction() as session:
        await confirm(session, *pair, grounds, now=clock.now(), actor=SYSTEM)
    given = {"now": clock.now(), "actor": SYSTEM, "method": Method.PROBABILISTIC}
    async with runtime.database.transaction() as session:
        with pytest.raises(HeldTogether):
            await cut(session, *pair, "by a model", **given)
    assert members(await person(one)) == ids(one, other, last)


async def test_a_question_that_an_unmerge_answers_is_settled(
    chain, newer, run, queue, client, worker_running, eventually
):
    _, _, last = await chain()
    await newer()
    await run()
    await client.post(f"/v1/customers/{last['customer_id']}/split", json={"reason": "two men"})
    async with worker_running():
        [settled] = await eventually(lambda: queue(state="settled", kind="split"))
    assert settled["decided_by"] is None


async def test_a_model_that_draws_the_bridge_again_closes_the_question(chain, newer, run, queue):
    await chain()
    await newer()
    await run()
    await newer(u=1e-4)
    assert (await run())["closed"] == 1
    assert await queue() == []
    await newer()
    assert (await run())["bridges"] == 1
    assert len(await queue(kind="split")) == 1
