"""What day it is says the operator's clock, also while UTC has another one."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from careloop_common import clock, ids
from careloop_common.zones import at, day_of
from careloop_profile import looking
from careloop_profile.collection.service.applying import Applier
from careloop_profile.collection.service.collecting import FIELD
from careloop_profile.collection.wire import Said
from careloop_profile.identifiers.keys import customer_id_of
from careloop_profile.interactions.policy import microseconds
from careloop_profile.lifecycle.service.moving import month_of
from careloop_profile.parties.service.proposing import Listener
from careloop_profile.privacy import jobs
from careloop_profile.tags.policy.moments import months_turn
from careloop_profile.tags.queries import facts
from careloop_profile.tags.service import filling
from careloop_profile.tags.service.evaluating import Parts
from sqlalchemy import text

EVENING = [datetime(2026, 3, 8, 16, tzinfo=UTC), datetime(2026, 3, 8, 23, 59, tzinfo=UTC)]
HERE = "Asia/Shanghai"


@pytest.fixture
def looked_at(runtime, client):
    """`await looked_at(customer, moment)`: the tags that the person has then, as when a timer rings."""
    evaluator = looking.evaluator(runtime)

    async def look(customer, now):
        key = UUID(customer["customer_id"])
        async with runtime.database.transaction() as session:
            await evaluator.look(session, {key}, Parts.BOTH, {"kind": "time"}, now=now)
        found = await client.get(f"/v1/customers/{key}/tags")
        return {one["code"] for one in found.json()["items"]}

    return look


@pytest.fixture
def due(runtime):
    """`await due()`: when the only timer of tags rings."""

    async def read():
        async with runtime.database.transaction() as session:
            return await session.scalar(text("SELECT due_at FROM timer WHERE kind = 'tags'"))

    return read


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


async def test_an_age_is_that_of_the_day_that_it_is_here(register, client, looked_at):
    customer = await register(name="张伟", birth_date="1961-03-09", status="active")
    assert "elderly" not in await looked_at(customer, datetime(2026, 3, 8, 15, 59, tzinfo=UTC))
    assert "elderly" in await looked_at(customer, EVENING[0])


@pytest.mark.parametrize(
    ("zone", "turn", "month"),
    [
        ("Asia/Shanghai", datetime(2026, 3, 31, 16, tzinfo=UTC), date(2026, 4, 1)),
        ("Europe/Berlin", datetime(2026, 3, 31, 22, tzinfo=UTC), date(2026, 4, 1)),
        ("America/New_York", datetime(2026, 11, 1, 4, tzinfo=UTC), date(2026, 11, 1)),
    ],
)
def test_a_month_is_over_at_midnight_here(zone, turn, month):
    assert month_of(at(turn, zone)) == month
    assert month_of(at(turn - timedelta(microseconds=1), zone)) == (month - timedelta(days=1)).replace(day=1)
    assert months_turn(at(turn - timedelta(days=3), zone), key=0) == turn


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin", "America/New_York"])
class TestDaysSince:
    """Half a year after a day it is midnight at another hour of UTC where clocks are changed."""

    joined, days = date(2026, 1, 10), 180

    @pytest.fixture
    def settings_overrides(self, zone):
        return {"timezone": zone}

    @pytest.fixture
    def turns(self, zone):
        midnight = datetime.combine(self.joined + timedelta(days=self.days), time(), ZoneInfo(zone))
        return midnight.astimezone(UTC)

    @pytest.fixture
    async def customer(self, register):
        return await register(name="张伟", status="active", joined_on=self.joined.isoformat())

    @pytest.fixture
    async def defined(self, client, runtime):
        async def rule(text_):
            body = {"code": "half_a_year", "name": "Half a year", "name_zh": "半年", "category": "own"}
            body |= {"owner": "crm", "rule": text_}
            assert (await client.post("/v1/tag-definitions", json=body)).status_code == 201
            answer = await client.post("/v1/tag-definitions/half_a_year/versions/1/publish")
            assert answer.status_code == 200, answer.text

        return rule

    @pytest.fixture
    async def filled(self, runtime, zone):
        """`await filled(moment)`: everybody is asked by the database, as of this moment."""

        async def run(now):
            async with runtime.database.transaction() as session:
                await filling.fill(session, now=at(now, zone))

        return run

    async def test_a_tag_comes_at_midnight_and_the_timer_with_it(
        self, customer, turns, defined, filled, looked_at, due
    ):
        before = turns - timedelta(hours=36)
        await looked_at(customer, before)
        await defined(f"days_since(joined_at) >= {self.days}")
        await filled(before)
        assert await due() <= turns
        assert "half_a_year" not in await looked_at(customer, turns - timedelta(microseconds=1))
        assert await due() == turns
        assert "half_a_year" in await looked_at(customer, turns)

    @pytest.mark.parametrize("late", [False, True])
    async def test_the_database_counts_the_same_days(
        self, customer, turns, defined, filled, looked_at, client, late
    ):
        moment = turns if late else turns - timedelta(microseconds=1)
        await looked_at(customer, moment - timedelta(days=1))
        await defined(f"days_since(joined_at) == {self.days} && age_years(joined_at) == 0")
        await filled(moment)
        found = (await client.get(f"/v1/customers/{customer['customer_id']}/tags")).json()["items"]
        assert ("half_a_year" in {one["code"] for one in found}) is late

    async def test_a_version_that_is_filled_sets_the_timer_to_midnight(
        self, customer, turns, defined, filled, looked_at, due, runtime
    ):
        before = turns - timedelta(hours=36)
        await looked_at(customer, before)
        async with runtime.database.transaction() as session:
            await session.execute(text("UPDATE person_fact SET due_at = NULL"))
            await session.execute(text("DELETE FROM timer WHERE kind = 'tags'"))
        await defined(f"days_since(joined_at) >= {self.days}")
        await filled(before)
        assert await due() == turns


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
