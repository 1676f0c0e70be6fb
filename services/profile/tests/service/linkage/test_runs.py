"""Runs over all customers: they find what linkage missed, once, whatever dies meanwhile."""

import asyncio
from datetime import date

import pytest
from careloop_common import clock
from careloop_common.zones import day_of, zone
from careloop_contracts import CustomerLinkageReconciledV1
from careloop_profile.reconciliation import handlers, service
from careloop_profile.reconciliation.handlers import Night
from careloop_profile.reconciliation.service import Reconciler
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

BORN = {"attributes": {"birth_date": "1985-03-07"}}
FOUND = ("merged", "proposed", "closed", "bridges", "split", "skipped")


def ids(*customers):
    return sorted(customer["customer_id"] for customer in customers)


def members(person):
    return sorted(one["customer_id"] for one in person["customers"])


def found(run):
    return {name: run[name] for name in FOUND if run[name]}


async def test_who_was_missed_as_they_came_is_merged_with_evidence_that_names_the_run(
    model, alike, run, person, findings
):
    one, other = await alike()
    done = await run()
    assert (done["state"], done["looked_at"], done["customers"]) == ("done", 2, 2)
    assert found(done) == {"merged": 1}
    assert (done["missed_online"], done["found_online"], done["missed_share"]) == (1, 0, 1.0)
    seen = await person(one)
    assert members(seen) == ids(one, other)
    [clue] = seen["evidence"]
    assert (clue["rule"], clue["detail"]["run_id"]) == (f"linkage model {model['version']}", done["run_id"])
    [finding] = await findings(done)
    assert (finding["kind"], finding["subject_id"]) == ("merged", clue["merge_id"])
    assert sorted((finding["one"], finding["other"])) == ids(one, other)
    assert finding["detail"]["fields"]["phone"]["level"] == "equal"


async def test_who_is_probably_one_person_is_asked_about(model, doubtful, run, queue, findings):
    await doubtful()
    done = await run()
    assert found(done) == {"proposed": 1}
    [asked] = await queue()
    assert (asked["kind"], asked["run_id"], asked["bridge"]) == ("join", done["run_id"], None)
    [finding] = await findings(done, kind="proposed")
    assert finding["subject_id"] == asked["review_id"]
    assert await findings(done, kind="merged") == []


async def test_what_was_found_as_they_came_is_not_missed(model, alike, register, link, run, queue):
    one, other = await alike()
    third = await register(name="Wei Zhang", phone="13987651320", attributes={"birth_date": "1990-12-24"})
    fourth = await register(name="Wei Zhong", phone="13987651329", attributes={"birth_date": "1990-12-24"})
    await link(one, other, third, fourth)
    [asked] = await queue()
    done = await run()
    assert found(done) == {}
    assert (done["found_online"], done["missed_share"]) == (2, 0.0)
    assert [row["run_id"] for row in await queue()] == [None] == [asked["run_id"]]


@pytest.mark.parametrize("limit", [1, 50])
async def test_a_second_run_finds_nothing(model, register, run, limit):
    for number in range(6):
        born = {"attributes": {"birth_date": f"1985-03-{number // 2 + 1:02}"}}
        await register(name=f"Wei Zh{'ao'[number % 2]}ng", phone=f"1381234770{number}", **born)
    for _ in range(2):
        await register(name="Li Na", phone="13611112222", **BORN)
    assert found(await run(limit=limit)) == {"merged": 1, "proposed": 3}
    again = await run(limit=limit)
    assert (found(again), again["looked_at"]) == ({}, 8)


