import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from careloop_common import clock
from careloop_scoring.runs import execution, service
from careloop_scoring.runs.errors import RunTakenOver
from careloop_scoring.runs.policy import MAX_ATTEMPTS
from sqlalchemy import text


async def test_a_run_trains_scores_and_reports(client, make_population, remember, run) -> None:
    population = make_population(400)
    await remember(population)
    active = [one for one in population if not one.left]
    found = await run()
    assert found["basis"] == "model"
    assert found["model_version"] == "churn-1"
    assert found["progress"] == {"done": len(active), "total": len(active)}
    assert found["counts"]["changed"] == len(active)
    assert found["metrics"]["auc"] > 0.7
    assert found["metrics"]["training_rows"] == 400

    score = (await client.get(f"/v1/scores/{active[0].customer_id}")).json()
    assert 0 < score["churn_probability"] < 1
    assert score["rfm"]["basis"] == "subscription"
    assert score["rfm"]["name_zh"].endswith("客户")
    assert score["model_version"] == "churn-1"

    report = (await client.get(f"/v1/models/{found['model_id']}/report")).json()
    assert report["model"]["auc"] == pytest.approx(found["metrics"]["auc"])
    assert len(report["model"]["reliability"]) == 10
    assert report["baseline"]["auc"] > 0.5
    assert report["dropped"]["kind"] == "constant"


async def test_customers_who_left_or_never_came_are_not_scored(
    client, make_population, remember, run
) -> None:
    population = make_population(150)
    prospect = replace(population[0], customer_id=UUID(int=10**6), status="prospect")
    await remember([*population, prospect])
    await run()
    gone = next(one for one in population if one.left)
    for customer in (gone, prospect):
        answer = await client.get(f"/v1/scores/{customer.customer_id}")
        assert (answer.status_code, answer.json()["code"]) == (404, "score_unknown")

    stayed = next(one for one in population if not one.left)
    await remember([replace(stayed, status="left")], version=2)
    assert (await run(train="no"))["counts"]["removed"] == 1
    assert (await client.get(f"/v1/scores/{stayed.customer_id}")).status_code == 404


async def test_customers_of_the_training_set_keep_their_held_out_probability_in_later_runs(
    client, make_population, remember, run
) -> None:
    await remember(make_population(250))
    await run()
    before = (await client.get("/v1/scores", params={"limit": 100})).json()["items"]
    found = await run(train="no")
    assert found["counts"]["changed"] == 0
    after = (await client.get("/v1/scores", params={"limit": 100})).json()["items"]
    assert [one["churn_probability"] for one in before] == [one["churn_probability"] for one in after]


async def test_too_few_labels_are_scored_by_rule_and_the_answer_says_so(
    client, make_facts, remember, run
) -> None:
    await remember([make_facts(n, tenure=float(n)) for n in range(1, 61)])
    found = await run()
    assert (found["basis"], found["model_version"]) == ("rules", None)
    assert "not trained: 60 customers with 0 leavers" in found["notes"][0]
    score = (await client.get(f"/v1/scores/{UUID(int=1)}")).json()
    assert score["basis"] == "rules"
    assert score["reasons"][0]["label"] == "Contract: Month-to-month"
    assert (await client.get("/v1/models")).json()["items"] == []


async def test_an_empty_database_is_a_run_like_any_other(run) -> None:
    found = await run()
    assert found["progress"] == {"done": 0, "total": 0}


async def test_a_killed_run_goes_on_where_it_was(client, runtime, make_facts, remember, monkeypatch) -> None:
    """The second chunk's transaction never commits; nothing is doubled and nothing lost."""
    await remember([make_facts(n, tenure=float(n % 40)) for n in range(1, 251)])
    run_id = (await client.post("/v1/scoring-runs", json={})).json()["id"]
    write, calls = execution.writing.write, 0

    async def die_on_the_second(*args, **options) -> None:
        nonlocal calls
        calls += 1
        await write(*args, **options)
        if calls == 2:
            raise ConnectionResetError

    monkeypatch.setattr(execution.writing, "write", die_on_the_second)
    with pytest.raises(ConnectionResetError):
        await execution.work(runtime)
    halfway = (await client.get(f"/v1/scoring-runs/{run_id}")).json()
    assert (halfway["state"], halfway["progress"]["done"]) == ("running", 100)
    await execution.work(runtime)
    found = (await client.get(f"/v1/scoring-runs/{run_id}")).json()
    assert (found["state"], found["counts"]["scored"], found["counts"]["changed"]) == ("completed", 250, 250)
    async with runtime.database.transaction() as session:
        changed = text("SELECT count(*) FROM outbox WHERE subject LIKE '%.changed'")
        assert (await session.execute(changed)).scalar_one() == 250


async def test_a_process_that_was_overtaken_writes_nothing_more(client, runtime) -> None:
    await client.post("/v1/scoring-runs", json={})
    async with runtime.database.transaction() as session:
        late = await service.claim(session, now=clock.now())
    async with runtime.database.transaction() as session:
        await service.claim(session, now=clock.now())
    with pytest.raises(RunTakenOver):
        async with runtime.database.transaction() as session:
            await service.record(session, late, counts={"scored": 1})


async def test_a_run_that_kills_its_process_again_and_again_is_given_up(client, runtime) -> None:
    run_id = (await client.post("/v1/scoring-runs", json={})).json()["id"]
    for _ in range(MAX_ATTEMPTS):
        async with runtime.database.transaction() as session:
            await service.claim(session, now=clock.now())
    await execution.work(runtime)
    found = (await client.get(f"/v1/scoring-runs/{run_id}")).json()
    assert (found["state"], found["error"]) == ("failed", "gave_up")


async def test_one_run_waits_at_a_time(client) -> None:
    first, second = await asyncio.gather(*(client.post("/v1/scoring-runs", json={}) for _ in range(2)))
    assert sorted([first.status_code, second.status_code]) == [202, 409]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"train": "maybe"}, "validation_failed"),
        ({"as_of": "2025-01-01T00:00:00"}, "validation_failed"),
        ({"as_of": "2199-01-01T00:00:00Z"}, "as_of_out_of_range"),
        ({"as_of": "1999-12-31T23:59:59+14:00"}, "as_of_out_of_range"),
        ({"as_of": "0001-01-01T00:00:00+14:00"}, "validation_failed"),
        ({"threshold": 1}, "validation_failed"),
    ],
)
async def test_a_wrong_request_is_refused(client, body, code) -> None:
    answer = await client.post("/v1/scoring-runs", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_run_needs_its_scope(client_as) -> None:
    answer = await client_as("scores:read").post("/v1/scoring-runs", json={})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


async def test_health_answers_while_a_model_is_trained(client, runtime, make_population, remember) -> None:
    await remember(make_population(900))
    await client.post("/v1/scoring-runs", json={})
    loop, slowest, answers = asyncio.get_running_loop(), 0.0, 0
    started = loop.time()
    working = asyncio.create_task(execution.work(runtime))
    while not working.done():
        began = loop.time()
        assert (await client.get("/livez")).status_code == 200
        slowest, answers = max(slowest, loop.time() - began), answers + 1
        await asyncio.wait({working}, timeout=0.05)
    await working
    assert answers > 5
    assert slowest < max(1.0, (loop.time() - started) / 3), "on a slow machine the training takes longer too"
