"""What customers are to each other, from the outside: stating, ending, households, accounts, and nonsense."""

import asyncio
from datetime import date
from uuid import UUID

import pytest
from careloop_common import clock
from careloop_profile.parties.policy.ledger import Statement, Verdict
from careloop_profile.parties.policy.relations import Claim, Relation
from careloop_profile.parties.service.importing import relate_many
from sqlalchemy import text

UNKNOWN = "0199aaaa-0000-7000-8000-000000000000"


@pytest.fixture
def relate(client):
    """`await relate("family", one, other, **facts)`: the answer."""

    async def post(kind, one, other, **facts):
        body = {"kind": kind, "from_id": one["customer_id"], "to_id": other["customer_id"], **facts}
        return await client.post("/v1/relations", json=body)

    return post


@pytest.fixture
def related(relate):
    async def post(*args, **facts):
        answer = await relate(*args, **facts)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return post


@pytest.fixture
def read(client):
    async def get(path, **params):
        answer = await client.get(f"/v1/{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return get


@pytest.fixture
def end(client):
    async def post(relation, on, reason="moved out"):
        path = f"/v1/relations/{relation['relation_id']}/end"
        return await client.post(path, json={"on": on, "reason": reason})

    return post


async def test_a_relation_is_seen_from_both_ends_with_its_source_and_evidence(register, related, read):
    father, son = await register(name="张伟"), await register(name="张小宝", birth_date="2019-05-01")
    made = await related("guardian", father, son, source="crm", evidence="household register")
    assert (made["state"], made["source"], made["evidence"]) == ("confirmed", "crm", "household register")
    for customer in (father, son):
        found = await read(f"customers/{customer['customer_id']}/relations")
        assert [one["relation_id"] for one in found["relations"]] == [made["relation_id"]]
    assert (await read(f"relations/{made['relation_id']}")) == made


async def test_an_ended_relation_is_kept_and_was_so_until_then(register, related, read, end):
    house, wife = await register(kind="household"), await register(name="李娜")
    made = await related("member_of", wife, house, role="head", valid_from="2020-01-01")
    answer = await end(made, "2024-06-01")
    assert (answer.status_code, answer.json()["valid_to"]) == (200, "2024-06-01")
    path = f"customers/{wife['customer_id']}/relations"
    assert (await read(path))["relations"] == []
    assert len((await read(path, on="2024-05-31"))["relations"]) == 1
    assert (await read(path, on="2024-06-01"))["relations"] == []
    assert len((await read(path, ever=True))["relations"]) == 1
    again = await related("member_of", wife, house, role="head", valid_from="2024-06-01")
    assert again["relation_id"] != made["relation_id"]
    twice = await end(made, "2024-06-01")
    assert (twice.status_code, twice.json()["code"]) == (409, "relation_decided")
    early = await end(again, "2024-05-01")
    assert (early.status_code, early.json()["code"]) == (422, "dates_reversed")


async def test_who_ends_a_relation_waits_for_a_file_that_just_speaks_of_it(
    register, related, end, read, runtime, eventually
):
    one, other = await register(name="张伟"), await register(name="李娜")
    made = await related("family", one, other, valid_from="2020-01-01")
    said = Claim(Relation.FAMILY, UUID(one["customer_id"]), UUID(other["customer_id"]), date(2020, 1, 1))
    async with runtime.database.transaction() as session:
        today, now = date(2026, 1, 1), clock.now()
        stated = [Statement(said)]
        assert await relate_many(session, runtime.vault, stated, 14, today=today, now=now, by="import:x") == [
            Verdict.UNCHANGED
        ]
        ending = asyncio.create_task(end(made, "2025-01-01"))
        await eventually(lambda: _done_or_waiting(ending, runtime))
        assert not ending.done()
    assert (await ending).status_code == 200
    assert (await read(f"relations/{made['relation_id']}"))["valid_to"] == "2025-01-01"


@pytest.mark.parametrize(
    ("kind", "ends", "facts", "pointer"),
    [
        ("works_for", ("individual", "individual"), {}, "/to_id"),
        ("member_of", ("enterprise", "household"), {}, "/from_id"),
        ("member_of", ("individual", "household"), {"role": "decider"}, "/role"),
        ("contact", ("individual", "enterprise"), {}, "/role"),
        ("contact", ("individual", "enterprise"), {"role": "head"}, "/role"),
        ("reports_to", ("individual", "individual"), {}, "/organization_id"),
        ("family", ("individual", "individual"), {"influence": 3}, "/influence"),
    ],
)
async def test_what_is_not_said_of_such_customers_is_refused(register, relate, kind, ends, facts, pointer):
    one, other = [await register(kind=end) for end in ends]
    answer = await relate(kind, one, other, **facts)
    assert (answer.status_code, answer.json()["code"]) == (422, "relation_not_allowed")
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_nonsense_is_refused_and_changes_nothing(client, register, relate, related, read):
    one, other = await register(name="张伟"), await register(name="李娜")
    itself = await relate("family", one, one)
    assert (itself.status_code, itself.json()["code"]) == (422, "relation_to_self")
    nobody = await relate("family", one, {"customer_id": UNKNOWN})
    assert (nobody.status_code, nobody.json()["code"]) == (404, "customer_not_found")
    backwards = await relate("family", one, other, valid_from="2025-01-01", valid_to="2025-01-01")
    assert (backwards.status_code, backwards.json()["code"]) == (422, "dates_reversed")
    for strange in ({"influence": 6}, {"role": "boss"}, {"valid_from": "yesterday"}, {"extra": 1}):
        assert (await relate("contact", one, other, **strange)).status_code == 422
    assert (await relate("married", one, other)).status_code == 422
    assert (await read("relations"))["items"] == []
    for path in ("confirm", "dismiss", "end"):
        body = {"json": {"reason": "x"}} if path == "end" else {}
        unknown = await client.post(f"/v1/relations/{UNKNOWN}/{path}", **body)
        assert (unknown.status_code, unknown.json()["code"]) == (404, "relation_not_found")
    made = await related("family", one, other)
    decided = await client.post(f"/v1/relations/{made['relation_id']}/confirm")
    assert (decided.status_code, decided.json()["code"]) == (409, "relation_decided")


@pytest.mark.parametrize(("kind", "facts"), [("works_for", {}), ("contact", {"role": "decider"})])
async def test_what_holds_within_an_organisation_is_said_once(register, related, relate, kind, facts):
    clerk, firm = await register(name="张伟"), await register(kind="enterprise")
    made = await related(kind, clerk, firm, **facts)
    twice = await relate(kind, clerk, firm, **facts)
    assert (twice.status_code, twice.json()["relation_id"]) == (409, made["relation_id"])


async def test_one_person_is_in_no_relation_to_itself(client, register, related, relate, read):
    one, other = await register(name="张伟"), await register(name="张玮")
    house = await register(kind="household")
    await related("family", one, other)
    await related("member_of", other, house)
    path = f"/v1/customers/{one['customer_id']}/merges"
    await client.post(path, json={"customer_id": other["customer_id"], "reason": "one man"})
    found = await read(f"customers/{one['customer_id']}/relations")
    assert [relation["kind"] for relation in found["relations"]] == ["member_of"]
    assert found["person_id"] == one["customer_id"]
    assert (await relate("family", one, other)).json()["code"] == "relation_to_self"
    twice = await relate("member_of", one, house)
    assert twice.json()["code"] == "relation_overlaps", "one of its customers is a member"


async def test_what_excludes_each_other_does_not_overlap(register, relate, related):
    one, other, third = [await register(name=name) for name in ("张伟", "李娜", "王芳")]
    house, firm = await register(kind="household"), await register(kind="enterprise")
    await related("family", one, other, valid_from="2020-01-01", valid_to="2022-01-01")
    overlapping = await relate("family", other, one, valid_from="2021-12-31")
    assert (overlapping.status_code, overlapping.json()["code"]) == (409, "relation_overlaps")
    assert (await relate("family", other, one, valid_from="2022-01-01")).status_code == 201
    await related("member_of", one, house, role="head")
    assert (await relate("member_of", other, house, role="head")).status_code == 409, "one head"
    assert (await relate("member_of", other, house, role="payer")).status_code == 201
    within = {"organization_id": firm["customer_id"]}
    await related("reports_to", one, other, **within)
    assert (await relate("reports_to", one, third, **within)).status_code == 409, "one superior"
    branch = await register(kind="enterprise")
    await related("reports_to", one, third, organization_id=branch["customer_id"])


@pytest.fixture
def side_by_side(runtime, eventually):
    """Sends requests of which none may write before all of them wait to."""

    async def send(*requests):
        async with runtime.database.transaction() as session:
            await session.execute(text("LOCK TABLE relationship IN SHARE MODE"))
            sent = [asyncio.ensure_future(request) for request in requests]
            waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            await eventually(lambda: _all_of(session, waiting, len(sent)))
        return sorted([(await answer).status_code for answer in sent])

    return send


async def _all_of(session, waiting, count):
    return await session.scalar(waiting) >= count


async def test_the_same_said_twice_at_once_is_said_once(register, relate, side_by_side):
    one, other = await register(name="张伟"), await register(name="李娜")
    pairs = [(one, other), (other, one), (one, other)]
    assert await side_by_side(*(relate("family", *pair) for pair in pairs)) == [201, 409, 409]


async def test_a_formal_line_has_no_circles_on_any_day(client, register, relate, related, end):
    firm = await register(kind="enterprise")
    within = {"organization_id": firm["customer_id"], "valid_from": "2020-01-01"}
    people = [await register(name=f"张{n}") for n in "甲乙丙丁戊"]
    first = await related("reports_to", people[0], people[1], **within)
    await related("reports_to", people[1], people[2], **within)
    circle = await relate("reports_to", people[2], people[0], **within)
    assert (circle.status_code, circle.json()["code"]) == (409, "line_in_circle")
    await end(first, "2023-01-01")
    late = await relate("reports_to", people[2], people[0], **within | {"valid_from": "2023-01-01"})
    assert late.status_code == 201, "by then the first reports to nobody"
    # Two customers of one person are one link of the line.
    path = f"/v1/customers/{people[3]['customer_id']}/merges"
    await client.post(path, json={"customer_id": people[2]["customer_id"], "reason": "the same"})
    through = await relate("reports_to", people[3], people[1], **within | {"valid_to": "2022-01-01"})
    assert through.json()["code"] == "line_in_circle"
    before = within | {"valid_to": "2022-01-01"}
    await related("reports_to", people[3], people[4], **before)
    assert (await relate("reports_to", people[4], people[2], **before)).json()["code"] == "line_in_circle"


async def test_lines_that_meet_at_once_make_no_circle(register, relate, side_by_side):
    firm = await register(kind="enterprise")
    one, other = await register(name="张伟"), await register(name="李娜")
    within = {"organization_id": firm["customer_id"]}
    lines = [relate("reports_to", one, other, **within), relate("reports_to", other, one, **within)]
    assert await side_by_side(*lines) == [201, 409]


async def test_a_minor_neither_pays_nor_leads_without_a_guardian(register, relate, related, client):
    child, mother = await register(name="张小宝", birth_date="2020-05-01"), await register(name="李娜")
    house = await register(kind="household")
    leads = await relate("member_of", child, house, role="head")
    assert (leads.status_code, leads.json()["code"]) == (409, "guardian_needed")
    assert (await relate("payer", child, mother)).json()["code"] == "guardian_needed"
    account = await client.post("/v1/accounts", json={"payer_id": child["customer_id"]})
    assert (account.status_code, account.json()["code"]) == (409, "guardian_needed")
    assert (await relate("guardian", child, mother)).json()["code"] == "guardian_needed"
    await related("guardian", mother, child)
    paid = await relate("member_of", child, house, role="payer")
    assert paid.status_code == 201, paid.text
    assert (await relate("guardian", child, mother)).status_code == 409


async def test_a_household_shows_who_leads_who_pays_and_who_needs_a_guardian(register, related, read):
    house = await register(kind="household")
    father, mother = await register(name="张伟"), await register(name="李娜")
    child, other = [await register(name=name, birth_date="2020-05-01") for name in ("张小宝", "张小贝")]
    await related("member_of", father, house, role="head")
    await related("member_of", mother, house, role="payer")
    await related("member_of", child, house, role="dependent")
    await related("family", mother, other)
    await related("guardian", father, child)
    for customer in (house, child):
        found = await read(f"households/{customer['customer_id']}")
        assert found["household_ids"] == [house["customer_id"]]
        assert (found["head"], found["payers"]) == (father["customer_id"], [mother["customer_id"]])
        members = {one["person_id"]: one for one in found["members"]}
        assert len(members) == 4
        assert members[father["customer_id"]]["name"] == "张*"
        assert members[child["customer_id"]]["guardians"] == [father["customer_id"]]
        assert (members[other["customer_id"]]["minor"], members[other["customer_id"]]["guardian_needed"]) == (
            True,
            True,
        )
        assert [one["person_id"] for one in members.values() if one["guardian_needed"]] == [
            other["customer_id"]
        ]


async def test_a_firm_is_no_household(client, register):
    firm = await register(kind="enterprise")
    answer = await client.get(f"/v1/households/{firm['customer_id']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "other_kind_of_customer")


async def test_who_shares_a_number_is_proposed_as_family_and_never_merged(
    client, register, read, worker_running, eventually
):
    names = ["张伟", "李娜", "张小宝"]
    family = [await register(name=name, phone="01062345678") for name in names]
    firm = await register(name="大华科技", kind="enterprise", phone="01062345678")
    async with worker_running():
        found = await eventually(lambda: _proposed(read, 2))
    assert {one["evidence"] for one in found} == {"shared phone"}
    assert firm["customer_id"] not in {one[end] for one in found for end in ("from_id", "to_id")}
    assert len((await read(f"customers/{family[0]['customer_id']}/person"))["customers"]) == 1
    proposed = await read(f"households/{family[0]['customer_id']}")
    assert sorted(one["proposed"] for one in proposed["members"]) == [False, True, True]
    yes, no = found
    assert (await client.post(f"/v1/relations/{yes['relation_id']}/confirm")).json()["state"] == "confirmed"
    assert (await client.post(f"/v1/relations/{no['relation_id']}/dismiss")).json()["state"] == "dismissed"
    await client.patch(f"/v1/customers/{family[0]['customer_id']}", json={"region": "华东"})
    await register(name="王芳", email="wang@careloop.org.cn")
    await register(name="王强", email="wang@careloop.org.cn")
    async with worker_running():
        [again] = await eventually(lambda: _proposed(read, 1))
    assert again["evidence"] == "shared email", "what was dismissed is not proposed again"


async def _proposed(read, count):
    found = (await read("relations", state="proposed"))["items"]
    return found if len(found) == count else None


async def test_a_family_plan_confirms_what_was_proposed(client, register, read, worker_running, eventually):
    one, other = [await register(name=name, phone="01062345678") for name in ("张伟", "李娜")]
    async with worker_running():
        await eventually(lambda: _proposed(read, 1))
    items = [{"customer_id": other["customer_id"]}]
    body = {"payer_id": one["customer_id"], "family": True, "items": items}
    assert (await client.post("/v1/accounts", json=body)).status_code == 201
    found = (await read(f"households/{one['customer_id']}"))["members"]
    assert [member["proposed"] for member in found] == [False, False]
    assert len((await read("relations", kind="family"))["items"]) == 1


async def test_what_was_dismissed_of_a_customer_is_not_proposed_of_its_person(
    client, register, read, worker_running, eventually
):
    older = await register(name="张伟", source="crm")
    one, _ = [await register(name=name, phone="01062345678") for name in ("张伟", "李娜")]
    async with worker_running():
        [proposal] = await eventually(lambda: _proposed(read, 1))
    assert (await client.post(f"/v1/relations/{proposal['relation_id']}/dismiss")).status_code == 200
    await client.post(
        f"/v1/customers/{one['customer_id']}/merges",
        json={"customer_id": older["customer_id"], "reason": "one man"},
    )
    third, fourth = [await register(name=name, phone="01062345679") for name in ("王芳", "赵敏")]
    async with worker_running():
        [found] = await eventually(lambda: _proposed(read, 1))
    assert {found["from_id"], found["to_id"]} == {third["customer_id"], fourth["customer_id"]}


async def test_a_crowd_is_no_family(register, read, worker_running, eventually):
    for number in range(12):
        await register(name=f"王{chr(0x4E00 + number)}", phone="01062345678")
    await register(name="张伟", email="zhang@careloop.org.cn")
    await register(name="李娜", email="zhang@careloop.org.cn")
    async with worker_running():
        [found] = await eventually(lambda: _proposed(read, 1))
    assert found["evidence"] == "shared email"


async def test_an_account_says_who_pays_for_what(client, register, read):
    payer, child = await register(name="张伟"), await register(name="张小宝")
    line = "0199aaaa-0000-7000-8000-000000000001"
    body = {
        "payer_id": payer["customer_id"],
        "family": True,
        "opened_on": "2024-01-01",
        "external_id": "A-1",
        "items": [
            {"customer_id": payer["customer_id"]},
            {"customer_id": child["customer_id"], "subscription_id": line},
            {"customer_id": child["customer_id"], "valid_from": "2030-01-01"},
        ],
    }
    answer = await client.post("/v1/accounts", json=body)
    assert answer.status_code == 201, answer.text
    account = answer.json()
    assert [item["to_id"] for item in account["items"][:2]] == [payer["customer_id"], child["customer_id"]]
    assert account["items"][1]["subscription_id"] == line
    again = await client.post("/v1/accounts", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "account_exists")
    other = await client.post("/v1/accounts", json={"payer_id": child["customer_id"]})
    item = {"customer_id": child["customer_id"], "subscription_id": line}
    path = f"/v1/accounts/{other.json()['account_id']}"
    twice = await client.post(f"{path}/items", json=item)
    assert (twice.status_code, twice.json()["code"]) == (409, "relation_overlaps"), "one payer of one line"
    family = (await read("relations", kind="family"))["items"]
    assert [(one["state"], one["evidence"]) for one in family] == [("confirmed", "family plan")]
    closed = await client.post(
        f"/v1/accounts/{account['account_id']}/close", json={"on": "2025-01-01", "reason": "moved"}
    )
    ends = [item["valid_to"] for item in closed.json()["items"]]
    assert ends == ["2025-01-01", "2025-01-01", "2030-01-01"], "what was to begin later never does"
    assert (await client.post(f"{path}/items", json=item)).status_code == 201, "it is free again"
    late = await client.post(f"/v1/accounts/{account['account_id']}/items", json=item)
    assert (late.status_code, late.json()["code"]) == (409, "account_closed")
    unknown = await client.get(f"/v1/accounts/{UNKNOWN}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "account_not_found")


async def test_a_firm_has_no_family_plan(client, register):
    firm, man = await register(kind="enterprise"), await register(name="张伟")
    for payer, other in ((firm, man), (man, firm)):
        items = [{"customer_id": other["customer_id"]}]
        body = {"payer_id": payer["customer_id"], "family": True, "items": items}
        answer = await client.post("/v1/accounts", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "relation_not_allowed")


async def _done_or_waiting(task, runtime):
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    async with runtime.database.transaction() as session:
        return task.done() or await session.scalar(waiting)
