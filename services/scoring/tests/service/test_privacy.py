"""Who wants to be forgotten has no score, and gets none by what comes late."""

from careloop_common import clock, ids, subject_keys
from careloop_contracts import CustomerErasedV1, CustomerRegisteredV1, ScoreChangedV1, ScoreCustomerErasedV1
from careloop_scoring.scores import service as scores
from careloop_scoring.scores.policy import Basis, Episode, Held, Judged, Verdict
from sqlalchemy import text


async def test_what_is_forgotten_is_gone_and_stays_away(
    publish, published, runtime, worker_running, eventually
):
    key, other = ids.new_id(), ids.new_id()
    async with worker_running():
        await publish(_registered(key, 1))
        await eventually(lambda: _known(runtime, key))
        request_id = ids.new_id()
        await publish(CustomerErasedV1(customer_id=key, request_id=request_id, at=clock.now()))

        async def told():
            return await published(ScoreCustomerErasedV1)

        [event] = await eventually(told)
        assert (event.customer_id, event.request_id, event.done) == (key, request_id, {"customer": 1})
        await publish(_registered(key, 9))
        await publish(_registered(other, 1))
        await eventually(lambda: _known(runtime, other))
    assert not await _known(runtime, key)


async def test_who_is_forgotten_while_a_run_judges_has_no_score_after_it(
    runtime, published, worker_running, eventually
):
    gone, other = ids.new_id(), ids.new_id()
    now, run = clock.now(), ids.new_id()
    async with runtime.database.transaction() as session:
        await subject_keys.destroy(session, [gone], now=now)
    async with runtime.database.transaction() as session:
        judged = [_judged(gone), _judged(other)]
        await scores.write(session, judged, run_id=run, cut_points=1, as_of=now, now=now)
    async with runtime.database.transaction() as session:
        assert set(await session.scalars(text("SELECT customer_id FROM score"))) == {other}
    async with worker_running():
        [event] = await eventually(lambda: published(ScoreChangedV1))
    assert event.customer_id == other


def _judged(customer_id):
    return Judged(
        customer_id=customer_id,
        basis=Basis.RULES,
        model_version=None,
        verdict=Verdict(0.2, "low", None, "mass"),
        placement=None,
        driver=None,
        reasons=(),
        episode=Episode(),
        before=Held(),
        warn=False,
        change=True,
    )


def _registered(customer_id, version):
    return CustomerRegisteredV1(
        customer_id=customer_id, version=version, kind="individual", source="crm", status="active"
    )


async def _known(runtime, customer_id):
    async with runtime.database.transaction() as session:
        found = text("SELECT count(*) FROM customer WHERE customer_id = :id")
        return await session.scalar(found, {"id": customer_id})
