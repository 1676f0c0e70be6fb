"""Days that come round, tenure and ecosystem, from the outside."""

from datetime import UTC, datetime, timedelta

import pytest
from careloop_common import zones
from careloop_contracts import CustomerAnniversaryApproachingV1
from careloop_profile.parties.policy.anniversaries import Anniversary
from careloop_profile.parties.service import anniversaries
from sqlalchemy import text

CHINA = zones.zone("Asia/Shanghai")


@pytest.fixture
def coming(client):
    async def get(kind, first, last, **params):
        params |= {"kind": kind, "from": first, "to": last}
        answer = await client.get("/v1/anniversaries", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return get


@pytest.fixture
def read(client):
    async def get(customer, what):
        answer = await client.get(f"/v1/customers/{customer['customer_id']}/{what}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    return get


def _held(product, started, ended=None, **facts):
    return {"product": product, "started_on": started, "ended_on": ended, **facts}


async def test_joining_comes_round_every_year(register, coming):
    one = await register(name="张伟", joined_on="2016-03-02")
    leap = await register(name="李娜", joined_on="2020-02-29")
    await register(name="王芳", joined_on="2026-03-01")
    await register(name="王强", joined_on="2016-03-03", status="left")
    found = await coming("joining", "2026-02-20", "2026-03-05")
    told = [(item["customer_id"], item["on"], item["years"]) for item in found["items"]]
    assert told == [(leap["customer_id"], "2026-02-28", 6), (one["customer_id"], "2026-03-02", 10)]
    assert [item["on"] for item in (await coming("joining", "2028-02-28", "2028-02-29"))["items"]] == [
        "2028-02-29"
    ]


async def test_a_birthday_is_told_without_the_year_unless_one_may_know(
    register, coming, insider, session, worker_running, eventually
):
    one = await register(name="张伟", birth_date="1990-05-20")
    async with worker_running():
        found = await eventually(lambda: _some(coming, "birthday", "2026-05-15", "2026-05-21"))
    [item] = found["items"]
    assert (item["customer_id"], item["on"], item["years"], item["name"]) == (
        one["customer_id"],
        "2026-05-20",
        None,
        "张*",
    )
    params = {"kind": "birthday", "from": "2026-05-20", "to": "2026-05-20"}
    [seen] = (await insider.get("/v1/anniversaries", params=params)).json()["items"]
    assert (seen["years"], seen["name"]) == (36, "张伟")
    kept = str((await session.execute(text("SELECT key FROM birthday"))).all())
    assert "05-20" not in kept
    assert "0520" not in kept


async def _some(coming, *asked):
    found = await coming(*asked)
    return found if found["items"] else None


async def test_a_birthday_that_was_mistaken_moves(register, client, coming, worker_running, eventually):
    one = await register(name="张伟", birth_date="1990-05-20")
    async with worker_running():
        await eventually(lambda: _some(coming, "birthday", "2026-05-20", "2026-05-20"))
        await client.patch(f"/v1/customers/{one['customer_id']}", json={"birth_date": "1990-05-21"})
        await eventually(lambda: _some(coming, "birthday", "2026-05-21", "2026-05-21"))
        assert (await coming("birthday", "2026-05-20", "2026-05-20"))["items"] == []
        await client.patch(f"/v1/customers/{one['customer_id']}", json={"birth_date": None})
        await eventually(lambda: _none(coming, "birthday", "2026-05-21", "2026-05-21"))


async def _none(coming, *asked):
    return not (await coming(*asked))["items"]


async def test_ends_of_contracts_and_warranties_are_listed_page_by_page(register, client, coming):
    one = await register(
        name="张伟",
        subscriptions=[
            _held("broadband", "2025-06-01", "2026-05-31"),
            _held("iptv", "2025-06-01", "2026-05-30"),
            _held("cloud", "2020-06-01", "2026-05-30", status="terminated"),
        ],
    )
    device = "0199aaaa-0000-7000-8000-000000000001"
    path = f"/v1/customers/{one['customer_id']}/devices/{device}"
    await client.put(path, json={"type": "phone", "warranty_until": "2026-05-29"})
    first = await coming("contract_end", "2026-05-25", "2026-06-10", limit=1)
    assert [item["product"] for item in first["items"]] == ["iptv"]
    second = await coming("contract_end", "2026-05-25", "2026-06-10", limit=1, cursor=first["next_cursor"])
    assert [item["product"] for item in second["items"]] == ["broadband"]
    assert second["next_cursor"] is None
    [ending] = (await coming("warranty_end", "2026-05-29", "2026-05-29"))["items"]
    assert (ending["subject_id"], ending["product"]) == (device, "phone")


async def test_a_person_joined_once_and_has_one_birthday(
    register, client, coming, worker_running, eventually
):
    one = await register(name="张伟", joined_on="2016-03-02", birth_date="1990-05-20")
    other = await register(name="张玮", joined_on="2019-03-03", birth_date="1990-05-20")
    body = {"customer_id": other["customer_id"], "reason": "one man"}
    await client.post(f"/v1/customers/{one['customer_id']}/merges", json=body)
    found = (await coming("joining", "2026-03-01", "2026-03-05"))["items"]
    assert [(item["person_id"], item["on"]) for item in found] == [(one["customer_id"], "2026-03-02")]
    async with worker_running():
        found = await eventually(lambda: _some(coming, "birthday", "2026-05-20", "2026-05-20"))
    assert [item["customer_id"] for item in found["items"]] == [one["customer_id"]]


async def test_who_left_under_one_number_and_stayed_under_another_is_not_forgotten(
    register, client, coming, worker_running, eventually
):
    one = await register(name="张伟", joined_on="2016-03-02", birth_date="1990-05-20", status="left")
    other = await register(name="张玮", joined_on="2019-03-03", birth_date="1990-05-20")
    body = {"customer_id": other["customer_id"], "reason": "one man"}
    await client.post(f"/v1/customers/{one['customer_id']}/merges", json=body)
    found = (await coming("joining", "2026-03-01", "2026-03-05"))["items"]
    assert [(item["customer_id"], item["on"]) for item in found] == [(other["customer_id"], "2026-03-03")]
    async with worker_running():
        found = await eventually(lambda: _some(coming, "birthday", "2026-05-20", "2026-05-20"))
    assert [item["customer_id"] for item in found["items"]] == [other["customer_id"]]


async def test_nonsensical_spans_are_refused(client):
    for params, code in (
        ({"kind": "joining", "from": "2026-03-02", "to": "2026-03-01"}, "dates_reversed"),
        ({"kind": "joining", "from": "2026-03-01", "to": "2026-04-01"}, "span_too_long"),
    ):
        answer = await client.get("/v1/anniversaries", params=params)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    for params in ({}, {"kind": "wedding"}, {"kind": "joining", "from": "today"}):
        assert (await client.get("/v1/anniversaries", params=params)).status_code == 422


async def test_what_comes_round_is_told_of_so_many_days_before_and_once(
    register, runtime, published, worker_running, eventually
):
    now = datetime.now(UTC)  # noqa: TID251  (timers fire by the clock of the database)
    today = now.astimezone(CHINA).date()
    joined = _years_before(today + timedelta(days=7), 4)
    ends = today + timedelta(days=30)
    one = await register(name="张伟", joined_on=joined.isoformat())
    await register(name="李娜", joined_on=_years_before(today + timedelta(days=8), 8).isoformat())
    other = await register(name="王芳", subscriptions=[_held("iptv", "2020-06-01", ends.isoformat())])
    for _ in range(2):
        async with runtime.database.transaction() as session:
            await anniversaries.plan(session, CHINA, 0, now=now)
    async with worker_running():
        told = await eventually(lambda: _told(published, 2))
    assert {(str(event.customer_id), event.kind, event.days, event.years, event.on) for event in told} == {
        (one["customer_id"], "joining", 7, 4, today + timedelta(days=7)),
        (other["customer_id"], "contract_end", 30, None, ends),
    }


def _years_before(day, years):
    """The same day of another year, which at the end of December is not reckoned from the year of today."""
    return day.replace(year=day.year - years)


async def _told(published, count):
    found = await published(CustomerAnniversaryApproachingV1)
    return found if len(found) >= count else None


async def test_many_are_told_of_page_by_page(
    register, runtime, published, worker_running, eventually, monkeypatch
):
    monkeypatch.setattr(anniversaries, "PAGE", 2)
    now = datetime.now(UTC)  # noqa: TID251  (timers fire by the clock of the database)
    today = now.astimezone(CHINA).date()
    joined = _years_before(today + timedelta(days=7), 4)
    customers = [await register(name="张伟", joined_on=joined.isoformat()) for _ in range(4)]
    async with runtime.database.transaction() as session:
        await anniversaries.plan(session, CHINA, 0, now=now)
    async with worker_running():
        told = await eventually(lambda: _told(published, 4))
    assert sorted(str(event.customer_id) for event in told) == sorted(one["customer_id"] for one in customers)


async def test_tenure_survives_a_new_number_and_porting_back(register, client, read):
    one = await register(
        name="张伟",
        joined_on="2010-01-01",
        subscriptions=[
            _held("mobile", "2012-01-01", "2015-12-31"),
            _held("mobile", "2016-01-01", "2018-12-31"),
            _held("mobile", "2021-01-01", "2021-12-31"),
        ],
    )
    found = await read(one, "tenure")
    assert found["spans"] == [
        {"since": "2010-01-01", "until": "2019-01-01"},
        {"since": "2021-01-01", "until": "2022-01-01"},
    ]
    assert (found["days"], found["years"], found["active"]) == (3287 + 365, 9, False)
    other = await register(name="张玮", subscriptions=[_held("broadband", "2019-01-01", "2020-12-31")])
    body = {"customer_id": other["customer_id"], "reason": "one man"}
    await client.post(f"/v1/customers/{one['customer_id']}/merges", json=body)
    assert len((await read(other, "tenure"))["spans"]) == 1, "the other source knew where he was meanwhile"


async def test_three_kinds_of_products_make_a_customer_strategic(register, client, read):
    one = await register(
        name="张伟",
        subscriptions=[_held("broadband", "2020-01-01"), _held("iptv", "2020-01-01", "2021-01-01")],
    )
    for number, facts in enumerate(
        (
            {"type": "phone", "warranty_until": "2099-01-01"},
            {"type": "phone", "warranty_until": "2020-01-01"},
            {"type": "watch", "status": "sold"},
        )
    ):
        path = f"/v1/customers/{one['customer_id']}/devices/0199aaaa-0000-7000-8000-00000000000{number}"
        await client.put(path, json=facts)
    found = await read(one, "ecosystem")
    assert (found["products"], found["count"], found["strategic"]) == (["broadband", "phone"], 2, False)
    assert [(device["type"], device["under_warranty"]) for device in found["devices"]] == [
        ("phone", False),
        ("phone", True),
        ("watch", False),
    ]
    path = f"/v1/customers/{one['customer_id']}/devices/0199aaaa-0000-7000-8000-000000000009"
    await client.put(path, json={"type": "tablet"})
    assert (await read(one, "ecosystem"))["strategic"] is True


async def test_nobody_has_neither_tenure_nor_products(client):
    for what in ("tenure", "ecosystem", "relations"):
        answer = await client.get(f"/v1/customers/0199aaaa-0000-7000-8000-000000000000/{what}")
        assert (answer.status_code, answer.json()["code"]) == (404, "customer_not_found")


def test_every_kind_has_its_days():
    assert set(anniversaries.queries._FOUND) == set(Anniversary)
