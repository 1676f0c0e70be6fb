"""What profile says that customers want is kept and obeyed here."""

from careloop_campaign.audience import service as audience
from careloop_campaign.audience.policy import Variant
from careloop_campaign.care import service as care
from careloop_campaign.care.policy import ChurnWarning
from careloop_campaign.messages import deciding
from careloop_common import clock
from sqlalchemy import text


async def test_wishes_and_blocks_are_kept_as_they_were_told(
    publish, make_customer, worker_running, eventually, runtime
):
    quiet = {"start": "09:00", "end": "18:00", "timezone": "Asia/Shanghai", "weekdays": [6, 7]}
    customer = make_customer(
        quiet_hours=quiet,
        also_quiet=[quiet],
        blocks=[{"channel": "sms", "hours": quiet}, {"channel": "email", "until": "2030-01-01T00:00:00Z"}],
        accessibility=["large_print"],
        automated_decisions=False,
        consents=[
            {
                "purpose": "care",
                "channel": "sms",
                "granted": True,
                "at": "2026-01-01T00:00:00Z",
                "expires_at": "2027-01-01T00:00:00Z",
            }
        ],
    )
    await publish(customer)
    async with worker_running():
        member = await eventually(lambda: _member(runtime, customer.customer_id))
    assert (member.quiet_hours.weekdays, member.also_quiet[0].weekdays) == ((6, 7), (6, 7))
    assert [(one.channel, one.hours and one.hours.weekdays, one.until is None) for one in member.blocks] == [
        ("sms", (6, 7), True),
        ("email", None, False),
    ]
    assert member.consents[0].expires_at.year == 2027
    assert (member.variant, member.automated_decisions) == (Variant.PLAIN_LARGE, False)


async def _member(runtime, customer_id):
    async with runtime.database.transaction() as session:
        return (await audience.members(session, [customer_id])).get(customer_id)


async def test_who_refused_automated_decisions_is_not_warned_of_by_a_machine(known, session, set_policy):
    await set_policy()
    (refusing,) = await known(automated_decisions=False)
    (other,) = await known()
    warnings = [
        ChurnWarning(customer_id=one, raised_at=clock.now(), driver="price", tier="warning", origin={})
        for one in (refusing, other)
    ]
    assert await care.warn(session, warnings, now=clock.now()) == 1
    found = await session.execute(text("SELECT customer_id FROM care_task"))
    assert found.scalars().all() == [other]


async def test_an_offer_that_waits_is_not_sent_to_who_refuses_automated_decisions_meanwhile(
    known, plan, set_policy, runtime, ledger
):
    await set_policy()
    (refusing,) = await known(automated_decisions=False)
    (other,) = await known()
    await plan(refusing, other, campaign="retention")
    await plan(refusing, campaign="asked")
    async with runtime.database.transaction() as session:
        await deciding.reserve(session, now=clock.now(), limit=10)
    offers = {row.customer_id: (row.state, row.reason) for row in await ledger(campaign="retention")}
    assert offers == {refusing: ("withheld", "no_consent"), other: ("reserved", None)}
    assert [row.state for row in await ledger(campaign="asked")] == ["reserved"]


async def test_machines_decide_nothing_about_who_may_not_be_assessed(
    publish, make_customer, worker_running, eventually, runtime
):
    customer = make_customer(profiling=False)
    await publish(customer)
    async with worker_running():
        member = await eventually(lambda: _member(runtime, customer.customer_id))
    assert not member.automated_decisions
