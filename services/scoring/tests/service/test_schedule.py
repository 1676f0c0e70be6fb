from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from careloop_common.plumbing import timer
from careloop_scoring.migrations.schema import metadata
from careloop_scoring.runs import schedule
from careloop_scoring.runs.policy import Schedule
from careloop_scoring.settings import Settings
from sqlalchemy import select


async def _timers(runtime) -> list:
    async with runtime.database.transaction() as session:
        return list(
            (
                await session.execute(
                    select(timer.c.due_at, timer.c.data).where(timer.c.kind == schedule.KIND)
                )
            ).all()
        )


class TestOften:
    @pytest.fixture
    def settings_overrides(self) -> dict[str, object]:
        return {"run_every_hours": 0.0001}

    async def test_a_scheduled_run_is_worked_off_and_armed_again(
        self, client, worker_running, eventually
    ) -> None:
        async def two_done() -> bool:
            items = (await client.get("/v1/scoring-runs")).json()["items"]
            return (
                sum(one["state"] == "completed" and one["requested_by"] == "schedule" for one in items) >= 2
            )

        async with worker_running():
            await eventually(two_done, timeout=20)


async def test_the_timer_is_armed_once_and_again_when_the_settings_change(runtime) -> None:
    nightly = Schedule(None, time(2, 30), ZoneInfo("UTC"))
    await schedule.keeping(nightly).run(runtime)
    first = await _timers(runtime)
    await schedule.keeping(nightly).run(runtime)
    assert await _timers(runtime) == first
    await schedule.keeping(Schedule(timedelta(hours=6), None, ZoneInfo("UTC"))).run(runtime)
    assert len(await _timers(runtime)) == 1
    assert await _timers(runtime) != first
    await schedule.keeping(Schedule(None, None, ZoneInfo("UTC"))).run(runtime)
    assert await _timers(runtime) == []


@pytest.mark.parametrize(("name", "value"), [("run_timezone", "Mars/Olympus"), ("warn_at", 0.1)])
def test_settings_that_cannot_work_are_refused_at_start(service_settings, name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name if name == "run_timezone" else "must rise"):
        Settings(**(service_settings.model_dump() | {name: value}))


async def test_the_migrations_make_what_the_models_say(runtime) -> None:
    async with runtime.database.engine.connect() as connection:
        found = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), metadata)
        )
    assert found == []
