"""What comes in from profile and what goes out, over a real broker."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from careloop_common import clock
from careloop_contracts import (
    CustomerActivityRecordedV1,
    CustomerRegisteredV1,
    CustomerUpdatedV1,
    ScoreChangedV1,
    ScoreRunCompletedV1,
    ScoreWarningRaisedV1,
)
from careloop_contracts.customer import Activity, Subscription
from sqlalchemy import text

RISKY = {"contract": "Month-to-month", "tenure": 1.0, "monthly_fee": 120.0}
SAFE = {"contract": "Two year", "tenure": 60.0, "monthly_fee": 120.0}


def _registered(customer_id: UUID, version: int = 1, **changes) -> CustomerRegisteredV1:
    given = {
        "customer_id": customer_id,
        "version": version,
        "kind": "individual",
        "source": "crm",
        "status": "active",
        "attributes": {"internet_service": "Fiber\0 optic", "tenure_months": 5, "senior": True, "note": None},
        "subscriptions": (
            Subscription(
                subscription_id=customer_id, product="fibre", status="active", monthly_fee=Decimal("79.90")
            ),
        ),
    }
    return CustomerRegisteredV1(**(given | changes))


async def _fetch(runtime, statement: str):
    async with runtime.database.transaction() as session:
        return (await session.execute(text(statement))).mappings().all()


async def test_the_replica_keeps_the_newest_version_of_each_customer(
    runtime, publish, worker_running, eventually
) -> None:
    one, other = UUID(int=1), UUID(int=2)
    newer = _registered(one, version=5, region="north").model_dump() | {"status": "left"}
    await publish(_registered(one))
    await publish(CustomerUpdatedV1(**newer))
    await publish(CustomerUpdatedV1(**(newer | {"version": 4, "status": "active"})))
    await publish(_registered(other))
    query = "SELECT customer_id, version, status, facts FROM customer ORDER BY customer_id"
    async with worker_running():
        await eventually(lambda: _all_there(runtime, query, 2))
    rows = await _fetch(runtime, query)
    assert [(row["version"], row["status"]) for row in rows] == [(5, "left"), (1, "active")]
    assert rows[0]["facts"]["region"] == "north"
    assert rows[0]["facts"]["attributes"]["internet_service"] == "Fiber optic"
    assert rows[0]["facts"]["subscriptions"][0]["monthly_fee"] == 79.9


async def _all_there(runtime, query: str, count: int) -> bool:
    return len(await _fetch(runtime, query)) == count


async def test_activity_adds_up_and_a_repeated_delivery_does_not(
    runtime, publish, worker_running, eventually
) -> None:
    customer, at = UUID(int=7), clock.now()

    def batch(**changes) -> CustomerActivityRecordedV1:
        item = {"customer_id": customer, "interactions": 3, "last_at": at} | changes
        return CustomerActivityRecordedV1(items=(Activity(**item),))

    first = await publish(batch(payments=1, amount=Decimal("20.50")))
    await publish(batch(payments=1, amount=Decimal("20.50")), event_id=first)
    await publish(batch(complaints=2, last_at=at + timedelta(hours=1)))
    await publish(
        CustomerActivityRecordedV1(items=(Activity(customer_id=UUID(int=23), interactions=1, last_at=at),))
    )
    query = "SELECT * FROM customer_activity ORDER BY customer_id"
    async with worker_running():
        await eventually(lambda: _all_there(runtime, query, 2))
    row = (await _fetch(runtime, query))[0]
    assert (row["interactions"], row["payments"], row["amount"], row["complaints"]) == (
        6,
        1,
        Decimal("20.50"),
        2,
    )
    assert (row["last_at"], row["last_paid_at"]) == (at + timedelta(hours=1), at)


async def test_a_warning_is_raised_once_per_episode_and_armed_again_below_the_lower_threshold(
    make_facts, remember, run, published, worker_running, eventually
) -> None:
    """Rules give 0.62 to the risky customer and 0.05 to the safe one."""
    risky, safe = make_facts(1, **RISKY), make_facts(1, **SAFE)
    others = [make_facts(n, **SAFE) for n in range(2, 40)]
    warnings = []
    for version, facts in enumerate([risky, risky, safe, risky], start=1):
        await remember([facts, *others], version=version)
        warnings.append((await run())["counts"]["warned"])
    assert warnings == [1, 0, 0, 1]
    async with worker_running():
        # Events of one customer keep their order; those of others, and of the run, overtake them.
        await eventually(lambda: _has(published, ScoreChangedV1, len(others) + 3))
        await eventually(lambda: _has(published, ScoreWarningRaisedV1, 2))
        await eventually(lambda: _has(published, ScoreRunCompletedV1, 4))
        raised = await published(ScoreWarningRaisedV1)
        changed = await published(ScoreChangedV1)
    assert [(one.customer_id, one.tier) for one in raised] == [(UUID(int=1), "warning")] * 2
    assert raised[0].churn_probability >= 0.6
    mine = [one for one in changed if one.customer_id == UUID(int=1)]
    assert [one.tier for one in mine] == ["warning", mine[1].tier, "warning"]
    assert mine[0].previous is None
    assert mine[1].previous.tier == "warning"
    assert len(changed) == len(others) + 3


async def _has(published, event_type, count: int) -> bool:
    return len(await published(event_type)) == count


async def test_a_run_without_warnings_leaves_them_to_the_next(make_facts, remember, run) -> None:
    await remember([make_facts(1, **RISKY)])
    assert (await run(raise_warnings=False))["counts"]["warned"] == 0
    assert (await run())["counts"]["warned"] == 1
    assert (await run())["counts"]["warned"] == 0
