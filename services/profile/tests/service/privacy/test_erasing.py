"""Somebody is forgotten: at once, everywhere, and for good."""

from base64 import b64decode
from datetime import timedelta
from uuid import UUID

import pytest
from careloop_common import clock, ids
from careloop_common.messaging.subscription import Meta
from careloop_contracts import CustomerErasedV1, CustomerUnsubscribedV1
from careloop_profile.collection.service.applying import Applier
from careloop_profile.collection.service.collecting import FIELD
from careloop_profile.collection.wire import Said, encode
from careloop_profile.consents.handlers import unsubscribed
from careloop_profile.customers.queries import known
from careloop_profile.identifiers.keys import customer_id_of
from careloop_profile.interactions.policy import message_uid, microseconds
from careloop_profile.migrations.schema import metadata
from careloop_profile.privacy import policy, queries
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import text

KEPT = {
    "subject_key",  # that the key was destroyed
    "tag_walk",  # where the walk over all stands, until its next step
    "erasure_request",
    "erasure_acknowledgement",
    "disclosure",  # who saw what, when it was there
    "outbox",
    "outbox_sent",  # the event that says so
    "inbox",
    "idempotency",
}
"""The only tables that may name somebody who was erased, and why."""


async def test_nothing_but_the_erasure_itself_is_left_in_any_table(
    client, insider, officer, register, planted, erase, erasure, obey, mentions, worker_running, eventually
):
    person = await _everywhere(client, insider, register, planted)
    key = person["customer_id"]
    async with worker_running():
        await eventually(lambda: _rows(client, key, 5))
        request = await erase(key)
        assert request["state"] == "erasing"
        assert (await officer.get(f"/v1/customers/{key}")).status_code == 404

        async def gone():
            return (await erasure(request))["state"] == "waiting"

        await eventually(gone)
        assert set(await mentions(key, key.replace("-", ""))) <= KEPT
        assert (await client.get("/v1/interaction-dead-letters")).json()["items"] == []
        assert await mentions(*planted.values(), "+8613877665544", "A-4711") == {}
        await obey()

        async def complete():
            return (await erasure(request))["state"] == "completed"

        await eventually(complete)
    done = await erasure(request)
    assert done["done"]["interaction"] == 5
    assert {one["service"] for one in done["acknowledgements"]} == {"campaign", "scoring", "ticketing"}
    _check(done["receipt"])


async def test_of_what_an_import_refused_nothing_is_left_now_and_when_the_file_comes_again(
    client, client_as, erase, erasure, worker_running, eventually
):
    wrong = {"birth_date": "1983-17-19", "address": "x" * 1001}
    fields = [{"column": name, "to": name, "invalid": "drop"} for name in wrong]
    file = f"id,birth_date,address\nA-1,{','.join(wrong.values())}\nB-1,1983-18-20,ok\nA-1,,\n"

    async def run():
        mapping = {"source": "crm", "key": "id", "fields": fields}
        opened = await client.post("/v1/imports", json={"mapping": mapping, "filename": "f.csv"})
        path = f"/v1/imports/{opened.json()['import_id']}"
        await client.put(f"{path}/parts/1", content=file.encode())
        await client.post(f"{path}/start")

        async def finished():
            return (await client.get(path)).json()["state"] == "completed"

        await eventually(finished)
        return path

    async def refused(path):
        seer = client_as("imports:read", "customers:personal")
        return (await seer.get(f"{path}/rejects")).text

    async with worker_running():
        path = await run()
        text = await refused(path)
        assert all(word in text for word in ("1983-17-19", "xxx", "1983-18-20", "A-1"))
        request = await erase(str(customer_id_of("crm", "A-1")))

        async def gone():
            return (await erasure(request))["state"] == "waiting"

        await eventually(gone)
        again = await run()
    for one in (path, again):
        text = await refused(one)
        assert "1983-18-20" in text
        assert not any(word in text for word in ("1983-17-19", "xxx", "A-1"))
        assert len(text.splitlines()) >= 4


