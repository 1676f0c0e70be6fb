"""Who is probably who: what a model joins, and what it must not."""

import random
from string import ascii_lowercase

import pytest
from careloop_profile.linkage.service.candidates import MOST_IN_BLOCK
from sqlalchemy import text

BORN = {"attributes": {"birth_date": "1985-03-07"}}


def ids(*customers):
    return sorted(customer["customer_id"] for customer in customers)


def members(person):
    return sorted(one["customer_id"] for one in person["customers"])


async def test_without_a_model_nobody_is_joined_or_asked_about(alike, link, person, queue):
    one, other = await alike()
    await link(one, other)
    assert (members(await person(one)), await queue()) == (ids(one), [])


async def test_a_certain_pair_is_merged_with_the_weights_as_evidence(model, alike, link, person, queue):
    one, other = await alike()
    await link(other)
    await link(one)
    found = await person(one)
    assert members(found) == ids(one, other)
    [clue] = found["evidence"]
    assert (clue["method"], clue["rule"]) == ("probabilistic", f"linkage model {model['version']}")
    assert clue["probability"] > 0.99
    assert clue["detail"]["fields"]["phone"]["level"] == "equal"
    total = clue["detail"]["prior"] + sum(field["weight"] for field in clue["detail"]["fields"].values())
    assert total == pytest.approx(clue["detail"]["weight"], abs=0.01)
    assert await queue() == []


async def test_the_worker_links_customers_as_they_come(model, alike, person, worker_running, eventually):
    one, other = await alike()

    async def joined():
        return members(await person(one)) == ids(one, other)

    async with worker_running():
        assert await eventually(joined)


async def test_a_firm_is_no_man_of_its_name(model, doubtful, link, queue):
    one, firm = await doubtful(kind="enterprise")
    await link(one, firm)
    assert await queue() == []


async def test_a_number_that_was_given_to_somebody_else_says_nothing(model, register, link, queue, client):
    other_day = {"attributes": {"birth_date": "1990-12-24"}}
    before = await register(name="Wei Zhang", phone="13812347781", **BORN)
    after = await register(name="Wei Zhong", phone="13812347781", joined_on="2025-06-01", **other_day)
    gone = {"status": "left", "left_on": "2025-01-01"}
    assert (await client.patch(f"/v1/customers/{before['customer_id']}", json=gone)).status_code == 200
    await link(before, after)
    assert await queue() == []
    back = {"status": "active", "left_on": None}
    assert (await client.patch(f"/v1/customers/{before['customer_id']}", json=back)).status_code == 200
    await link(before)
    assert len(await queue()) == 1


async def test_a_telephone_that_many_have_says_nothing(model, register, link, queue, client):
    other_day = {"attributes": {"birth_date": "1990-12-24"}}
    one = await register(name="Wei Zhang", phone="02012347781", **BORN)
    other = await register(name="Wei Zhong", phone="02012347781", **other_day)
    crowd = [await register(name=f"Somebody {n}", phone="02012347781") for n in range(4)]
    await link(one, other, *crowd)
    assert await queue() == []
    assert (
        await client.patch(f"/v1/customers/{crowd[0]['customer_id']}", json={"phone": None})
    ).status_code == 200
    await link(one)
    assert len(await queue()) == 1


async def test_people_who_said_no_forbid_a_certain_merge(model, alike, link, person, client):
    one, other = await alike()
    body = {"customer_id": other["customer_id"], "reason": "x"}
    await client.post(f"/v1/customers/{one['customer_id']}/merges", json=body)
    await client.post(f"/v1/customers/{one['customer_id']}/split", json={"reason": "father and son"})
    await link(one, other)
    assert members(await person(one)) == ids(one)


async def test_one_pair_alike_does_not_join_persons_that_are_not(
    model, alike, register, link, client, person, queue
):
    one, other = await alike()
    for place, customer in enumerate((one, other)):
        for number in range(3):
            facts = {"attributes": {"birth_date": f"19{place}{number}-01-01"}}
            kin = await register(
                name=f"{'Abe' if place else 'Zoe'} Q", phone=f"139{place}765130{number}", **facts
            )
            body = {"customer_id": kin["customer_id"], "reason": "so they say"}
            await client.post(f"/v1/customers/{customer['customer_id']}/merges", json=body)
    await link(one, other)
    assert len(members(await person(one))) == 4
    [asked] = await queue()
    assert asked["probability"] > 0.99


async def test_keys_are_readable_by_nobody_and_follow_the_customer(model, register, link, client, runtime):
    one = await register(name="Wei Zhang", phone="13812347781", **BORN)

    async def keys():
        async with runtime.database.transaction() as session:
            rows = await session.execute(text("SELECT key FROM linkage_key ORDER BY key"))
            return [row[0] for row in rows]

    await link(one)
    before = await keys()
    assert len(before) == 2
    await client.patch(f"/v1/customers/{one['customer_id']}", json={"phone": "13987651320"})
    await link(one)
    assert len(set(before) & set(await keys())) == 1
    await client.patch(f"/v1/customers/{one['customer_id']}", json={"phone": None})
    await link(one)
    assert len(await keys()) == 1


async def test_a_key_that_very_many_share_finds_nobody(model, doubtful, register, link, queue):
    one, other = await doubtful()
    crowd = [
        await register(name="".join(random.Random(number).choices(ascii_lowercase, k=9)), **BORN)
        for number in range(MOST_IN_BLOCK - 1)
    ]
    await link(*crowd, other)
    await link(one)
    assert await queue() == []
