import pytest
from careloop_scoring.churn import gate
from careloop_scoring.registry import service as registry
from sqlalchemy import text


async def _states(client) -> list[tuple[str, str]]:
    items = (await client.get("/v1/models")).json()["items"]
    return [(one["version"], one["state"]) for one in items]


async def _execute(runtime, statement: str):
    async with runtime.database.transaction() as session:
        return await session.execute(text(statement))


async def test_a_model_that_is_not_worse_takes_over_and_older_ones_lose_their_files(
    client, runtime, make_population, remember, run
) -> None:
    await remember(make_population(210))
    for _ in range(4):
        await run(train="yes")
    assert await _states(client) == [
        ("churn-4", "active"),
        ("churn-3", "retired"),
        ("churn-2", "retired"),
        ("churn-1", "retired"),
    ]
    for table in ("model_artefact", "model_training_row"):
        assert (await _execute(runtime, f"SELECT count(DISTINCT model_id) FROM {table}")).scalar_one() == 3


async def test_a_worse_model_stays_a_candidate(client, make_population, remember, run, monkeypatch) -> None:
    await remember(make_population(210))
    await run()
    verdict = gate.Verdict(promoted=False, reason="worse than the active model", difference=-0.1, upper=-0.05)
    monkeypatch.setattr(gate, "against", lambda *_: verdict)
    found = await run(train="yes")
    assert found["model_version"] == "churn-1"
    assert await _states(client) == [("churn-2", "candidate"), ("churn-1", "active")]


async def test_auto_trains_once_and_then_when_many_more_have_left(make_population, remember, run) -> None:
    population = make_population(300)
    await remember(population[:210])
    assert (await run())["model_version"] == "churn-1"
    assert (await run())["model_version"] == "churn-1"
    await remember(population)
    assert (await run())["model_version"] == "churn-2"


async def test_damaged_files_step_down_the_ladder(client, runtime, make_population, remember, run) -> None:
    await remember(make_population(210))
    await run()
    await run(train="yes")
    spoil = "UPDATE model_artefact SET content = content || 'x'::bytea WHERE model_id = (SELECT id FROM scoring_model"
    await _execute(runtime, f"{spoil} WHERE number = 2)")
    found = await run(train="no")
    assert (found["basis"], found["model_version"]) == ("previous_model", "churn-1")
    await _execute(runtime, f"{spoil} WHERE number = 1)")
    found = await run(train="no")
    assert (found["basis"], found["model_version"]) == ("rules", None)
    score = (await client.get("/v1/scores")).json()["items"][0]
    assert (score["basis"], score["model_version"]) == ("rules", None)


async def test_nobody_is_scored_by_a_model_that_saw_his_label(
    runtime, make_population, remember, run
) -> None:
    await remember(make_population(210))
    found = await run()
    loaded = await registry.load(runtime.database)
    assert loaded is not None
    assert loaded.version == found["model_version"]
    folds = (
        await _execute(runtime, "SELECT fold, count(*) FROM model_training_row GROUP BY 1 ORDER BY 1")
    ).all()
    assert [fold for fold, _ in folds] == [0, 1, 2, 3, 4]
    assert sum(count for _, count in folds) == 210


@pytest.mark.parametrize("path", ["", "/report"])
async def test_an_unknown_model_is_not_found(client, path: str) -> None:
    answer = await client.get(f"/v1/models/0197b0a0-0000-7000-8000-000000000000{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "model_unknown")
