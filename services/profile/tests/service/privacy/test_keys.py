"""What is sealed for a customer opens with its key, and with no other."""

import argparse
import asyncio
from uuid import UUID

import pytest
from careloop_common import clock, ids, subject_keys
from careloop_common.errors import SubjectKeyGone
from careloop_common.privacy import Vault
from careloop_contracts import CustomerRegisteredV1, CustomerUpdatedV1
from careloop_profile.privacy.command import SEAL_ANEW
from sqlalchemy import text

SEALED = text(
    "SELECT name_sealed, birth_date_sealed, address_sealed FROM customer"
    " UNION ALL SELECT sealed, NULL, NULL FROM identifier"
)


async def test_everything_of_a_new_customer_is_sealed_under_its_own_key(register, planted, runtime):
    await register(**planted)
    async with runtime.database.transaction() as session:
        tokens = [token for row in await session.execute(SEALED) for token in row if token]
    assert len(tokens) == 6
    assert {token.partition(".")[0] for token in tokens} == {"v2"}


@pytest.fixture
async def known_before(register, planted, runtime):
    """`path` and key of a customer whose facts are sealed under the ring, as they were before there were keys."""
    customer = await register(**planted)
    key = UUID(customer["customer_id"])
    ring = Vault(runtime.settings.data_keys.get_secret_value())
    async with runtime.database.transaction() as session:
        await session.execute(text("DELETE FROM subject_key"))
        for name in ("name", "birth_date", "address"):
            changed = text(f"UPDATE customer SET {name}_sealed = :token")
            await session.execute(changed, {"token": ring.seal(key, name, planted[name])})
        changed = text("UPDATE identifier SET sealed = :token WHERE kind = :kind")
        values = planted | {"phone": "+8613877665544"}
        for kind in ("phone", "email", "identity_number"):
            await session.execute(changed, {"kind": kind, "token": ring.seal(key, kind, values[kind])})
    runtime.vault.drop(key)
    return f"/v1/customers/{key}", key


async def test_who_was_known_before_gets_a_key_with_the_next_change(client, known_before, runtime):
    path, _ = known_before
    assert (await client.get(path)).json()["name"] == "欧***"
    assert (await client.patch(path, json={"address": "北京市海淀区中关村大街1号"})).status_code == 200
    async with runtime.database.transaction() as session:
        row = (await session.execute(text("SELECT name_sealed, address_sealed FROM customer"))).one()
    assert [token.partition(".")[0] for token in row] == ["v1", "v2"]
    assert (await client.get(path)).json()["name"] == "欧***"


async def test_who_was_known_before_can_be_sealed_anew(officer, known_before, planted, runtime, capsys):
    path, _ = known_before
    before = (await officer.get(path)).json()
    assert await SEAL_ANEW.run(runtime, argparse.Namespace()) == 0
    assert capsys.readouterr().out == "1 customers were sealed anew\n"
    async with runtime.database.transaction() as session:
        tokens = [token for row in await session.execute(SEALED) for token in row if token]
    assert {token.partition(".")[0] for token in tokens} == {"v2"}
    after = (await officer.get(path)).json()
    assert after["version"] == before["version"] + 1
    assert {name: after[name] for name in planted} == {name: before[name] for name in planted}
    assert await SEAL_ANEW.run(runtime, argparse.Namespace()) == 0
    assert capsys.readouterr().out == "0 customers were sealed anew\n"


async def test_a_destroyed_key_opens_nothing_once_it_is_asked_for_again(session, runtime):
    key = ids.new_id()
    await subject_keys.ensure(session, [key])
    token = runtime.vault.seal(key, "name", "王五")
    assert runtime.vault.open(key, "name", token) == "王五"
    await session.execute(text("UPDATE subject_key SET wrapped = NULL, destroyed_at = now()"))
    await subject_keys.load(session, [key])
    with pytest.raises(SubjectKeyGone):
        runtime.vault.open(key, "name", token)


async def test_who_was_erased_gets_no_other_key(session, runtime):
    key = ids.new_id()
    await subject_keys.ensure(session, [key])
    await subject_keys.destroy(session, [key], now=clock.now())
    assert await subject_keys.ensure(session, [key]) == {key}
    assert await subject_keys.destroyed(session, [key, ids.new_id()]) == {key}


async def test_a_key_that_was_not_kept_does_not_stand_in_for_one_that_another_process_made(runtime):
    key, elsewhere = ids.new_id(), Vault(runtime.settings.data_keys.get_secret_value())
    async with runtime.database.transaction() as session:
        await subject_keys.ensure(session, [key])
        await subject_keys.load(session, [key])
        await session.rollback()
    made = elsewhere.new_key(key)
    elsewhere.hold(key, made)
    async with runtime.database.transaction() as session:
        await subject_keys.keep(session, {key: made})
    async with runtime.database.transaction() as session:
        await subject_keys.ensure(session, [key])
        token = runtime.vault.seal(key, "name", "王五")
    assert elsewhere.open(key, "name", token) == "王五"


async def test_two_who_make_a_key_at_once_seal_under_the_same(runtime):
    key, tokens = ids.new_id(), []

    async def seal():
        async with runtime.database.transaction() as session:
            await subject_keys.ensure(session, [key])
            tokens.append(runtime.vault.seal(key, "name", "王五"))

    await asyncio.gather(seal(), seal(), seal())
    runtime.vault.drop(key)
    async with runtime.database.transaction() as session:
        await subject_keys.load(session, [key])
    assert {runtime.vault.open(key, "name", token) for token in tokens} == {"王五"}


async def test_no_event_has_in_clear_what_senders_wrote_of_a_customer_in_attributes(
    client, register, planted, worker_running, eventually, published
):
    written = {
        "other_number": planted["phone"],
        "mobile": planted["phone"],
        "note": f"call 138-7766-5544 or write to {planted['email']}",
        "id_card": planted["identity_number"],
        "birthday": planted["birth_date"],
    }
    plain = {"arpu": 80.5, "contract": "Month-to-month", "opened": "2026-01-05", "autopay": True}
    customer = await register(**planted, attributes=written | plain)
    path = f"/v1/customers/{customer['customer_id']}"
    answer = await client.patch(path, json={"vip": True}, headers={"if-match": '"1"'})
    assert answer.status_code == 200, answer.text
    async with worker_running():
        [registered] = await eventually(lambda: published(CustomerRegisteredV1))
        [updated] = await eventually(lambda: published(CustomerUpdatedV1))
    for event in (registered, updated):
        told = event.model_dump_json()
        assert [value for value in (*planted.values(), "138-7766-5544") if value in told] == []
        assert {name: event.attributes[name] for name in plain} == plain
