"""When customers are left alone: do-not-disturb, quiet hours, registers of numbers, and what is said about it."""

from datetime import timedelta

import pytest
from careloop_common import clock
from careloop_contracts import CustomerRegisteredV1, CustomerUpdatedV1
from careloop_profile.consents import service
from sqlalchemy import text

PHONE = "+8613712345678"
YES = {"purpose": "marketing", "granted": True}


@pytest.fixture
def rules(client):
    """`await rules(customer)`: the answer, and its contact rules by purpose and channel."""

    async def get(customer):
        answer = await client.get(f"/v1/customers/{customer['customer_id']}/contact-rules")
        assert answer.status_code == 200, answer.text
        found = answer.json()
        return found, {(rule["purpose"], rule["channel"]): rule for rule in found["contact"]}

    return get


@pytest.fixture
def block(client):
    async def put(customer, **body):
        path = f"/v1/customers/{customer['customer_id']}/do-not-disturb"
        return await client.post(path, json={"reason": "customer_request", **body})

    return put


@pytest.fixture
def listing(client):
    """`await listing(file, to="numbers")`: the answer to a file of numbers."""

    async def send(content, to="numbers", register="national"):
        path = f"/v1/do-not-disturb-registers/{register}/{to}"
        return await client.post(path, content=content, headers={"content-type": "text/csv"})

    return send


@pytest.fixture
def told(runtime):
    """`await told()`: other services have been told of all numbers."""

    async def tell():
        more = True
        while more:
            async with runtime.database.transaction() as session:
                more = await service.tell(session, now=clock.now())

    return tell


async def consenting(client, register, **facts):
    customer = await register(name="张伟", phone=PHONE, email="wei.zhang@163.com", **facts)
    path = f"/v1/customers/{customer['customer_id']}/consents"
    assert (await client.put(path, json={"items": [YES]})).status_code == 200
    return customer


async def test_each_purpose_and_channel_has_an_answer_with_its_reason(client, register, rules):
    customer = await consenting(client, register)
    found, by = await rules(customer)
    assert len(by) == 15
    assert (by["marketing", "sms"]["allowed"], by["marketing", "sms"]["reason"]) == (True, "allowed")
    assert by["marketing", "sms"]["entry_id"]
    assert (by["care", "sms"]["allowed"], by["care", "sms"]["reason"]) == (False, "no_consent")
    assert by["care", "sms"]["why_zh"] == "尚未取得客户同意。"
    assert (by["care", "sms"]["next_at"], by["service", "email"]["allowed"]) == (None, True)
    assert {use["purpose"]: use["allowed"] for use in found["uses"]} == {
        "profiling": True,
        "automated_decision": True,
        "third_party": False,
    }


async def test_do_not_disturb_of_one_channel_leaves_the_others(client, register, rules, block):
    customer = await consenting(client, register)
    until = (clock.now() + timedelta(days=3)).replace(microsecond=0)
    answer = await block(customer, channel="sms", until=until.isoformat())
    assert (answer.status_code, answer.json()["channel"]) == (201, "sms")
    _, by = await rules(customer)
    assert (by["service", "sms"]["reason"], by["service", "email"]["reason"]) == ("do_not_disturb", "allowed")
    assert by["service", "sms"]["next_at"] == until.isoformat().replace("+00:00", "Z")


async def test_do_not_disturb_that_is_ended_is_over_and_stays_on_record(
    client, register, rules, block, session
):
    customer = await consenting(client, register)
    made = (await block(customer)).json()
    found, by = await rules(customer)
    assert {rule["reason"] for rule in by.values()} == {"do_not_disturb"}
    assert [one["block_id"] for one in found["do_not_disturb"]] == [made["block_id"]]
    path = f"/v1/customers/{customer['customer_id']}/do-not-disturb/{made['block_id']}"
    assert (await client.delete(path)).status_code == 204
    _, by = await rules(customer)
    assert by["service", "sms"]["allowed"]
    again = await client.delete(path)
    assert (again.status_code, again.json()["code"]) == (404, "block_not_found")
    assert await session.scalar(text("SELECT count(*) FROM do_not_disturb WHERE ended_at IS NOT NULL")) == 1


async def test_do_not_disturb_ends_by_itself_and_others_are_told(
    client, register, block, runtime, published, worker_running, eventually
):
    customer = await consenting(client, register)
    until = clock.now() + timedelta(seconds=3)
    await block(customer, until=until.isoformat())
    async with worker_running():
        states = await eventually(lambda: _versions(published, customer, 4))
    assert [state.do_not_disturb for state in states] == [False, True, False]
    async with runtime.database.transaction() as session:
        ended = (await session.execute(text("SELECT ended_at, ended_by FROM do_not_disturb"))).one()
    assert ended.ended_at >= until
    assert ended.ended_by == "system"


async def _versions(published, customer, last):
    mine = [e for e in await published(CustomerUpdatedV1) if str(e.customer_id) == customer["customer_id"]]
    return mine if mine and mine[-1].version >= last else None


async def test_do_not_disturb_that_would_be_over_before_it_begins_is_refused(client, register, block):
    customer = await consenting(client, register)
    answer = await block(customer, until="2020-01-01T00:00:00Z")
    assert (answer.status_code, answer.json()["code"]) == (422, "ends_before_beginning")
    for _ in range(50):
        assert (await block(customer, channel="sms")).status_code == 201
    answer = await block(customer, channel="sms")
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_blocks")