def test_no_table_that_tells_of_customers_is_left_out():
    telling = {
        table.name
        for table in metadata.tables.values()
        if {"customer_id", "person_id", "payer_id", "from_id", "one"} & set(table.columns.keys())
    }
    assert telling - {"interaction", "import_reject", "erasure_acknowledgement"} <= set(queries.DELETED)


async def test_all_customers_of_a_person_are_forgotten(client, insider, register, planted, erase, published):
    one = await register(source="crm", external_id="A-1", **planted)
    other = await register(source="bss", external_id="B-1", name=planted["name"])
    stranger = await register(source="bss", external_id="B-2", name="别人")
    body = {"customer_id": other["customer_id"], "reason": "same contract"}
    merging = client.post(f"/v1/customers/{one['customer_id']}/merges", json=body)
    assert (await merging).status_code == 201
    request = await erase(other["customer_id"])
    assert set(request["customers"]) == {one["customer_id"], other["customer_id"]}
    for customer in (one, other):
        assert (await client.get(f"/v1/customers/{customer['customer_id']}")).status_code == 404
    assert (await client.get(f"/v1/customers/{stranger['customer_id']}")).status_code == 200


async def test_what_is_late_goes_nowhere_and_nobody_comes_back(
    client, register, planted, erase, erasure, runtime, worker_running, eventually
):
    customer = await register(source="crm", external_id="A-1", **planted)
    other = await register(source="crm", external_id="A-2", name="别人")
    async with worker_running():
        await client.post(
            "/v1/interactions/batch", json={"items": [_item(customer, "before"), _item(other, "first")]}
        )
        await eventually(lambda: _rows(client, other["customer_id"], 1))
        request = await erase(customer["customer_id"])
        again = await client.post(
            "/v1/customers", json={"source": "crm", "external_id": "A-1", "name": "再来"}
        )
        assert (again.status_code, again.json()["code"]) == (409, "customer_erased")
        late = [
            _item(customer, "late"),
            {**_item(customer, "by reference"), "customer": {"source": "crm", "external_id": "A-1"}},
            {**_item(customer, "by phone"), "customer": {"phone": planted["phone"]}},
            _item(other, "last"),
        ]
        answer = await client.post("/v1/interactions/batch", json={"items": late})
        assert answer.json()["accepted"] == 4
        await eventually(lambda: _rows(client, other["customer_id"], 2))

        async def swept():
            return (await erasure(request))["state"] == "waiting"

        await eventually(swept)
    async with runtime.database.transaction() as session:
        for table in ("interaction", "interaction_unresolved"):
            left = await session.scalars(
                text(f"SELECT count(*) FROM {table} WHERE customer_id = :id OR customer_id IS NULL"),
                {"id": customer["customer_id"]},
            )
            assert left.one() == 0, table
        assert await session.scalar(text("SELECT count(*) FROM customer WHERE external_id = 'A-1'")) == 0


async def test_what_messages_say_of_somebody_who_was_erased_is_not_heard(register, planted, erase, runtime):
    key = UUID((await register(source="shop", external_id="A-1", **planted))["customer_id"])
    await erase(str(key))
    applier = Applier(runtime.vault, "CN", "Asia/Shanghai")
    at = microseconds(clock.now())
    traits = runtime.vault.seal(key, FIELD, encode({"name": "再来"}).decode())
    named = Said(message_uid(at, "A-1", "1"), at, str(key), "shop", "A-1", "user", traits, "", "")
    stranger = customer_id_of("shop", "A-2")
    other = Said(
        message_uid(at, "A-2", "2"), at, str(stranger), "shop", "A-2", "user", "", "segment_alias", "A-1"
    )
    async with runtime.database.transaction() as session:
        await applier.apply(session, [named, other], now=clock.now())
    async with runtime.database.transaction() as session:
        assert await known(session, [key, stranger]) == {stranger}


