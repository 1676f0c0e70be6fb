"""The ledger over HTTP: what is kept, what is in force, when a yes ends, and what other services are told."""

from datetime import timedelta
from uuid import UUID

import pytest
from careloop_common import clock, ids
from careloop_contracts import CustomerConsentExpiredV1, CustomerUnsubscribedV1, CustomerUpdatedV1
from sqlalchemy import text

YES = {"purpose": "marketing", "channel": "sms", "status": "granted"}
NO = {"purpose": "marketing", "channel": "sms", "status": "withdrawn"}


@pytest.fixture
def say(client):
    """`await say(customer, word, …)`: the answer to the words."""

    async def put(customer, *words, by=client, **headers):
        path = f"/v1/customers/{customer['customer_id']}/consents"
        return await by.put(path, json={"items": list(words)}, headers=headers)

    return put


@pytest.fixture
def effective(client):
    """`await effective(customer, at=…)`: what is in force, by purpose and channel."""

    async def get(customer, **query):
        asked = {name: value.isoformat() for name, value in query.items()}
        answer = await client.get(f"/v1/customers/{customer['customer_id']}/consents/effective", params=asked)
        assert answer.status_code == 200, answer.text
        return {(item["purpose"], item["channel"]): item for item in answer.json()["items"]}

    return get