async def test_several_quiet_hours_on_named_days_and_wishes_are_kept_and_told(
    client, register, rules, published, worker_running, eventually
):
    customer = await consenting(client, register)
    now = clock.now()
    today = {"start": "00:00", "end": "00:00", "timezone": "UTC", "weekdays": [now.isoweekday()]}
    night = {"start": "21:00", "end": "08:00", "timezone": "Asia/Shanghai"}
    wishes = {"quiet_hours": [night, today], "language": "en", "accessibility": ["plain_language", "hearing"]}
    path = f"/v1/customers/{customer['customer_id']}/preferences"
    answer = await client.put(path, json=wishes)
    assert answer.status_code == 200, answer.text
    found, by = await rules(customer)
    assert (found["language"], found["variant"], found["calls"]) == ("en", "plain_large", "text")
    assert [span["weekdays"] for span in found["quiet_hours"]] == [[], [now.isoweekday()]]
    rule = by["service", "sms"]
    assert (rule["allowed"], rule["reason"]) == (False, "quiet_hours")
    assert rule["next_at"] > (now + timedelta(hours=1)).isoformat()[:13] or now.hour == 23
    async with worker_running():
        [*_, state] = await eventually(lambda: _versions(published, customer, 3))
    assert (state.quiet_hours.weekdays, [span.weekdays for span in state.also_quiet]) == (
        (),
        [(now.isoweekday(),)],
    )
    assert (state.language, state.accessibility) == ("en", ("plain_language", "hearing"))
    emptied = (await client.put(path, json={})).json()
    assert (emptied["quiet_hours"], emptied["more_quiet"], emptied["accessibility"]) == (None, [], [])


async def test_what_one_wishes_binds_the_whole_person(client, register, rules, block):
    one = await consenting(client, register)
    other = await register(name="张玮")
    await client.put(
        f"/v1/customers/{other['customer_id']}/preferences",
        json={"accessibility": ["sign_language"], "quiet_hours": [{"start": "01:00", "end": "01:01"}]},
    )
    await block(other, channel="email")
    merged = await client.post(
        f"/v1/customers/{one['customer_id']}/merges",
        json={"customer_id": other["customer_id"], "reason": "the same"},
    )
    assert merged.status_code == 201
    found, by = await rules(one)
    assert (found["calls"], len(found["quiet_hours"]), len(found["customers"])) == (
        "sign_language_video",
        1,
        2,
    )
    assert by["marketing", "email"]["reason"] == "do_not_disturb"


async def test_numbers_on_a_register_are_not_called_whoever_has_them(
    client, register, rules, listing, session
):
    customer = await consenting(client, register)
    answer = await listing(f"number;since\n137 1234 5678;2020\n{PHONE}\n13800138000\nnobody\n\n")
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "register_name": "national",
        "lines": 5,
        "numbers": 1,
        "changed": 1,
        "refused": 2,
        "examples": [
            {"line": 4, "reason": "placeholder"},
            {"line": 5, "reason": answer.json()["examples"][1]["reason"]},
        ],
    }
    _, by = await rules(customer)
    assert [by["service", channel]["reason"] for channel in ("sms", "call", "email")] == [
        "do_not_disturb",
        "do_not_disturb",
        "allowed",
    ]
    assert (await listing(PHONE)).json()["changed"] == 0
    stored = (await session.execute(text("SELECT blind_index FROM listed_number"))).scalars().all()
    assert PHONE not in stored[0]
    assert (await listing(PHONE, "removals")).json()["changed"] == 1
    _, by = await rules(customer)
    assert by["service", "sms"]["allowed"]


async def test_other_services_are_told_of_numbers_and_of_their_removal(
    client, register, listing, told, published, worker_running, eventually
):
    customer = await consenting(client, register)
    await listing(PHONE)
    await told()
    registers = (await client.get("/v1/do-not-disturb-registers")).json()
    assert [(one["name"], one["numbers"], one["untold"]) for one in registers] == [("national", 1, 0)]
    await listing(PHONE, "removals")
    await told()
    async with worker_running():
        states = await eventually(lambda: _versions(published, customer, 4))
    assert [[block.channel for block in state.blocks] for state in states] == [[], ["call", "sms"], []]


async def test_who_comes_with_a_number_that_is_listed_is_told_of_so_from_the_start(
    client, register, listing, published, worker_running, eventually
):
    await listing(PHONE)
    customer = await register(name="张伟", phone=PHONE)
    await client.patch(f"/v1/customers/{customer['customer_id']}", json={"phone": "+8613712345679"})
    async with worker_running():
        [first] = await eventually(lambda: published(CustomerRegisteredV1))
        [state] = await eventually(lambda: _versions(published, customer, 2))
    assert [block.channel for block in first.blocks] == ["call", "sms"]
    assert state.blocks == ()


async def test_a_list_that_is_too_large_is_refused(listing):
    answer = await listing(b"1" * ((8 << 20) + 1))
    assert (answer.status_code, answer.json()["code"]) == (422, "list_too_large")


async def test_a_file_that_is_no_text_lists_nobody(listing):
    answer = (await listing(b"\xff\xfe\x00PK\x03\x04")).json()
    assert (answer["numbers"], answer["changed"]) == (0, 0)
