"""Looking up many at once."""

import pytest


def ids(*customers):
    return sorted(customer["customer_id"] for customer in customers)


async def test_many_are_looked_up_at_once(register, client):
    one = await register(name="张伟", phone="138 1234 7781", source="crm", external_id="A-1")
    other = await register(name="李娜", email="Li.Na@Example.org.cn", phone="020 8765 1320")
    third = await register(name="王芳", phone="02087651320")
    body = {"customer_id": third["customer_id"], "reason": "x"}
    items = [
        {"kind": "phone", "value": "+86 13812347781"},
        {"kind": "email", "value": "li.na@example.org.cn"},
        {"kind": "external", "value": "A-1", "source": "crm"},
        {"kind": "external", "value": "A-1", "source": "bss"},
        {"kind": "phone", "value": "02087651320"},
        {"kind": "phone", "value": "13800138000"},
        {"kind": "email", "value": "nobody"},
        {"kind": "phone", "value": "13900450021"},
    ]

    async def outcomes():
        answer = await client.post("/v1/customers/resolve", json={"items": items})
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    found = await outcomes()
    assert [one["outcome"] for one in found] == [
        "person", "person", "person", "nobody", "several", "refused", "refused", "nobody",
    ]  # fmt: skip
    assert found[0]["person_ids"] == found[2]["person_ids"] == [one["customer_id"]]
    assert found[4]["customer_ids"] == ids(other, third)
    await client.post(f"/v1/customers/{other['customer_id']}/merges", json=body)
    merged = (await outcomes())[4]
    assert (merged["outcome"], merged["person_ids"]) == ("person", [other["customer_id"]])


async def test_a_number_that_too_many_have_is_nobodys(register, client):
    for number in range(21):
        await register(name=f"客户{number}", phone="02012347781")
    answer = await client.post(
        "/v1/customers/resolve", json={"items": [{"kind": "phone", "value": "02012347781"}]}
    )
    assert answer.json()["items"] == [{"outcome": "shared", "person_ids": [], "customer_ids": []}]


@pytest.mark.parametrize(
    "items",
    [
        [],
        [{"kind": "phone"}],
        [{"kind": "fax", "value": "1"}],
        [{"kind": "external", "value": "A-1"}],
        [{"kind": "phone", "value": "1", "source": "crm"}],
        [{"kind": "phone", "value": "1\u0000"}],
        [{"kind": "phone", "value": "1"}] * 1001,
    ],
)
async def test_a_look_up_that_makes_no_sense_is_refused(client, items):
    assert (await client.post("/v1/customers/resolve", json={"items": items})).status_code == 422
