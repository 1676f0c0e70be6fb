"""Medals: by the figures of a month or by hand, once for each month, and taken back with a reason."""

import asyncio
from datetime import timedelta

import pytest
from careloop_common import clock, ids, zones
from careloop_ticketing.medals import service as medals
from careloop_ticketing.medals.policy import Month
from careloop_ticketing.tickets.models import TicketRow

ZONE = zones.zone("Asia/Shanghai")
RULE = "closed >= 1 && csat >= 4.5"


def last_month():
    return Month.of(clock.now(), ZONE).moved(-1)


@pytest.fixture
async def people(client):
    for agent_id in ("wang", "li", "zhao"):
        body = {"name": agent_id.title(), "languages": ["zh"]}
        assert (await client.put(f"/v1/agents/{agent_id}", json=body)).status_code == 201


@pytest.fixture
def put_medal(client):
    async def put(code="gold", headers=None, **given):
        body = {"name": "Gold", "name_zh": "金牌", "rule": RULE, **given}
        return await client.put(f"/v1/medals/{code}", json=body, headers=headers)

    return put


@pytest.fixture
def worked(open_ticket, act, runtime):
    """`await worked("wang", score=5)`: they closed a ticket of last month, whose customer gave this."""

    async def close(agent_id, score=None, month=None):
        ticket = await open_ticket(subject=f"账单 {agent_id} {score}")
        await act(ticket, "assign", assignee_id=agent_id)
        if score is not None:
            await act(ticket, "resolve")
            await act(ticket, "satisfaction", score=score)
        async with runtime.database.transaction() as session:
            row = await session.get(TicketRow, ticket["id"])
            row.opened_at = (month or last_month()).span(ZONE)[0] + timedelta(days=2)

    return close


@pytest.fixture
def by_hand(client):
    async def post(**given):
        body = {"medal": "kind", "agent_id": "wang", "month": str(last_month()), "reason": "热心", **given}
        return await client.post("/v1/medal-awards", json=body)

    return post


@pytest.fixture
def by_figures(client):
    async def post(**given):
        return await client.post("/v1/medal-awards/by-figures", json={"month": str(last_month()), **given})

    return post


@pytest.fixture
def held(client):
    async def of(agent_id="wang"):
        return [one["medal"] for one in (await client.get(f"/v1/agents/{agent_id}/medals")).json()["items"]]

    return of


@pytest.fixture
def turn(runtime):
    async def once(now=None):
        async with runtime.database.transaction() as session:
            return await medals.turn(session, zone=ZONE, now=now or clock.now())

    return once


async def test_a_medal_is_made_known_and_changed_by_who_has_seen_it(client, put_medal):
    new = await put_medal()
    assert (new.status_code, new.headers["etag"]) == (201, '"1"')
    assert (await client.get("/v1/medals/gold")).json() == new.json()
    assert (await put_medal(headers={"if-match": '"1"'}, rule=None)).json()["version"] == 2
    assert (await put_medal(headers={"if-match": '"1"'})).status_code == 412
    assert (await put_medal("new", headers={"if-match": '"1"'})).status_code == 412
    assert [one["rule"] for one in (await client.get("/v1/medals")).json()["items"]] == [None]
    missing = await client.get("/v1/medals/none")
    assert (missing.status_code, missing.json()["code"]) == (404, "medal_not_found")


