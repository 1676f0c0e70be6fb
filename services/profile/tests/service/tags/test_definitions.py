"""Definitions in versions: proposed, previewed, filled in the background, switched, retired."""

from datetime import timedelta

import pytest
from careloop_common import clock
from careloop_profile.tags.service import shipping
from careloop_profile.tags.service.evaluating import Parts
from sqlalchemy import text

NOW = clock.now()


@pytest.fixture
def having(tags, people):
    async def read(code):
        return [n for n, person in enumerate(people) if code in await tags(person)]

    return read


async def test_the_catalogue_lists_what_comes_with_the_platform(client, people):
    codes, cursor = [], None
    while True:
        answer = (
            await client.get(
                "/v1/tag-definitions", params={"limit": 100} | ({"cursor": cursor} if cursor else {})
            )
        ).json()
        codes += [one["code"] for one in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert len(codes) == len(set(codes)) >= 300
    assert codes == sorted(codes)
    found = (await client.get("/v1/tag-definitions", params={"pack": "care", "q": "老"})).json()["items"]
    assert {"elderly", "elderly_alone"} <= {one["code"] for one in found}
    assert all(one["pack"] == "care" for one in found)


async def test_what_is_proposed_is_in_force_for_all_at_once_after_everybody_was_asked(
    people, propose, publish, fill, having, client, history
):
    version = await propose("grown", rule="age >= 18")
    assert version["state"] == "proposed"
    assert (await publish(version)).json()["state"] == "filling"
    assert await having("grown") == []
    await fill()
    assert await having("grown") == [1, 2, 3, 4]
    [shown] = (await client.get("/v1/tag-definitions/grown")).json()["items"]
    assert (shown["state"], shown["asked"], shown["having"]) == ("active", 5, 4)
    [change] = await history(people[1], code="grown")
    assert (change["cause"]["kind"], change["cause"]["version"], change["after"]) == ("definition", 1, True)


async def test_a_new_version_replaces_the_one_before_and_leaves_nothing_behind(
    people, propose, publish, fill, having, history, runtime
):
    await publish(await propose("grown", rule="age >= 18"))
    await fill()
    second = await propose("grown", rule="age >= 60")
    await publish(second)
    assert await having("grown") == [1, 2, 3, 4], "the one before is in force until everybody was asked"
    await fill()
    assert await having("grown") == [3, 4]
    assert [one["after"] for one in await history(people[2], code="grown")] == [None, True]
    assert len(await history(people[4], code="grown")) == 1, "who has it by either has not changed"
    async with runtime.database.transaction() as session:
        left = text("""
            SELECT count(*) FROM person_tag, tag_definition
            WHERE state = 'superseded' AND jsonb_exists(held, CAST(number AS text))
        """)
        assert await session.scalar(left) == 0


async def test_changes_meanwhile_are_in_the_new_version_too(
    people, propose, publish, fill, having, look, client
):
    await publish(await propose("friend", rule="vip"))
    one = people[0]["customer_id"]
    await client.patch(f"/v1/customers/{one}", json={"vip": True})
    await look(people[0])
    await fill()
    assert await having("friend") == [0]


async def test_a_version_that_time_alone_changes_is_looked_at_in_time(
    register, propose, publish, fill, happen, count, runtime, tags, look
):
    quiet = await register(name="张伟", status="active")
    await happen(quiet, "call", days=3)
    await count()
    await publish(await propose("quiet_5d", rule="days_since(last_seen_at) >= 5"))
    await fill()
    due = text("SELECT due_at FROM timer WHERE kind = 'tags'")
    async with runtime.database.transaction() as session:
        moment = await session.scalar(due)
    assert timedelta(days=1, hours=23) < moment - NOW < timedelta(days=2, minutes=1)
    assert "quiet_5d" not in await tags(quiet)
    await look(quiet, kind="time", now=moment)
    assert "quiet_5d" in await tags(quiet)


@pytest.mark.parametrize("days", ["3000000000000", "-3000000000000", "4000000", "-4000000"])
@pytest.mark.parametrize("fact", ["known_at", "last_seen_at", "joined_at"])
async def test_days_that_nobody_lives_to_see_are_in_nobodys_way(
    register, propose, publish, fill, happen, count, look, tags, fact, days
):
    quiet = await register(name="张伟", status="active", joined_on="2020-02-29")
    await happen(quiet, "call", days=3)
    await count()
    await publish(await propose("far_off", rule=f"days_since({fact}) >= {days}"))
    await fill()
    assert ("far_off" in await tags(quiet)) == days.startswith("-")
    await look(quiet, kind="time")
    await happen(quiet, "complaint")
    await count()
    assert ("far_off" in await tags(quiet)) == days.startswith("-")
    assert "complained_7d" in await tags(quiet)


@pytest.mark.parametrize(
    ("facts", "values"),
    [
        (
            {
                "value_type": "text",
                "cases": [{"value": "old", "rule": "age >= 60"}, {"value": "other", "rule": "has(age)"}],
            },
            ["other", "other", "other", "old", "old"],
        ),
        ({"kind": "aggregate", "value_type": "number", "of": "age"}, [10, 30, 50, 70, 90]),
    ],
)
async def test_the_database_gives_the_values_that_looking_gives(
    people, propose, publish, fill, tags, look, facts, values
):
    await publish(await propose("banded", **facts))
    await fill()
    assert [(await tags(person))["banded"]["value"] for person in people] == values
    assert await look(*people, parts=Parts.BOTH) == 0


async def test_a_preview_says_who_would_have_it_and_changes_nothing(
    people, propose, publish, fill, client, having
):
    await publish(await propose("grown", rule="age >= 18"))
    await fill()
    body = {"code": "grown", "rule": "age >= 60"}
    answer = await client.post("/v1/tag-definitions/preview", json=body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["persons"], found["having"], found["now_having"], found["changed"]) == (5, 2, 4, 2)
    assert set(found["examples"]) == {person["customer_id"] for person in people[3:]}
    assert await having("grown") == [1, 2, 3, 4]
    cases = {"value_type": "text", "cases": [{"value": "old", "rule": "age >= 60"}]}
    assert (await client.post("/v1/tag-definitions/preview", json=cases)).json()["by_value"] == {"old": 2}


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({"rule": "agee > 3"}, "/rule"),
        ({"rule": 'tag("elderly")'}, "/rule"),
        (
            {"value_type": "text", "cases": [{"value": "a", "rule": "vip"}, {"value": "b", "rule": "vip >"}]},
            "/cases/1/rule",
        ),
        ({"kind": "aggregate", "value_type": "number", "of": "region"}, "/of"),
        ({}, None),
    ],
)
async def test_what_cannot_be_read_is_refused_with_the_place(client, facts, pointer, people):
    body = {"code": "odd", "name": "odd", "name_zh": "奇", "category": "own", "owner": "me"} | facts
    for path, sent in (("/v1/tag-definitions", body), ("/v1/tag-definitions/preview", facts)):
        answer = await client.post(path, json=sent)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_tag"), answer.text
        if pointer:
            assert answer.json()["errors"][0]["pointer"] == pointer
    assert (await client.get("/v1/tag-definitions/odd")).json()["code"] == "tag_not_found"