async def test_who_agrees_only_since_a_person_grew_is_merged_in_the_next_round(
    model, register, run, client, person, findings
):
    one = await register(name="Wei Zhang", phone="13987651320", **BORN)
    for number in range(3):
        kin = await register(
            email=f"zhang{number}@example.org.cn", attributes={"birth_date": f"199{number}-01-01"}
        )
        body = {"customer_id": kin["customer_id"], "reason": "so they say"}
        await client.post(f"/v1/customers/{one['customer_id']}/merges", json=body)
    other = await register(name="Wei Zhang", phone="13812347781", **BORN)
    third = await register(name="Wei Zhang", phone="13987651320")
    done = await run(limit=1)
    assert set(ids(one, other, third)) < set(members(await person(one)))
    assert (done["round"], found(done)) == (3, {"merged": 2, "proposed": 1})
    assert found(await run(limit=1)) == {}


async def test_a_killed_chunk_never_was_and_the_run_goes_on_behind_the_last_one(
    model, register, run, client, runtime, findings
):
    for number in range(4):
        await register(name="Wei Zhang", phone=f"1381234770{number // 2}", **BORN | {"attributes": {}})
    begun = (await client.post("/v1/linkage-runs")).json()
    reconciler = Reconciler(runtime.vault)

    async def step(*, killed=False):
        async with runtime.database.transaction() as session:
            await reconciler.step(session, now=clock.now(), limit=2)
            if killed:
                await session.flush()
                await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    await step()
    before = (await client.get(f"/v1/linkage-runs/{begun['run_id']}")).json()
    assert (before["looked_at"], found(before)) == (2, {"merged": 1})
    with pytest.raises(DBAPIError):
        await step(killed=True)
    assert (await client.get(f"/v1/linkage-runs/{begun['run_id']}")).json() == before
    assert len(await findings(begun)) == 1
    done = await run(limit=2)
    assert (done["run_id"], done["looked_at"], found(done)) == (begun["run_id"], 4, {"merged": 2})
    assert len(await findings(begun)) == 2


async def test_what_people_decided_stays(model, alike, register, link, queue, decide, run, person, client):
    one, other = await alike()
    body = {"customer_id": other["customer_id"], "reason": "x"}
    await client.post(f"/v1/customers/{one['customer_id']}/merges", json=body)
    await client.post(f"/v1/customers/{one['customer_id']}/split", json={"reason": "father and son"})
    born = {"attributes": {"birth_date": "1990-12-24"}}
    third = await register(name="Wei Zhang", phone="13812347799", **born)
    fourth = await register(name="Wei Zhong", phone="13987651399", **born)
    await link(third, fourth)
    for asked in await queue():
        await decide(asked, "reject")
    assert found(await run()) == {}
    assert (members(await person(one)), members(await person(third))) == (ids(one), ids(third))


async def test_a_newer_model_closes_what_it_does_not_ask_and_a_third_asks_it_again(
    model, doubtful, link, queue, newer, run, findings, decide
):
    await link(*await doubtful())
    [asked] = await queue()
    await newer()
    done = await run()
    assert found(done) == {"closed": 1}
    [finding] = await findings(done)
    assert (finding["kind"], finding["subject_id"]) == ("closed", asked["review_id"])
    assert finding["probability"] < 0.8
    assert await queue() == []
    assert [row["review_id"] for row in await queue(state="withdrawn")] == [asked["review_id"]]
    refused = await decide(asked, "accept")
    assert (refused.status_code, refused.json()["state"]) == (409, "withdrawn")
    await newer(u=1e-4)
    again = await run()
    assert found(again) == {"proposed": 1}
    [second] = await queue()
    assert (second["review_id"], second["run_id"]) == (asked["review_id"], again["run_id"])
    assert second["created_at"] > asked["created_at"]
    assert second["decided_at"] is None


async def test_a_question_about_persons_whom_somebody_keeps_apart_is_closed(
    model, doubtful, register, link, queue, client, run
):
    one, other = await doubtful()
    await link(one, other)
    kin = await register(name="Somebody Else")
    body = {"customer_id": kin["customer_id"], "reason": "x"}
    await client.post(f"/v1/customers/{one['customer_id']}/merges", json=body)
    body = {"customer_id": other["customer_id"], "reason": "x"}
    merged = await client.post(f"/v1/customers/{kin['customer_id']}/merges", json=body)
    await client.post(f"/v1/merges/{merged.json()['merge_id']}/undo", json={"reason": "two"})
    assert len(await queue()) == 1
    assert found(await run()) == {"closed": 1}


