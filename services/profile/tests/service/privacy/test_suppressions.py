"""What somebody was called by who was erased is suppressed, until it is lifted."""

import asyncio

import pytest
from careloop_common import clock, ids
from careloop_profile.interactions.policy import Row, microseconds
from careloop_profile.interactions.service import recording
from careloop_profile.interactions.wire import Envelope
from sqlalchemy import text

REASSIGNED = {"phone": "138 7766 5544", "reason": "reassigned"}


@pytest.fixture
def lift(officer):
    async def ask(body):
        return await officer.post("/v1/suppression-lifts", json=body)

    return ask


@pytest.fixture
def waiting(runtime, planted):
    """`await waiting()`: something comes about the phone number; how much of it waits for its customer."""

    async def come():
        index, now = runtime.vault.blind_index("phone", f"+86{planted['phone']}"), clock.now()
        at = str(microseconds(now))
        row = Row(ids.new_id().hex, "", index, "", "hotline", "call", at, "f", "", "", "{}")
        async with runtime.database.transaction() as session:
            envelope = Envelope(microseconds(now), 1, list(row))
            await recording.record(session, [envelope], recording.KnownCustomers(), now=now)
            return await session.scalar(text("SELECT count(*) FROM interaction_unresolved"))

    return come


@pytest.fixture
async def erased(register, planted, erase):
    return await erase((await register(source="crm", external_id="A-1", **planted))["customer_id"])


async def test_a_number_that_has_become_somebody_elses_is_taken_in_again(erased, lift, waiting, officer):
    assert await waiting() == 0
    answer = await lift(REASSIGNED)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["kind"], told["lifted_by"], told["reason"]) == ("phone", "officer", "reassigned")
    assert told["since"] == erased["requested_at"]
    assert await waiting() == 1
    assert (await officer.get("/v1/suppression-lifts")).json()["items"] == [told]
    assert "13877665544" not in answer.text


async def test_to_lift_again_what_was_lifted_is_refused_by_name(erased, lift, officer):
    first, *others = sorted(
        await asyncio.gather(*(lift(REASSIGNED) for _ in range(4))), key=lambda answer: answer.status_code
    )
    assert [answer.status_code for answer in (first, *others)] == [201, 409, 409, 409]
    assert {(one.json()["code"], one.json()["lift_id"]) for one in others} == {
        ("suppression_lifted", first.json()["id"])
    }
    assert len((await officer.get("/v1/suppression-lifts")).json()["items"]) == 1


async def test_whoever_is_erased_later_under_the_same_number_is_suppressed_and_lifted_anew(
    erased, lift, waiting, register, planted, erase, officer
):
    await lift(REASSIGNED)
    other = await register(source="crm", external_id="A-2", name="别人", phone=planted["phone"])
    await erase(other["customer_id"])
    assert await waiting() == 0
    assert (await lift({**REASSIGNED, "reason": "erased_by_mistake"})).status_code == 201
    lifted = (await officer.get("/v1/suppression-lifts", params={"limit": 1})).json()
    assert [one["reason"] for one in lifted["items"]] == ["erased_by_mistake"]
    rest = await officer.get("/v1/suppression-lifts", params={"cursor": lifted["next_cursor"]})
    assert [one["reason"] for one in rest.json()["items"]] == ["reassigned"]


async def test_what_was_never_suppressed_cannot_be_lifted(erased, lift):
    answer = await lift({"email": "nobody@126.com", "reason": "reassigned"})
    assert (answer.status_code, answer.json()["code"]) == (404, "suppression_not_found")


@pytest.mark.parametrize(
    "body",
    [
        {"reason": "reassigned"},
        {**REASSIGNED, "email": "ouyang.jinghai@126.com"},
        {"phone": "13877665544"},
        {"phone": "13877665544", "reason": "because"},
        {"phone": "12", "reason": "reassigned"},
        {"address": "广东省深圳市", "reason": "reassigned"},
    ],
)
async def test_a_lift_that_cannot_be_read_changes_nothing(erased, lift, waiting, officer, body):
    assert (await lift(body)).status_code == 422
    assert await waiting() == 0
    assert (await officer.get("/v1/suppression-lifts")).json()["items"] == []


async def test_who_may_not_erase_may_not_lift(erased, client_as):
    answer = await client_as("privacy:audit").post("/v1/suppression-lifts", json=REASSIGNED)
    assert answer.status_code == 403
