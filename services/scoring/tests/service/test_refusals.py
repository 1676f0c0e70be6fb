"""Customers who refused automated decisions or to be assessed have no score, and the answers say so."""

from dataclasses import replace
from uuid import UUID

import pytest
from careloop_contracts import CustomerUpdatedV1
from careloop_scoring.customers import queries
from sqlalchemy import text


async def refusal_of(client, facts):
    answer = await client.get(f"/v1/scores/{facts.customer_id}")
    return answer.status_code, answer.json().get("code"), answer.json().get("refused")


@pytest.mark.parametrize("what", ["automated_decision", "profiling"])
async def test_who_refuses_is_not_scored_and_the_run_says_how_many(
    client, make_facts, remember, run, session, what
) -> None:
    population = [make_facts(number) for number in range(1, 41)]
    refusing = replace(population[0], withheld=what)
    await remember([refusing, *population[1:]])
    counts = (await run())["counts"]
    assert (counts["total"], counts["withheld"], counts["scored"]) == (39, 1, 39)
    assert await refusal_of(client, refusing) == (409, "score_refused", what)
    assert await session.scalar(text("SELECT count(*) FROM score")) == 39


async def test_a_refusal_hides_a_score_at_once_and_the_next_run_deletes_it(
    client, make_facts, remember, run, session
) -> None:
    population = [make_facts(number) for number in range(1, 41)]
    await remember(population)
    await run()
    await remember([replace(population[0], withheld="automated_decision")], version=2)
    assert await refusal_of(client, population[0]) == (409, "score_refused", "automated_decision")
    listed = (await client.get("/v1/scores", params={"limit": 100})).json()["items"]
    assert str(population[0].customer_id) not in {item["customer_id"] for item in listed}
    assert (await client.get("/v1/score-summary")).json()["customers"] == len(listed) == 39
    assert (await run())["counts"]["removed"] == 1
    assert await session.scalar(text("SELECT count(*) FROM score")) == 39


async def test_who_allows_it_again_is_scored_again(client, make_facts, remember, run) -> None:
    population = [make_facts(number) for number in range(1, 41)]
    await remember([replace(population[0], withheld="profiling"), *population[1:]])
    await run()
    await remember([population[0]], version=2)
    await run()
    assert (await client.get(f"/v1/scores/{population[0].customer_id}")).status_code == 200


async def test_only_who_refuses_to_be_assessed_is_left_out_of_learning(make_facts, remember, session) -> None:
    whole, decided, assessed = (make_facts(number) for number in (1, 2, 3))
    await remember(
        [whole, replace(decided, withheld="automated_decision"), replace(assessed, withheld="profiling")]
    )
    found = await queries.chunk(session, "active", after=None, limit=10)
    assert {facts.customer_id for facts in found} == {whole.customer_id, decided.customer_id}
    assert await queries.count(session, "active") == 2
    assert await queries.count_scorable(session) == (1, 2)
    ids = [one.customer_id for one in (whole, decided, assessed)]
    assert await queries.lock_scorable(session, ids) == {whole.customer_id}


async def test_profile_tells_of_refusals(runtime, publish, worker_running, eventually) -> None:
    about = {"kind": "individual", "source": "crm", "status": "active"}
    for number, said in enumerate(({}, {"automated_decisions": False}, {"profiling": False}), 1):
        await publish(CustomerUpdatedV1(customer_id=UUID(int=number), version=2, **about, **said))

    async def all_there():
        async with runtime.database.transaction() as session:
            rows = await session.execute(text("SELECT withheld FROM customer ORDER BY customer_id"))
            return found if len(found := rows.scalars().all()) == 3 else None

    async with worker_running():
        assert await eventually(all_there) == [None, "automated_decision", "profiling"]