@pytest.mark.parametrize(
    ("rule", "code", "column"),
    [
        ("closed >= 50 &&", "rule_invalid", 16),
        ('tier == "primary"', "rule_invalid", 1),
        ("closed", "rule_invalid", 1),
        ("closed > 5 && closed < 5", "invalid_medal", None),
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused_with_its_place(client, put_medal, rule, code, column):
    answer = await put_medal(rule=rule)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem.get("column")) == (422, code, column)
    assert problem["errors"][0]["pointer"] == "/rule"
    assert (await client.get("/v1/medals")).json()["items"] == []


async def test_a_dry_run_says_who_would_get_it_and_why_and_changes_nothing(
    people, put_medal, worked, by_figures, held
):
    await put_medal()
    for agent_id, score in (("wang", 5), ("wang", 4), ("li", 3), ("zhao", None)):
        await worked(agent_id, score)
    found = (await by_figures(dry_run=True)).json()
    (winner,) = found["items"]
    assert (found["judged"], found["awarded"], found["dry_run"]) == (3, 1, True)
    assert (winner["medal"], winner["agent_id"], winner["rule"], winner["had"]) == (
        "gold",
        "wang",
        RULE,
        False,
    )
    figures = winner["figures"]
    assert [figures[name] for name in ("tickets", "closed", "answers", "csat", "reopened")] == [
        2,
        2,
        2,
        4.5,
        0,
    ]
    assert figures["attainment"] == 1
    assert await held() == []


async def test_what_is_asked_for_twice_is_awarded_once(client, people, put_medal, worked, by_figures, held):
    await put_medal()
    await put_medal("busy", rule="tickets >= 1")
    await worked("wang", 5)
    first = (await by_figures(medal="gold")).json()
    assert (first["awarded"], [one["had"] for one in first["items"]]) == (1, [False])
    again = (await by_figures()).json()
    assert (again["awarded"], [(one["medal"], one["had"]) for one in again["items"]]) == (
        1,
        [("busy", False), ("gold", True)],
    )
    assert await held() == ["busy", "gold"]
    listed = (await client.get("/v1/medal-awards", params={"medal": "gold"})).json()["items"]
    assert [(one["agent_id"], one["month"], one["rule"]) for one in listed] == [
        ("wang", str(last_month()), RULE)
    ]
    assert listed[0]["figures"]["csat"] == 5


async def test_two_who_award_at_once_award_once(people, put_medal, worked, by_figures, held):
    await put_medal()
    await worked("wang", 5)
    answers = await asyncio.gather(*(by_figures() for _ in range(4)))
    assert sorted(answer.json()["awarded"] for answer in answers) == [0, 0, 0, 1]
    assert await held() == ["gold"]


async def test_only_who_is_active_and_held_a_ticket_of_the_month_is_judged(
    client, people, put_medal, worked, by_figures
):
    await put_medal(rule="!(attainment < 0.5)")
    await worked("wang", 5)
    await worked("li", 5, month=last_month().moved(-1))
    await worked("zhao", 5)
    body = {"name": "Zhao", "languages": ["zh"], "active": False}
    assert (await client.put("/v1/agents/zhao", json=body)).status_code == 200
    assert [one["agent_id"] for one in (await by_figures()).json()["items"]] == ["wang"]


async def test_when_a_month_has_ended_its_medals_are_awarded_once(people, put_medal, worked, turn, held):
    await put_medal()
    await worked("wang", 5)
    assert await turn() == last_month()
    assert await held() == ["gold"]
    # What is learned afterwards changes nothing, unless somebody asks.
    await worked("li", 5)
    assert await turn() is None
    assert await held("li") == []


async def test_months_that_ended_meanwhile_are_made_up_for_one_after_the_other(
    people, put_medal, worked, turn, client
):
    await put_medal()
    assert await turn() == last_month()
    await worked("wang", 5, month=last_month().moved(1))
    two_later = last_month().moved(3).span(ZONE)[0]
    assert [await turn(two_later) for _ in range(3)] == [last_month().moved(1), last_month().moved(2), None]
    listed = (await client.get("/v1/medal-awards")).json()["items"]
    assert [(one["agent_id"], one["month"], one["awarded_by"]) for one in listed] == [
        ("wang", str(last_month().moved(1)), "system")
    ]


async def test_the_worker_awards_them(people, put_medal, worked, worker_running, eventually, held):
    await put_medal()
    await worked("wang", 5)
    async with worker_running():
        assert await eventually(held) == ["gold"]


async def test_a_medal_that_is_not_active_is_not_awarded(people, put_medal, worked, by_figures):
    await put_medal(active=False)
    await worked("wang", 5)
    assert (await by_figures()).json()["items"] == []
    named = await by_figures(medal="gold")
    assert (named.status_code, named.json()["code"]) == (422, "medal_unknown")


async def test_a_month_that_has_not_ended_is_told_but_not_awarded(by_figures):
    this = last_month().moved(1)
    assert (await by_figures(month=str(this), dry_run=True)).status_code == 200
    for given in ({"month": str(this)}, {"month": str(this.moved(1)), "dry_run": True}):
        refused = await by_figures(**given)
        assert (refused.status_code, refused.json()["code"]) == (422, "month_not_over")
        assert refused.json()["errors"][0]["pointer"] == "/month"
    for month in ("2026-13", "2026-1", "1999-12", "November"):
        assert (await by_figures(month=month)).json()["code"] == "validation_failed"


async def test_a_medal_without_a_rule_is_given_by_hand_once_a_month(people, put_medal, by_hand, held):
    await put_medal("kind", rule=None)
    given = await by_hand()
    assert (given.status_code, given.json()["reason"], given.json()["figures"]) == (201, "热心", None)
    again = await by_hand(reason="又一次")
    assert (again.status_code, again.json()["code"]) == (409, "medal_already_awarded")
    assert again.json()["award_id"] == given.json()["id"]
    assert (await by_hand(month=str(last_month().moved(-1)))).status_code == 201
    assert await held() == ["kind", "kind"]


@pytest.mark.parametrize(
    ("given", "status", "code", "pointer"),
    [
        ({"medal": "none"}, 422, "medal_unknown", "/medal"),
        ({"medal": "gold"}, 409, "medal_by_figures", "/medal"),
        ({"agent_id": "nobody"}, 422, "agent_unknown", "/agent_id"),
        ({"month": "2099-01"}, 422, "month_not_over", "/month"),
        ({"month": "2026-00"}, 422, "validation_failed", "/month"),
        ({"reason": " "}, 422, "validation_failed", "/reason"),
        ({"reason": "a\0"}, 422, "validation_failed", "/reason"),
    ],
)
async def test_a_gift_that_cannot_be_is_refused(
    client, people, put_medal, by_hand, given, status, code, pointer
):
    await put_medal("kind", rule=None)
    await put_medal()
    answer = await by_hand(**given)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert (await client.get("/v1/medal-awards")).json()["items"] == []


async def test_nobodys_figures_decide_on_a_medal_by_hand(put_medal, by_figures):
    await put_medal("kind", rule=None)
    refused = await by_figures(medal="kind")
    assert (refused.status_code, refused.json()["code"]) == (409, "medal_by_figures")
    assert (await by_figures(medal="none")).json()["code"] == "medal_unknown"


async def test_what_is_taken_back_is_not_shown_and_not_awarded_again(
    client, people, put_medal, worked, by_figures, held
):
    await put_medal()
    await worked("wang", 5)
    await by_figures()
    (award,) = (await client.get("/v1/medal-awards")).json()["items"]
    url = f"/v1/medal-awards/{award['id']}/take-back"
    for bad in ({}, {"reason": "a\0"}):
        assert (await client.post(url, json=bad)).status_code == 422
    taken = await client.post(url, json={"reason": "评分有误"})
    assert (taken.status_code, taken.json()["taken_back_because"]) == (200, "评分有误")
    again = await client.post(url, json={"reason": "again"})
    assert (again.status_code, again.json()["code"]) == (409, "medal_award_taken_back")
    assert await held() == []
    assert (await by_figures()).json()["awarded"] == 0
    assert await held() == []
    (kept,) = (await client.get("/v1/medal-awards")).json()["items"]
    assert kept == taken.json()
    missing = await client.post(f"/v1/medal-awards/{ids.new_id()}/take-back", json={"reason": "none"})
    assert (missing.status_code, missing.json()["code"]) == (404, "medal_award_not_found")


async def test_my_day_shows_the_medals_of_ones_own(client, client_as, people, put_medal, by_hand):
    await put_medal("kind", rule=None)
    await by_hand()
    wang = client_as("tickets:read", actor_id="wang")
    (shown,) = (await wang.get("/v1/my-day")).json()["medals"]
    assert (shown["medal"], shown["name_zh"], shown["month"]) == ("kind", "金牌", str(last_month()))
    assert (await client.get("/v1/my-day", params={"agent_id": "li"})).json()["medals"] == []
    assert (await wang.get("/v1/agents/li/medals")).json()["items"] == []
    missing = await wang.get("/v1/agents/nobody/medals")
    assert (missing.status_code, missing.json()["code"]) == (404, "agent_not_found")
    assert (await wang.get("/v1/medal-awards")).status_code == 403


async def test_medals_of_many_are_listed_page_by_page(client, people, put_medal, by_hand):
    await put_medal("kind", rule=None)
    for months in range(3):
        await by_hand(month=str(last_month().moved(-months)))
    for url in ("/v1/agents/wang/medals", "/v1/medal-awards"):
        first = (await client.get(url, params={"limit": 2})).json()
        rest = (await client.get(url, params={"cursor": first["next_cursor"]})).json()
        months = [one["month"] for one in first["items"] + rest["items"]]
        assert months == [str(last_month().moved(-back)) for back in (2, 1, 0)]
