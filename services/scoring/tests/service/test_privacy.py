"""Who wants to be forgotten has no score, and gets none by what comes late."""

from careloop_common import clock, ids
from careloop_contracts import CustomerErasedV1, CustomerRegisteredV1, ScoreCustomerErasedV1
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


def _registered(customer_id, version):
    return CustomerRegisteredV1(
        customer_id=customer_id, version=version, kind="individual", source="crm", status="active"
    )


async def _known(runtime, customer_id):
    async with runtime.database.transaction() as session:
        found = text("SELECT count(*) FROM customer WHERE customer_id = :id")
        return await session.scalar(found, {"id": customer_id})
