"""What day it is says the operator's clock, also while UTC has another one."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from careloop_common import clock, ids
from careloop_common.zones import day_of
from careloop_profile import looking
from careloop_profile.collection.service.applying import Applier
from careloop_profile.collection.service.collecting import FIELD
from careloop_profile.collection.wire import Said
from careloop_profile.identifiers.keys import customer_id_of
from careloop_profile.interactions.policy import microseconds
from careloop_profile.parties.service.proposing import Listener
from careloop_profile.privacy import jobs
from careloop_profile.tags.queries import facts
from careloop_profile.tags.service.evaluating import Parts

EVENING = [datetime(2026, 3, 8, 16, tzinfo=UTC), datetime(2026, 3, 8, 23, 59, tzinfo=UTC)]
HERE = "Asia/Shanghai"


@pytest.mark.parametrize("now", EVENING)
async def test_a_family_is_proposed_as_of_the_day_that_it_is_here(now, register, client, runtime):
    both = [await register(name=name, phone="01062345678") for name in ("张伟", "李娜")]
    listener = Listener(runtime.vault, 10, HERE)
    async with runtime.database.transaction() as session:
        await listener.heard(session, {UUID(one["customer_id"]) for one in both}, now=now)
    [proposed] = (await client.get("/v1/relations")).json()["items"]
    assert proposed["valid_from"] == "2026-03-09"


@pytest.mark.parametrize("now", EVENING)
async def test_what_somebody_is_to_others_from_today_on_counts_today(now, register, client, runtime):
    one, other = [await register(name=name) for name in ("张伟", "李娜")]
    body = {"kind": "family", "from_id": one["customer_id"], "to_id": other["customer_id"]}
    answer = await client.post("/v1/relations", json=body | {"valid_from": "2026-03-09"})
    assert answer.status_code == 201, answer.text
    evaluator, key = looking.evaluator(runtime), UUID(one["customer_id"])

    async def relations(moment):
        async with runtime.database.transaction() as session:
            await evaluator.look(session, {key}, Parts.BOTH, {"kind": "time"}, now=moment)
            return (await facts.read(session, key)).known.plain.get("relations")

    assert not await relations(datetime(2026, 3, 8, 15, 59, tzinfo=UTC))
    assert await relations(now) == ["family"]


@pytest.mark.parametrize("now", EVENING)
async def test_a_message_may_be_about_somebody_who_is_born_today(now, runtime, client):
    key = customer_id_of("web-shop", "u-1")
    sealed = runtime.vault.seal(key, FIELD, '{"birth_date":"2026-03-09"}')
    said = Said(ids.new_id().hex, microseconds(now), str(key), "web-shop", "u-1", "user", sealed, "", "")
    async with runtime.database.transaction() as session:
        await Applier(runtime.vault, "CN", HERE).apply(session, [said], now=now)
    [shown] = (await client.get("/v1/customers", params={"external_id": "u-1"})).json()["items"]
    assert shown["birth_date"]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
class TestAtTheEndsOfTheWorld:
    """At any moment UTC has another day than one of them."""

    @pytest.fixture
    def settings_overrides(self, zone):
        return {"timezone": zone, "left_days": 30}

    @pytest.fixture
    def today(self, zone):
        return day_of(clock.now(), zone)

    async def test_who_is_born_today_is_known_today(self, register, client, today, insider):
        made = await register(name="张小宝", birth_date=today.isoformat())
        found = (await insider.get(f"/v1/customers/{made['customer_id']}")).json()
        assert date.fromisoformat(found["birth_date"]) == today
        tomorrow = {"birth_date": (today + timedelta(days=1)).isoformat()}
        for answer in (
            await client.patch(f"/v1/customers/{made['customer_id']}", json=tomorrow),
            await client.post("/v1/customers", json={"name": "张小宝", **tomorrow}),
        ):
            assert answer.status_code == 422

    async def test_who_left_is_forgotten_when_the_days_are_over(self, register, client, runtime, today):
        gone, kept = [
            await register(status="left", left_on=(today - timedelta(days=days)).isoformat())
            for days in (31, 30)
        ]
        await jobs.forget_left(runtime)
        assert (await client.get(f"/v1/customers/{gone['customer_id']}")).status_code == 404
        assert (await client.get(f"/v1/customers/{kept['customer_id']}")).status_code == 200
