"""Identity number, birth date and address: sealed, masked, found by, and evidence of who is who."""

from sqlalchemy import text

NUMBER, OTHER = "11010519491231002X", "110105194912310038"
ADDRESS = "广东省深圳市南山区科苑路15号"


async def test_they_are_sealed_in_tables_and_events_and_masked_for_most(client, register, insider, session):
    customer = await register(
        identity_number=NUMBER.lower(), birth_date="1949年12月31日", address="广东深圳南山区科苑路15号"
    )
    assert (customer["identity_number"], customer["birth_date"]) == ("1****X", "1949-**-**")
    assert customer["address"] == "广东省深圳市***"
    seen = (await insider.get(f"/v1/customers/{customer['customer_id']}")).json()
    assert (seen["identity_number"], seen["birth_date"], seen["address"]) == (NUMBER, "1949-12-31", ADDRESS)
    for table in ("customer", "identifier", "outbox"):
        kept = str((await session.execute(text(f"SELECT to_jsonb(t) FROM {table} AS t"))).all())
        assert NUMBER not in kept
        assert "1949" not in kept
        assert "南山" not in kept


async def test_a_customer_is_found_by_the_identity_number_in_any_spelling(client, register):
    customer = await register(identity_number=NUMBER)
    for spelt in (NUMBER.lower(), "110105 19491231 002x", "110105491231002"):
        found = (await client.get("/v1/customers", params={"identity_number": spelt})).json()["items"]
        assert [one["customer_id"] for one in found] == [customer["customer_id"]]
    wrong = await client.get("/v1/customers", params={"identity_number": "110105194912310021"})
    assert (wrong.status_code, wrong.json()["reason"]) == (422, "wrong_check_digit")


async def test_what_cannot_be_is_refused_and_changes_nothing(client, register):
    customer = await register(name="张伟")
    path = f"/v1/customers/{customer['customer_id']}"
    for field, value, reason in (
        ("identity_number", "110105194912310021", "wrong_check_digit"),
        ("birth_date", "2020-02-30", "not_a_date"),
        ("birth_date", "03/04/1990", "ambiguous"),
        ("birth_date", "2999-01-01", "impossible_birth_date"),
        ("address", "无", "placeholder"),
        ("name", "???", "unreadable_characters"),
    ):
        answer = await client.patch(path, json={field: value})
        assert (answer.status_code, answer.json()["reason"]) == (422, reason), field
        assert answer.json()["errors"][0]["pointer"] == f"/{field}"
    assert (await client.get(path)).json() == customer


async def test_the_same_number_again_is_no_change_and_null_empties_it(client, register):
    customer = await register(identity_number=NUMBER, address=ADDRESS)
    path = f"/v1/customers/{customer['customer_id']}"
    same = (await client.patch(path, json={"identity_number": NUMBER.lower(), "address": ADDRESS})).json()
    assert same["version"] == 1
    gone = (await client.patch(path, json={"identity_number": None, "address": None})).json()
    assert (gone["version"], gone["identity_number"], gone["address"]) == (2, None, None)
    assert (await client.get("/v1/customers", params={"identity_number": NUMBER})).json()["items"] == []


async def test_a_birth_date_that_the_number_contradicts_is_pointed_at(client, register):
    customer = await register(identity_number=NUMBER)
    await client.patch(f"/v1/customers/{customer['customer_id']}", json={"birth_date": "1949-12-30"})
    [issue] = (await client.get("/v1/quality-issues")).json()["items"]
    assert (issue["rule"], issue["action"]) == ("not_that_of_identity_number", "flag")
    await client.post(f"/v1/quality-issues/{issue['issue_id']}/accept", json={})
    assert (await client.get("/v1/quality-issues", params={"state": "open"})).json()["items"] == []


async def test_one_identity_number_is_one_person_whatever_the_names(
    client, register, worker_running, eventually
):
    one = await register(source="crm", name="张伟", identity_number=NUMBER)
    await register(source="bss", name="Zhang Wei", identity_number=NUMBER.lower())

    async def merged():
        person = (await client.get(f"/v1/customers/{one['customer_id']}/person")).json()
        return person if len(person["customers"]) == 2 else None

    async with worker_running():
        person = await eventually(merged)
    assert [clue["rule"] for clue in person["evidence"]] == ["identity_number"]
    assert person["golden"]["identity_number"]["value"] == "1****X"


async def test_two_identity_numbers_are_never_one_person(client, register):
    one = await register(name="张伟", phone="13801234567", identity_number=NUMBER)
    other = await register(name="张伟", phone="13801234567", identity_number=OTHER)
    body = {"customer_id": other["customer_id"], "reason": "they look alike"}
    answer = await client.post(f"/v1/customers/{one['customer_id']}/merges", json=body)
    assert (answer.status_code, answer.json()["refusal"]) == (409, "other_identity_number")
