"""Who installs, looks, fills and retires at the same time waits for the others, and none for ever."""

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from uuid import UUID

import pytest
from careloop_common import clock
from careloop_profile.identifiers.keys import customer_id_of
from careloop_profile.tags import handlers
from careloop_profile.tags.queries import facts
from careloop_profile.tags.service import evaluating, filling, shipping
from careloop_profile.tags.service.evaluating import Parts
from sqlalchemy import text

NOW = clock.now()


@pytest.fixture
def see(evaluator):
    """`await see(session, person)`: looks at a person within a transaction that others wait for."""

    async def at(session, person):
        await evaluator.look(session, [person], Parts.BOTH, {"kind": "customer"}, now=NOW)

    return at


@pytest.fixture
async def persons(register):
    """Two customers, in the order of their ids."""
    made = [await register(name=name, status="active") for name in ("张三", "李四")]
    return sorted(UUID(customer["customer_id"]) for customer in made)


async def test_installing_a_release_while_a_version_is_filled_and_persons_are_looked_at(
    persons, look, propose, publish, runtime, see, waiting, together
):
    await look(*({"customer_id": str(person)} for person in persons))
    await publish(await propose("client", rule='status == "active"'))
    async with runtime.database.transaction() as session:
        await filling.fill(session, now=NOW, limit=1)
        await session.execute(text("DELETE FROM tag_definition WHERE code = 'elderly'"))
    begun = asyncio.Barrier(3)

    async def looking():
        async with runtime.database.transaction() as session:
            await see(session, persons[0])
            await begun.wait()
            await waiting(1)
            await see(session, persons[1])

    async def fill():
        async with runtime.database.transaction() as session:
            await facts.hold(session, persons[1:])
            await begun.wait()
            await waiting(1)
            return await filling.fill(session, now=NOW, limit=2)

    async def install():
        await begun.wait()
        async with runtime.database.transaction() as session:
            return await shipping.install(session, now=NOW)

    assert await together(looking(), fill(), install()) == [None, True, 1]


async def test_two_who_look_first_of_all(persons, runtime, see, waiting, together):
    begun = asyncio.Event()

    async def first():
        async with runtime.database.transaction() as session:
            await see(session, persons[0])
            begun.set()
            await waiting(1)
            await see(session, persons[1])

    async def second():
        await begun.wait()
        async with runtime.database.transaction() as session:
            await see(session, persons[1])

    assert await together(first(), second()) == [None, None]
    async with runtime.database.transaction() as session:
        count = "SELECT count(*) FROM tag_definition WHERE code = 'elderly'"
        assert await session.scalar(text(count)) == 1


async def test_looking_in_parts_at_persons_of_other_ids_than_their_customers(
    register, look, client, runtime, evaluator, waiting, together, monkeypatch
):
    low, middle, high = sorted(("A", "B", "C"), key=lambda one: customer_id_of("crm", one))
    ids = {
        one: UUID((await register(source="crm", external_id=one, status="active"))["customer_id"])
        for one in (high, middle, low)
    }
    path = f"/v1/customers/{ids[high]}/merges"
    answer = await client.post(path, json={"customer_id": str(ids[low]), "reason": "one man"})
    assert answer.status_code < 300, answer.text
    await look(*({"customer_id": str(one)} for one in ids.values()))
    async with runtime.database.transaction() as session:
        persons = await session.scalars(text("SELECT person_id FROM person_fact"))
        assert set(persons) == {ids[high], ids[middle]}, "who is older and has the higher id"
    monkeypatch.setattr(evaluating, "TOGETHER", 1)
    looks = evaluator.look

    async def slowly(*given, **named):
        found = await looks(*given, **named)
        with suppress(AssertionError):
            await waiting(1, timeout=1)
        return found

    monkeypatch.setattr(evaluator, "look", slowly)

    async def listen(*persons):
        async with runtime.database.transaction() as session:
            due = [SimpleNamespace(owner_id=ids[one]) for one in persons]
            await handlers.Listener(evaluator).on_due(session, due, NOW)

    assert await together(listen(low, middle), listen(middle, high)) == [None, None]


async def test_retiring_a_tag_of_which_an_older_version_is_filled(
    persons, look, propose, publish, fill, runtime, client, waiting, together
):
    await look(*({"customer_id": str(person)} for person in persons))
    older = await propose("client", rule='status == "active"')
    await publish(await propose("client", rule="!vip"))
    await fill()
    await publish(older)
    begun = asyncio.Event()

    async def switch():
        async with runtime.database.transaction() as session:
            await filling.definitions.filling(session)
            begun.set()
            await waiting(1)
            return await filling.fill(session, now=NOW)

    async def retire():
        await begun.wait()
        return (await client.post("/v1/tag-definitions/client/retire")).status_code

    assert await together(switch(), retire()) == [True, 409]
