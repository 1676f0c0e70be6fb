import pytest
from careloop_common import clock, ids, pagination
from careloop_contracts import CustomerRegisteredV1, CustomerUpdatedV1

PERSON = {
    "source": "crm",
    "external_id": "A-1",
    "name": "张伟",
    "phone": "138 0123 4567",
    "email": "Zhang@Example.org.cn",
}


async def test_registering_answers_the_customer_with_location_and_version(insider):
    answer = await insider.post("/v1/customers", json=PERSON)
    assert answer.status_code == 201
    customer = answer.json()
    assert answer.headers["location"] == f"/v1/customers/{customer['customer_id']}"
    assert answer.headers["etag"] == '"1"'
    assert (customer["name"], customer["phone"], customer["email"]) == (
        "张伟",
        "+8613801234567",
        "zhang@example.org.cn",
    )


async def test_personal_data_is_masked_without_the_scope(client, client_as):
    registered = (await client.post("/v1/customers", json=PERSON)).json()
    reader = client_as("customers:read")
    customer = (await reader.get(f"/v1/customers/{registered['customer_id']}")).json()
    assert customer["masked"]
    assert (customer["name"], customer["phone"], customer["email"]) == (
        "张*",
        "+86138****4567",
        "z***@example.org.cn",
    )


async def test_personal_data_is_sealed_in_the_database_and_in_events(
    register, published, worker_running, eventually, session
):
    from sqlalchemy import text

    await register(**PERSON)
    rows = (
        (
            await session.execute(
                text(
                    "SELECT to_jsonb(c)::text FROM customer c UNION ALL SELECT to_jsonb(i)::text FROM identifier i UNION ALL SELECT convert_from(payload, 'UTF8') FROM outbox"
                )
            )
        )
        .scalars()
        .all()
    )
    assert len(rows) == 4
    assert not any("13801234567" in row or "张伟" in row or "zhang@" in row for row in rows)
    async with worker_running():
        [event] = await eventually(lambda: published(CustomerRegisteredV1))
    assert event.contact.phone.startswith("v2.")


async def test_the_same_source_key_cannot_be_registered_twice(client, register):
    first = await register(**PERSON)
    answer = await client.post("/v1/customers", json=PERSON)
    assert answer.status_code == 409
    assert answer.json()["code"] == "customer_exists"
    assert answer.json()["customer_id"] == first["customer_id"]


async def test_customers_are_found_by_phone_email_and_source_key(client, register):
    mine = await register(**PERSON)
    await register(name="李娜", phone="13901234567")
    for query in (
        {"phone": "0086-138-0123-4567"},
        {"email": "ZHANG@example.org.cn"},
        {"source": "crm", "external_id": "A-1"},
        {"external_id": "A-1"},
    ):
        found = (await client.get("/v1/customers", params=query)).json()["items"]
        assert [customer["customer_id"] for customer in found] == [mine["customer_id"]], query


async def test_a_household_may_share_a_phone(client, register):
    await register(name="张伟", phone="010-62345678")
    await register(name="李娜", phone="(010) 6234 5678")
    found = (await client.get("/v1/customers", params={"phone": "01062345678"})).json()["items"]
    assert len(found) == 2