async def test_who_was_erased_and_unsubscribes_late_has_nothing_to_withdraw(
    register, planted, erase, runtime, mentions
):
    key = (await register(**planted))["customer_id"]
    await erase(key)
    said = CustomerUnsubscribedV1(
        message_id=ids.new_id(), customer_id=UUID(key), purposes=("marketing",), at=clock.now()
    )
    meta = Meta(ids.new_id(), said.type, clock.now(), clock.now(), key)
    async with runtime.database.transaction() as session:
        await unsubscribed(session, said, meta)
    assert set(await mentions(key)) <= KEPT


async def test_a_second_request_says_which_was_the_first(officer, register, erase):
    customer = await register(source="crm", external_id="A-1", name="王五")
    request = await erase(customer["customer_id"])
    again = await officer.post("/v1/erasure-requests", json={"customer_id": customer["customer_id"]})
    assert (again.status_code, again.json()["request_id"]) == (409, request["request_id"])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"customer_id": "00000000-0000-0000-0000-000000000001"}, 404),
        ({"customer_id": "no id"}, 422),
        ({}, 422),
        ({"customer_id": "00000000-0000-0000-0000-000000000001", "reason": "because"}, 422),
        ({"customer_id": "00000000-0000-0000-0000-000000000001", "whole": True}, 422),
    ],
)
async def test_bad_requests_forget_nobody(officer, register, published, body, status):
    await register(name="王五")
    assert (await officer.post("/v1/erasure-requests", json=body)).status_code == status
    assert await published(CustomerErasedV1) == []


async def test_who_may_not_erase_does_not(client_as, register):
    customer = await register(name="王五")
    agent = client_as("customers:read", "customers:write", "customers:personal")
    body = {"customer_id": customer["customer_id"]}
    assert (await agent.post("/v1/erasure-requests", json=body)).status_code == 403
    assert (await agent.get("/v1/erasure-requests")).status_code == 403


async def _everywhere(client, insider, register, planted):
    """Somebody of whom every slice has something."""
    key = (await register(source="crm", external_id="A-4711", **planted))["customer_id"]
    other = (await register(source="bss", external_id="B-1", phone=planted["phone"], name="欧阳小"))[
        "customer_id"
    ]
    path = f"/v1/customers/{key}"
    word = {"purpose": "marketing", "channel": "sms", "granted": True}
    answers = [
        await client.put(f"{path}/consents", json={"items": [word]}),
        await client.put(
            f"{path}/devices/{other}", json={"type": "phone", "serial": "SN-" + planted["phone"]}
        ),
        await client.post(f"{path}/do-not-disturb", json={"reason": "asked"}),
        await client.post(
            "/v1/relations",
            json={"kind": "family", "from_id": key, "to_id": other, "evidence": "they said so"},
        ),
        await client.post(
            "/v1/interactions/batch",
            json={"items": [_item({"customer_id": key}, f"m-{n}", note=planted["phone"]) for n in range(5)]},
        ),
        await client.post(
            "/v1/interactions/batch",
            json={"items": [{"customer": {"phone": planted["phone"]}, "channel": "nowhere", "kind": "x"}]},
        ),
    ]
    assert [answer.status_code for answer in answers if answer.status_code >= 300] == [], answers
    return {"customer_id": key}


def _item(customer, message_id, **properties):
    return {
        "customer": {"customer_id": customer["customer_id"]},
        "channel": "web",
        "kind": "browse",
        "occurred_at": (clock.now() - timedelta(hours=1)).isoformat(),
        "message_id": message_id,
        "properties": properties,
    }


async def _rows(client, customer_id, number):
    answer = await client.get(f"/v1/customers/{customer_id}/interactions")
    return len(answer.json()["items"]) == number


def _check(receipt):
    """Whoever has the receipt sees that nobody changed it."""
    public = Ed25519PublicKey.from_public_bytes(b64decode(receipt["public_key"]))
    public.verify(b64decode(receipt["signature"]), policy.signed_part(receipt))