async def test_a_version_is_published_once(people, propose, publish, fill, client):
    version = await propose("grown", rule="age >= 18")
    await publish(version)
    again = await publish(version)
    assert (again.status_code, again.json()["code"], again.json()["state"]) == (409, "tag_decided", "filling")
    other = await propose("grown", rule="age >= 21")
    assert (await publish(other)).json()["code"] == "tag_decided", "one at a time"
    await fill()
    assert (await publish(other)).status_code == 200
    missing = await client.post("/v1/tag-definitions/grown/versions/99/publish")
    assert (missing.status_code, missing.json()["code"]) == (404, "tag_not_found")


async def test_all_versions_of_a_state_are_listed_whatever_the_page(people, propose, client):
    for age in (18, 21, 60):
        await propose("grown", rule=f"age >= {age}")
    found, cursor = [], None
    while True:
        params = {"state": "proposed", "limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = (await client.get("/v1/tag-definitions", params=params)).json()
        found += [(one["code"], one["version"]) for one in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert found == [("grown", 1), ("grown", 2), ("grown", 3)]


async def test_what_was_said_when_a_given_tag_had_other_values_is_not_taken_for_one(
    people, propose, publish, fill, having, client, look, history
):
    texts = {"kind": "manual", "value_type": "text"}
    await publish(await propose("mood", **texts, values=["good", "bad"]))
    await fill()
    for person, value in zip(people, ("good", "bad"), strict=False):
        path = f"/v1/customers/{person['customer_id']}/tags/mood"
        assert (await client.put(path, json={"value": value})).status_code == 200
    for facts, those in (({**texts, "values": ["bad", "so-so"]}, [1]), ({"kind": "manual"}, [])):
        await publish(await propose("mood", **facts))
        await fill()
        assert await having("mood") == those
        assert await look(*people, parts=Parts.BOTH) == 0, "the database and the look agree"
        body = {"region": facts.get("value_type", "bool")}
        for person in people[:2]:
            await client.patch(f"/v1/customers/{person['customer_id']}", json=body)
        await look(*people)
        assert await having("mood") == those


async def test_two_who_publish_at_once_publish_one(people, propose, publish, together):
    versions = [await propose("grown", rule=f"age >= {age}") for age in (18, 21)]
    answers = await together(*map(publish, versions))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_a_retired_tag_nobody_has(people, client, having, tags, history, fill, propose):
    assert await having("elderly") == [3, 4]
    answer = await client.post("/v1/tag-definitions/elderly/retire")
    assert (answer.status_code, answer.json()["state"]) == (200, "retired")
    assert await having("elderly") == []
    assert [one["after"] for one in await history(people[3], code="elderly")] == [None, True]
    again = await client.post("/v1/tag-definitions/elderly/retire")
    assert (again.status_code, again.json()["code"]) == (404, "tag_not_found")
    await fill()
    version = await propose("elderly", rule="age >= 80")
    assert version["version"] == 2


async def test_a_tag_that_rules_ask_for_is_not_retired(people, client):
    answer = await client.post("/v1/tag-definitions/churn_probability/retire")
    assert (answer.status_code, answer.json()["code"]) == (409, "tag_in_use")
    assert "churn_risk_high" in answer.json()["codes"]


async def test_what_comes_with_the_platform_is_installed_once(people, runtime):
    async with runtime.database.transaction() as session:
        assert await shipping.install(session, now=NOW) == 0


async def test_the_vocabulary_says_what_rules_may_speak_of(client, people):
    told = (await client.get("/v1/tag-definitions/vocabulary")).json()
    facts = {one["name"]: one for one in told["facts"]}
    assert facts["tier"]["values"] == ["S", "A", "B", "C"]
    assert "complaint" in told["families"]["count"][0]
    assert "churn_probability" in told["families"]["tag"][0]


async def test_readers_propose_nothing_and_give_nothing(client_as, people):
    reader = client_as("tags:read")
    body = {"code": "x", "name": "x", "name_zh": "x", "category": "own", "owner": "me", "rule": "vip"}
    assert (await reader.post("/v1/tag-definitions", json=body)).status_code == 403
    path = f"/v1/customers/{people[0]['customer_id']}/tags/koc_nominated"
    assert (await reader.put(path, json={})).status_code == 403
    assert (await reader.get("/v1/tag-definitions", params={"colour": "red"})).status_code == 422