async def test_a_question_whose_customers_are_one_person_is_settled_and_no_finding(
    model, doubtful, link, queue, client, run
):
    one, other = await doubtful()
    await link(one, other)
    body = {"customer_id": other["customer_id"], "reason": "x"}
    await client.post(f"/v1/customers/{one['customer_id']}/merges", json=body)
    assert found(await run()) == {}
    assert len(await queue(state="settled")) == 1


async def test_a_settled_question_is_asked_again_of_two_whom_nobody_has_spoken_of(
    model, doubtful, register, link, queue, client, run
):
    one, other = await doubtful()
    await link(one, other)
    [asked] = await queue()
    third = await register(name="Wei Zhang")
    for customer in (one, other):
        body = {"customer_id": third["customer_id"], "reason": "x"}
        await client.post(f"/v1/customers/{customer['customer_id']}/merges", json=body)
    await run()
    assert await queue() == []
    await client.post(f"/v1/customers/{third['customer_id']}/split", json={"reason": "it was another"})
    assert found(await run()) == {"proposed": 1}
    [again] = await queue()
    assert (again["review_id"], again["state"]) == (asked["review_id"], "open")
    assert found(await run()) == {}


async def test_nobody_is_asked_about_two_who_can_never_be_one_person(
    model, doubtful, link, queue, client, run, findings
):
    one, other = await doubtful()
    await link(one, other)
    assert len(await queue()) == 1
    for customer, number in ((one, "44030519850307237X"), (other, "110105198503070027")):
        path = f"/v1/customers/{customer['customer_id']}"
        answer = await client.patch(
            path, json={"identity_number": number}, headers={"if-match": f'"{customer["version"]}"'}
        )
        assert answer.status_code == 200, answer.text
    done = await run()
    assert found(done) == {"closed": 1}
    assert await queue() == []
    assert found(await run()) == {}
    await link(one, other)
    assert await queue() == []


async def test_what_cannot_be_read_is_skipped_and_all_others_are_compared(
    model, alike, register, run, runtime, client, findings
):
    await alike()
    broken = await register(name="Nobody Knows", phone="13600001111")
    async with runtime.database.transaction() as session:
        spoilt = text("UPDATE customer SET name_sealed = 'v1.nothing' WHERE id = :id")
        await session.execute(spoilt, {"id": broken["customer_id"]})
    begun = (await client.post("/v1/linkage-runs")).json()
    night = Night(runtime)
    while await night.work(runtime):
        pass
    done = (await client.get(f"/v1/linkage-runs/{begun['run_id']}")).json()
    assert (done["state"], found(done)) == ("done", {"merged": 1, "skipped": 1})
    [skipped] = await findings(done, kind="skipped")
    assert (skipped["one"], skipped["other"]) == (broken["customer_id"], None)
    assert skipped["detail"]["reason"]


async def test_no_chunk_begins_while_events_wait_to_be_published(model, alike, client, runtime, monkeypatch):
    await alike()
    begun = (await client.post("/v1/linkage-runs")).json()
    monkeypatch.setattr(handlers, "UNPUBLISHED", 1)
    assert not await Night(runtime).work(runtime)
    assert (await client.get(f"/v1/linkage-runs/{begun['run_id']}")).json() == begun
    monkeypatch.undo()
    assert await Night(runtime).work(runtime)


async def test_of_many_who_ask_at_once_one_begins_and_all_are_told_of_it(model, alike, client, run):
    await alike()
    answers = await asyncio.gather(*(client.post("/v1/linkage-runs") for _ in range(5)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["run_id"] for answer in answers}) == 1
    done = await run()
    assert done["run_id"] == answers[0].json()["run_id"]
    assert (await client.post("/v1/linkage-runs")).json()["run_id"] != done["run_id"]