async def test_pages_follow_each_other(client, register):
    for number in range(5):
        await register(source="crm", external_id=str(number))
    seen, cursor = [], None
    while True:
        page = (
            await client.get("/v1/customers", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        ).json()
        seen += [customer["external_id"] for customer in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(seen) == ["0", "1", "2", "3", "4"]
    assert len(seen) == 5


@pytest.mark.parametrize(
    "key", [("x",), (1, 2), (clock.now(), "x"), (clock.now(), ids.new_id(), 1), ("a", "b")]
)
async def test_a_cursor_of_another_list_is_refused(client, register, key):
    customer = await register(**PERSON)
    for path in ("/v1/customers", f"/v1/customers/{customer['customer_id']}/interactions", "/v1/imports"):
        answer = await client.get(path, params={"cursor": pagination.encode(key)})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor"), path


async def test_a_patch_changes_what_it_names_and_empties_what_is_null(insider, register):
    customer = await register(**PERSON, region="北京", vip=True, attributes={"a": 1, "b": 2, "c": 3})
    path = f"/v1/customers/{customer['customer_id']}"
    patch = {"region": None, "phone": "13901234567", "attributes": {"a": 5, "b": None}}
    changed = (await insider.patch(path, json=patch)).json()
    assert changed["attributes"] == {"a": 5, "c": 3}
    assert changed["version"] == 2
    assert changed["region"] is None
    assert changed["phone"] == "+8613901234567"
    assert changed["vip"]
    assert changed["name"] == "张伟"


async def test_a_patch_that_changes_nothing_makes_no_version(client, register):
    customer = await register(**PERSON)
    path = f"/v1/customers/{customer['customer_id']}"
    again = await client.patch(path, json={"name": "张伟", "phone": "+86 13801234567"})
    assert again.headers["etag"] == '"1"'


async def test_if_match_of_an_older_version_is_refused(client, register):
    customer = await register(**PERSON)
    path = f"/v1/customers/{customer['customer_id']}"
    assert (await client.patch(path, json={"vip": True}, headers={"if-match": '"1"'})).status_code == 200
    stale = await client.patch(path, json={"vip": False}, headers={"if-match": '"1"'})
    assert stale.status_code == 412
    assert stale.json()["code"] == "version_mismatch"
    assert (await client.get(path)).json()["vip"]


async def test_unknown_fields_and_bad_values_are_refused_with_pointers(client):
    answer = await client.post("/v1/customers", json={"nickname": "x", "kind": "robot", "name": "a\u0000b"})
    assert answer.status_code == 422
    assert {item["pointer"] for item in answer.json()["errors"]} == {"/nickname", "/kind", "/name"}


async def test_a_phone_number_that_is_none_is_refused_with_the_reason(client):
    answer = await client.post("/v1/customers", json={"phone": "13800138000"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "identifier_refused"
    assert answer.json()["reason"] == "placeholder"
    assert answer.json()["errors"][0]["pointer"] == "/phone"


async def test_leaving_before_joining_is_refused(client):
    answer = await client.post("/v1/customers", json={"joined_on": "2025-02-01", "left_on": "2025-01-01"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "dates_reversed"


async def test_the_latest_consent_counts_whatever_order_it_arrives_in(client, register):
    customer = await register(**PERSON)
    path = f"/v1/customers/{customer['customer_id']}/consents"
    word = {"purpose": "marketing", "channel": "sms"}
    refused = await client.put(
        path, json={"items": [{**word, "granted": False, "at": "2025-03-01T00:00:00Z"}]}
    )
    assert refused.json()["version"] == 2
    late = await client.put(path, json={"items": [{**word, "granted": True, "at": "2025-02-01T00:00:00Z"}]})
    assert late.json()["version"] == 2
    assert [consent["granted"] for consent in late.json()["consents"]] == [False]


async def test_every_consent_is_kept(client, register, session):
    from sqlalchemy import text

    customer = await register(**PERSON)
    path = f"/v1/customers/{customer['customer_id']}/consents"
    for granted in (True, False, True):
        await client.put(path, json={"items": [{"purpose": "care", "channel": "call", "granted": granted}]})
    assert await session.scalar(text("SELECT count(*) FROM consent")) == 3


async def test_a_word_said_twice_at_one_instant_is_one_word(client, register, session):
    from sqlalchemy import text

    customer = await register(**PERSON)
    path = f"/v1/customers/{customer['customer_id']}/consents"
    word = {"purpose": "care", "channel": "call", "granted": True, "at": "2025-03-01T00:00:00Z"}
    answer = await client.put(path, json={"items": [word, word, {**word, "granted": False}]})
    assert [consent["granted"] for consent in answer.json()["consents"]] == [False]
    assert await session.scalar(text("SELECT count(*) FROM consent")) == 2


async def test_subscriptions_and_devices_are_kept_and_counted(client, register):
    customer = await register(**PERSON)
    path = f"/v1/customers/{customer['customer_id']}"
    subscription = f"{path}/subscriptions/{ids.new_id()}"
    await client.put(subscription, json={"product": "mobile", "plan": "5G", "monthly_fee": "129.00"})
    after = (
        await client.put(subscription, json={"product": "mobile", "plan": "4G", "monthly_fee": "59.00"})
    ).json()
    assert [item["plan"] for item in after["subscriptions"]] == ["4G"]
    await client.put(
        f"{path}/devices/{ids.new_id()}", json={"type": "phone", "brand": "Huawei", "serial": "860012345"}
    )
    device = f"{path}/devices/{ids.new_id()}"
    await client.put(device, json={"type": "watch"})
    again = (await client.put(device, json={"type": "watch"})).json()
    assert again["devices"] == 2
    assert again["version"] == 5


async def test_every_change_publishes_the_whole_state_in_the_order_of_versions(
    client, register, published, worker_running, eventually
):
    customer = await register(**PERSON, subscriptions=[{"product": "mobile", "monthly_fee": "59.00"}])
    path = f"/v1/customers/{customer['customer_id']}"
    await client.patch(
        path, json={"do_not_disturb": True, "attributes": {"late_payments": 2, "segment": "b"}}
    )
    await client.patch(
        path, json={"quiet_hours": {"start": "22:00", "end": "08:00", "timezone": "Asia/Shanghai"}}
    )
    await client.put(
        f"{path}/consents", json={"items": [{"purpose": "care", "channel": "sms", "granted": True}]}
    )
    async with worker_running():
        updates = await eventually(lambda: _three(published))
    assert [event.version for event in updates] == [2, 3, 4]
    last = updates[-1]
    assert last.do_not_disturb
    assert last.quiet_hours.timezone == "Asia/Shanghai"
    assert last.attributes == {"late_payments": 2.0, "segment": "b"}
    assert [subscription.product for subscription in last.subscriptions] == ["mobile"]
    assert last.consents[0].granted


async def _three(published):
    found = await published(CustomerUpdatedV1)
    return found if len(found) == 3 else None


async def test_an_unknown_customer_is_not_found(client):
    for method, suffix in (("GET", ""), ("GET", "/profile"), ("GET", "/interactions"), ("PATCH", "")):
        answer = await client.request(
            method, f"/v1/customers/{ids.new_id()}{suffix}", json={} if method == "PATCH" else None
        )
        assert answer.status_code == 404, suffix
        assert answer.json()["code"] == "customer_not_found"


async def test_routes_need_their_scopes(client_as):
    stranger = client_as("tickets:read")
    assert (await stranger.get("/v1/customers")).status_code == 403
    assert (await stranger.post("/v1/customers", json={})).status_code == 403
    assert (await stranger.post("/v1/interactions/batch", json={"items": []})).status_code == 403
    assert (await stranger.post("/v1/imports", json={})).status_code == 403