@pytest.fixture
def merge(client):
    async def join(one, other):
        answer = await client.post(
            f"/v1/customers/{one['customer_id']}/merges",
            json={"customer_id": other["customer_id"], "reason": "the same"},
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    return join


def state_of(events, customer):
    return [event for event in events if str(event.customer_id) == customer["customer_id"]]


async def test_the_ledger_keeps_every_word_with_its_grounds(client, register, say):
    customer = await register(name="张伟")
    notice = await client.post(
        "/v1/consent-notices", json={"name": "offers", "purposes": ["marketing"], "texts": {"zh": "我们会……"}}
    )
    assert (notice.status_code, notice.json()["version"]) == (201, 1)
    grounds = {"notice": {"name": "offers", "version": 1}, "source": "web", "legal_basis": "consent"}
    answer = await say(customer, {**YES, **grounds, "at": "2026-01-01T08:00:00Z"})
    assert answer.status_code == 200, answer.text
    await say(customer, {**NO, "at": "2026-02-01T08:00:00Z"})
    path = f"/v1/customers/{customer['customer_id']}/consents"
    listed = (await client.get(path)).json()["items"]
    assert [(item["status"], item["source"]) for item in listed] == [("withdrawn", None), ("granted", "web")]
    assert listed[1]["notice"] == {"name": "offers", "version": 1}
    first = (await client.get(path, params={"limit": 1})).json()
    rest = (await client.get(path, params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert (first["items"], rest["items"]) == (listed[:1], listed[1:])
    assert (await client.get(path, params={"purpose": "care"})).json()["items"] == []


async def test_proof_is_stored_sealed_and_shown_to_those_who_may_see_it(
    client, client_as, register, say, session
):
    customer = await register(name="张伟")
    proof = {"kind": "recording", "reference": "call of 13801234567", "details": {"agent": "李雷"}}
    assert (await say(customer, {**YES, "proof": proof})).status_code == 200
    [stored] = (await session.execute(text("SELECT proof_sealed FROM consent"))).scalars()
    assert "1380" not in stored
    path = f"/v1/customers/{customer['customer_id']}/consents"
    assert (await client_as("customers:read", "customers:personal").get(path)).json()["items"][0][
        "proof"
    ] == proof
    hidden = (await client_as("customers:read").get(path)).json()["items"][0]["proof"]
    assert hidden == {"kind": "recording", "reference": None, "details": None}


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ({"purpose": "profiling", "channel": "sms", "granted": False}, "channel_mismatch"),
        ({**YES, "notice": {"name": "offers", "version": 9}}, "notice_unknown"),
        (
            {**YES, "at": "2026-01-02T00:00:00Z", "expires_at": "2026-01-01T00:00:00Z"},
            "ends_before_beginning",
        ),
        ({**YES, "granted": True}, "validation_failed"),
        ({**NO, "expires_at": "2027-01-01T00:00:00Z"}, "validation_failed"),
        ({"purpose": "gossip", "granted": True}, "validation_failed"),
        ({**YES, "status": "expired"}, "validation_failed"),
    ],
)
async def test_words_that_make_no_sense_are_refused_and_change_nothing(register, say, session, word, code):
    customer = await register(name="张伟")
    answer = await say(customer, {**YES, "purpose": "care"}, word)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await session.scalar(text("SELECT count(*) FROM consent")) == 0


async def test_a_word_about_all_channels_is_one_about_each(register, say, effective):
    customer = await register(name="张伟")
    await say(customer, {"purpose": "marketing", "granted": False})
    assert {(key, item["status"]) for key, item in (await effective(customer)).items()} == {
        (("marketing", channel), "denied") for channel in ("sms", "email", "push", "call", "wechat")
    }


async def test_the_same_word_with_another_end_is_still_the_same_word(register, say, effective):
    customer = await register(name="张伟")
    at = "2026-01-01T08:00:00Z"
    await say(customer, {**YES, "at": at})
    again = await say(customer, {**YES, "at": at, "expires_at": "2026-02-01T08:00:00Z"})
    assert again.json()["version"] == 2
    assert (await effective(customer))["marketing", "sms"]["status"] == "granted"


async def test_a_yes_ends_to_the_second_even_before_the_clock_is_read(register, say, effective):
    customer = await register(name="张伟")
    end = clock.now().replace(microsecond=0) - timedelta(days=1)
    said = end - timedelta(days=1)
    await say(customer, {**YES, "at": said.isoformat(), "expires_at": end.isoformat()})
    before = (await effective(customer, at=end - timedelta(microseconds=1)))["marketing", "sms"]
    assert (before["status"], before["expires_at"]) == ("granted", end.isoformat().replace("+00:00", "Z"))
    after = (await effective(customer, at=end))["marketing", "sms"]
    assert (after["status"], after["since"]) == ("expired", end.isoformat().replace("+00:00", "Z"))
    assert after["decided_by"]["status"] == "granted"


async def test_the_end_of_a_yes_becomes_an_entry_and_news(
    client, register, say, effective, published, worker_running, eventually
):
    customer = await register(name="张伟")
    end = clock.now() - timedelta(hours=1)
    word = {**YES, "at": (end - timedelta(days=1)).isoformat(), "expires_at": end.isoformat()}
    await say(customer, word)
    async with worker_running():
        [expired] = await eventually(lambda: published(CustomerConsentExpiredV1))
        [told, after] = await eventually(lambda: _two(published, customer))
    assert [(item.purpose, item.channel, item.expired_at) for item in expired.items] == [
        ("marketing", "sms", end)
    ]
    assert (told.consents[0].granted, told.consents[0].expires_at) == (True, end)
    assert [word.granted for word in after.consents] == [False]
    listed = (await client.get(f"/v1/customers/{customer['customer_id']}/consents")).json()["items"]
    assert [(item["status"], item["source"], item["recorded_by"]) for item in listed] == [
        ("expired", "clock", "system"),
        ("granted", None, listed[1]["recorded_by"]),
    ]
    assert (await effective(customer))["marketing", "sms"]["decided_by"]["status"] == "expired"


async def _two(published, customer):
    found = state_of(await published(CustomerUpdatedV1), customer)
    return found if len(found) == 2 else None


async def test_a_yes_that_was_renewed_does_not_end_with_the_first(
    register, say, effective, published, worker_running, eventually, session
):
    customer, other = await register(name="张伟"), await register(name="李娜")
    end = clock.now() - timedelta(hours=1)
    early = {**YES, "at": (end - timedelta(days=1)).isoformat(), "expires_at": end.isoformat()}
    await say(customer, early)
    await say(customer, {**YES, "at": (end - timedelta(hours=2)).isoformat()})
    await say(other, early)
    async with worker_running():
        await eventually(lambda: published(CustomerConsentExpiredV1))
    assert (await effective(customer))["marketing", "sms"]["status"] == "granted"
    entries = text("SELECT count(*) FROM consent WHERE status = 'expired' AND customer_id = :id")
    assert await session.scalar(entries, {"id": customer["customer_id"]}) == 0


async def test_what_was_said_before_a_yes_was_over_counts_however_late_it_is_heard(
    client, register, say, effective, published, worker_running, eventually
):
    refused, renewed = await register(name="张伟"), await register(name="李娜")
    end = clock.now() - timedelta(hours=1)
    for customer in (refused, renewed):
        word = {"at": (end - timedelta(days=1)).isoformat(), "expires_at": end.isoformat()}
        await say(customer, {**YES, **word}, {**word, "purpose": "profiling", "granted": True})
    async with worker_running():
        await eventually(lambda: _expired(published, 2))
    late = (end - timedelta(minutes=5)).isoformat()
    await say(refused, {**NO, "at": late}, {"purpose": "profiling", "status": "denied", "at": late})
    await say(renewed, {**YES, "at": late})
    statuses = {key: one["status"] for key, one in (await effective(refused)).items()}
    assert statuses == {("marketing", "sms"): "withdrawn", ("profiling", "any"): "denied"}
    rules = (await client.get(f"/v1/customers/{refused['customer_id']}/contact-rules")).json()
    assert [use["allowed"] for use in rules["uses"] if use["purpose"] == "profiling"] == [False]
    assert (await effective(renewed))["marketing", "sms"]["status"] == "granted"
    stored = (await client.get(f"/v1/customers/{renewed['customer_id']}")).json()["consents"]
    assert [word["status"] for word in stored if word["purpose"] == "marketing"] == ["granted"]


async def _expired(published, count):
    found = await published(CustomerConsentExpiredV1)
    return found if len(found) == count else None


async def test_what_was_in_force_in_the_past_is_told_by_what_was_known_then(register, say, effective):
    customer = await register(name="张伟")
    await say(customer, {**YES, "at": "2026-01-01T00:00:00Z"})
    known = clock.now()
    await say(customer, {**NO, "at": "2026-02-01T00:00:00Z"})
    moment = clock.now().replace(year=2026, month=3, day=1)
    assert (await effective(customer, at=moment))["marketing", "sms"]["status"] == "withdrawn"
    assert (await effective(customer, at=moment, known_at=known))["marketing", "sms"]["status"] == "granted"
    assert await effective(customer, at=moment.replace(year=2025)) == {}


async def test_a_person_is_bound_by_who_it_was_at_the_time(client, register, say, effective, merge):
    one, other = await register(name="张伟"), await register(name="张玮")
    await say(one, {**YES, "at": "2026-01-01T00:00:00Z"})
    await say(other, {**NO, "at": "2026-01-01T00:00:00Z"})
    before = clock.now()
    merged = await merge(one, other)
    during = clock.now()
    answer = await client.post(f"/v1/merges/{merged['merge_id']}/undo", json={"reason": "two people"})
    assert answer.status_code == 201, answer.text
    statuses = [
        (await effective(one, at=moment))["marketing", "sms"]["status"]
        for moment in (before, during, clock.now())
    ]
    assert statuses == ["granted", "withdrawn", "granted"]
    decided = (await effective(one, at=during))["marketing", "sms"]["decided_by"]
    assert decided["customer_id"] == other["customer_id"]


async def test_a_yes_after_a_merge_outlives_another_merge_and_its_undoing(
    client, register, say, effective, merge, published, worker_running, eventually
):
    one, other, third = [await register(name=f"张伟{number}") for number in range(3)]
    await say(other, NO)
    await merge(one, other)
    await say(one, YES)
    merged = await merge(other, third)
    undone = await client.post(f"/v1/merges/{merged['merge_id']}/undo", json={"reason": "a stranger"})
    assert undone.status_code == 201, undone.text
    assert (await effective(one))["marketing", "sms"]["status"] == "granted"
    assert (await effective(other))["marketing", "sms"]["status"] == "withdrawn"
    async with worker_running():
        told = await eventually(lambda: _of_version(published, one, 5))
    assert [word.granted for word in told.consents] == [True]
    person = (await client.get(f"/v1/customers/{one['customer_id']}/person")).json()
    assert [[word["granted"] for word in member["consents"]] for member in person["customers"]] == [
        [True],
        [False],
    ]


async def _of_version(published, customer, version):
    found = state_of(await published(CustomerUpdatedV1), customer)
    return found[-1] if found and found[-1].version == version else None


async def test_who_refuses_automated_decisions_is_told_of_so_with_all_of_their_person(
    register, say, merge, published, worker_running, eventually
):
    one, other = await register(name="张伟"), await register(name="张玮")
    await merge(one, other)
    await say(
        other, {"purpose": "automated_decision", "granted": False}, {"purpose": "profiling", "granted": False}
    )
    await say(other, {"purpose": "third_party", "granted": True})
    async with worker_running():
        [*_, state] = await eventually(lambda: _refused(published, one))
        [*_, own] = await eventually(lambda: _allowed(published, other))
    assert (state.automated_decisions, state.profiling, state.third_party) == (False, False, False)
    assert (own.automated_decisions, own.profiling, own.third_party) == (False, False, True)
    assert state.consents == ()


async def _refused(published, customer):
    found = state_of(await published(CustomerUpdatedV1), customer)
    return [event for event in found if not event.automated_decisions]


async def _allowed(published, customer):
    return [event for event in state_of(await published(CustomerUpdatedV1), customer) if event.third_party]


async def test_who_unsubscribes_from_one_of_a_persons_customers_is_let_alone_as_all_of_them(
    register, say, merge, effective, client_as, publish, worker_running, eventually
):
    one, other = await register(name="张伟"), await register(name="张玮")
    await say(one, YES)
    await say(other, YES)
    await merge(one, other)
    event = CustomerUnsubscribedV1(
        message_id=ids.new_id(),
        customer_id=UUID(one["customer_id"]),
        purposes=("marketing",),
        at=clock.now(),
    )
    await publish(event)
    async with worker_running():
        found = await eventually(lambda: _withdrawn(effective, other))
    assert found["decided_by"]["customer_id"] == one["customer_id"]
    insider = client_as("customers:read", "customers:personal")
    listed = (await insider.get(f"/v1/customers/{one['customer_id']}/consents")).json()["items"]
    assert {
        (item["source"], item["proof"]["reference"]) for item in listed if item["status"] == "withdrawn"
    } == {("unsubscribe", str(event.message_id))}


async def _withdrawn(effective, customer):
    found = (await effective(customer))["marketing", "sms"]
    return found if found["status"] == "withdrawn" else None


async def test_the_proof_has_the_whole_ledger_the_texts_and_a_digest(client, client_as, register, say):
    from careloop_profile.consents.views import digest

    customer = await register(name="张伟")
    await client.post("/v1/consent-notices", json={"name": "n", "purposes": ["care"], "texts": {"en": "We"}})
    await say(customer, {**YES, "notice": {"name": "n", "version": 1}})
    await say(customer, NO)
    path = f"/v1/customers/{customer['customer_id']}/consents/proof"
    proof = (await client.get(path)).json()
    assert [entry["status"] for entry in proof["entries"]] == ["granted", "withdrawn"]
    assert [(notice["name"], notice["texts"]) for notice in proof["notices"]] == [("n", {"en": "We"})]
    assert [item["status"] for item in proof["in_force"]] == ["withdrawn"]
    assert proof["sha256"] == digest(proof)
    assert digest({**proof, "masked": not proof["masked"]}) != proof["sha256"]
    assert (await client_as("customers:read").get(path)).json()["masked"]


async def test_a_notice_that_changes_gets_a_new_version_and_the_old_one_stays(client):
    body = {"name": "offers", "purposes": ["marketing"], "texts": {"zh": "一"}}
    await client.post("/v1/consent-notices", json=body)
    again = await client.post("/v1/consent-notices", json={**body, "texts": {"zh": "二"}})
    assert again.headers["location"] == "/v1/consent-notices/offers/2"
    assert (await client.get("/v1/consent-notices/offers/1")).json()["texts"] == {"zh": "一"}
    missing = await client.get("/v1/consent-notices/offers/3")
    assert (missing.status_code, missing.json()["code"]) == (404, "consent_notice_not_found")
    listed = (await client.get("/v1/consent-notices")).json()["items"]
    assert [row["version"] for row in listed] == [1, 2]


async def test_a_version_that_is_not_current_any_more_is_refused(register, say):
    customer = await register(name="张伟")
    await say(customer, YES)
    answer = await say(customer, NO, **{"if-match": '"1"'})
    assert (answer.status_code, answer.json()["code"]) == (412, "version_mismatch")


@pytest.mark.parametrize("rest", ["consents", "consents/effective", "consents/proof", "contact-rules"])
async def test_nobody_is_known_by_another_id(client, rest):
    answer = await client.get(f"/v1/customers/01890000-0000-7000-8000-000000000000/{rest}")
    assert (answer.status_code, answer.json()["code"]) == (404, "customer_not_found")