async def test_of_a_night_there_is_one_run(model, runtime, run, client):
    async def begin():
        async with runtime.database.transaction() as session:
            return await service.begin_night(session, date(2026, 11, 28), now=clock.now())

    assert sorted(await asyncio.gather(*(begin() for _ in range(4)))) == [False, False, False, True]
    [row] = (await client.get("/v1/linkage-runs")).json()["items"]
    assert (row["cause"], row["night"], row["started_by"]) == ("night", "2026-11-28", "system")
    assert (await run())["run_id"] == row["run_id"]
    assert await begin() is False


class TestAtNight:
    @pytest.fixture
    def settings_overrides(self):
        """It is the hour of the run."""
        return {"linkage_run_hour": clock.now().astimezone(zone("Asia/Shanghai")).hour}

    async def test_the_worker_begins_the_run_of_the_night_by_itself(
        self, model, alike, worker_running, eventually, published
    ):
        await alike()
        async with worker_running():
            [event] = await eventually(lambda: published(CustomerLinkageReconciledV1))
        assert event.cause == "night"
        assert event.night == day_of(event.started_at, "Asia/Shanghai")


async def test_by_day_no_run_begins(model, alike, runtime, client):
    await Night(runtime).begin(runtime)
    assert (await client.get("/v1/linkage-runs")).json()["items"] == []


async def test_a_night_without_a_model_is_left_out(runtime, client):
    async with runtime.database.transaction() as session:
        assert not await service.begin_night(session, date(2026, 11, 28), now=clock.now())
    refused = await client.post("/v1/linkage-runs")
    assert (refused.status_code, refused.json()["code"]) == (409, "no_linkage_model")


async def test_the_worker_does_what_was_asked_for_and_says_what_came_of_it(
    model, alike, client, worker_running, eventually, published, person
):
    one, other = await alike()
    begun = (await client.post("/v1/linkage-runs")).json()
    async with worker_running():
        [event] = await eventually(lambda: published(CustomerLinkageReconciledV1))
    assert str(event.run_id) == begun["run_id"]
    assert (event.cause, event.looked_at) == ("request", 2)
    assert members(await person(one)) == ids(one, other)


async def test_runs_and_findings_are_read_page_by_page(model, alike, client, run, findings):
    await alike()
    await alike(phone="13511112222", name="Wei Zhing")
    first = await run()
    second = await run()
    page = (await client.get("/v1/linkage-runs", params={"limit": 1})).json()
    assert [row["run_id"] for row in page["items"]] == [second["run_id"]]
    rest = (await client.get("/v1/linkage-runs", params={"cursor": page["next_cursor"]})).json()
    assert [row["run_id"] for row in rest["items"]] == [first["run_id"]]
    place, seen, cursor = f"/v1/linkage-runs/{first['run_id']}/findings", [], None
    while True:
        params = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        answer = (await client.get(place, params=params)).json()
        seen += answer["items"]
        if not (cursor := answer["next_cursor"]):
            break
    assert seen == await findings(first)
    assert len(seen) == sum(found(first).values()) > 1


async def test_what_there_is_not_is_not_found_and_what_is_wrong_is_said(model, client, client_as, run):
    nothing = "/v1/linkage-runs/0190a0a0-0000-7000-8000-000000000000"
    for place in (nothing, f"{nothing}/findings"):
        answer = await client.get(place)
        assert (answer.status_code, answer.json()["code"]) == (404, "linkage_run_not_found")
    done = await run()
    place = f"/v1/linkage-runs/{done['run_id']}/findings"
    assert (await client.get(place, params={"kind": "lost"})).status_code == 422
    assert (await client.get(place, params={"cursor": "x"})).json()["code"] == "invalid_cursor"
    assert (await client.get("/v1/linkage-runs/x")).status_code == 422
    assert (await client_as("linkage:read").post("/v1/linkage-runs")).status_code == 403
    assert (await client_as("customers:read").get("/v1/linkage-runs")).status_code == 403
