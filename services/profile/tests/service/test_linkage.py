"""Who is probably who, from the outside: merged by a model, asked about, decided by people, looked up."""

import asyncio
import json

import pytest
from careloop_common import clock
from careloop_profile.linkage import handlers
from careloop_profile.linkage.command import TRAIN
from careloop_profile.service import service
from sqlalchemy import text

BORN = {"attributes": {"birth_date": "1985-03-07"}}


@pytest.fixture
def document():
    """A small model of names, phone numbers and birth dates; its weights are round."""

    def level(when, m, u):
        return {"when": when, "m": m, "u": u}

    return {
        "name": "small",
        "fields": [
            {"name": "name", "source": "name", "spelling": "name"},
            {"name": "phone", "source": "phone", "spelling": "code"},
            {"name": "birth_date", "source": "attributes.birth_date", "spelling": "date"},
        ],
        "keys": [["phone"], ["birth_date"]],
        "comparisons": [
            {
                "field": "name",
                "levels": [
                    level("equal", 0.8, 0.001), level("jaro_winkler 0.88", 0.15, 0.004), level("else", 0.05, 0.995)
                ],
            },
            {"field": "phone", "levels": [level("equal", 0.7, 1e-4), level("else", 0.2, 0.9999)]},
            {"field": "birth_date", "levels": [level("equal", 0.9, 1e-4), level("else", 0.05, 0.9979)]},
        ],
        "prior": 1e-3,
    }  # fmt: skip


@pytest.fixture
async def model(client, document):
    answer = await client.put("/v1/linkage-models", json=document)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
def link(runtime):
    """`await link(one, other)`: what the worker does when it hears of customers."""

    async def run(*customers):
        ids = {customer["customer_id"] for customer in customers}
        async with runtime.database.transaction() as session:
            await handlers.linker(runtime.vault).link(session, ids, now=clock.now())

    return run


@pytest.fixture
def queue(client):
    async def read(**params):
        answer = await client.get("/v1/match-reviews", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    return read


@pytest.fixture
def person(client):
    async def read(customer):
        return (await client.get(f"/v1/customers/{customer['customer_id']}/person")).json()

    return read


@pytest.fixture
def alike(register):
    """Two customers of whom the model is certain, though no rule joins them."""

    async def make(phone="13812347781", **other):
        one = await register(name="Wei Zhang", phone=phone, **BORN)
        return one, await register(**{"name": "Wei Zhong", "phone": phone, **BORN, **other})

    return make


@pytest.fixture
def doubtful(register):
    """Two customers of whom the model thinks so, and is not certain."""

    async def make():
        one = await register(name="Wei Zhang", phone="13812347781", **BORN)
        return one, await register(name="Wei Zhong", phone="13987651320", **BORN)

    return make


@pytest.fixture
def decide(client):
    async def post(review, answer, reason="I called them"):
        return await client.post(f"/v1/match-reviews/{review['review_id']}/{answer}", json={"reason": reason})

    return post


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


async def test_a_doubtful_pair_is_asked_about_side_by_side(model, doubtful, link, person, queue, insider):
    one, other = await doubtful()
    await link(one, other)
    assert members(await person(one)) == ids(one)
    [asked] = await queue()
    assert sorted([asked["one"]["customer_id"], asked["other"]["customer_id"]]) == ids(one, other)
    assert 0.80 <= asked["probability"] < 0.99
    assert asked["weight"] == pytest.approx(
        asked["prior"] + sum(f["weight"] for f in asked["fields"]), abs=0.01
    )
    said = {field["field"]: field for field in asked["fields"]}
    assert (said["birth_date"]["level"], said["phone"]["level"]) == ("equal", "else")
    assert "among pairs that are one person" in said["birth_date"]["explanation"]
    assert "among pairs that are two persons" in said["phone"]["explanation"]


async def test_both_sides_are_masked_unless_the_reader_may_see_them(model, doubtful, link, client_as):
    await link(*await doubtful())
    seen = []
    for scopes in (("identity:review",), ("identity:review", "customers:personal")):
        [asked] = (await client_as(*scopes).get("/v1/match-reviews")).json()["items"]
        values = {value for field in asked["fields"] for value in (field["one"], field["other"])}
        seen.append((asked["masked"], values))
    (masked, hidden), (unmasked, shown) = seen
    assert (masked, unmasked) == (True, False)
    assert {"Wei Zhang", "Wei Zhong", "+8613812347781", "1985-03-07"} <= shown
    assert not hidden & shown
    assert {"W*** Z***", "+86138****7781", "1***"} <= hidden


async def test_who_may_not_review_sees_no_queue(client_as):
    assert (await client_as("customers:read").get("/v1/match-reviews")).status_code == 403


async def test_a_yes_merges_by_hand_with_what_the_model_said(model, doubtful, link, queue, decide, person):
    one, other = await doubtful()
    await link(one, other)
    [asked] = await queue()
    answer = await decide(asked, "accept")
    assert (answer.status_code, answer.json()["state"], answer.json()["reason"]) == (
        200,
        "accepted",
        "I called them",
    )
    found = await person(one)
    assert members(found) == ids(one, other)
    [clue] = found["evidence"]
    assert (clue["method"], clue["probability"]) == ("manual", asked["probability"])
    assert await queue() == []
    again = await decide(asked, "reject")
    assert (again.status_code, again.json()["code"], again.json()["state"]) == (
        409,
        "match_review_decided",
        "accepted",
    )


async def test_a_no_keeps_them_apart_whatever_the_model_finds_later(
    model, doubtful, link, queue, decide, person, client
):
    one, other = await doubtful()
    await link(one, other)
    [asked] = await queue()
    assert (await decide(asked, "reject")).json()["state"] == "rejected"
    change = {"phone": "13812347781"}
    revised = await client.patch(f"/v1/customers/{other['customer_id']}", json=change)
    assert revised.status_code == 200
    await link(one, other)
    found = await person(one)
    assert (members(found), [clue["state"] for clue in found["evidence"]]) == (ids(one), ["apart"])
    assert await queue() == []
    assert [row["review_id"] for row in await queue(state="rejected")] == [asked["review_id"]]


async def test_of_two_answers_at_once_one_counts(model, doubtful, link, queue, decide):
    await link(*await doubtful())
    [asked] = await queue()
    answers = await asyncio.gather(decide(asked, "accept"), decide(asked, "reject"))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_a_question_is_asked_once_and_by_the_newest_weights(model, doubtful, link, queue, client):
    one, other = await doubtful()
    await link(one, other)
    [first] = await queue()
    await client.patch(f"/v1/customers/{one['customer_id']}", json={"name": "Wei Zhing"})
    await link(other)
    await link(one)
    [second] = await queue()
    assert second["review_id"] == first["review_id"]


async def test_a_question_that_a_merge_answers_is_settled(
    model, doubtful, link, queue, client, worker_running, eventually
):
    one, other = await doubtful()
    await link(one, other)
    body = {"customer_id": other["customer_id"], "reason": "the same man"}
    assert (await client.post(f"/v1/customers/{one['customer_id']}/merges", json=body)).status_code == 201
    async with worker_running():
        [settled] = await eventually(lambda: queue(state="settled"))
    assert settled["decided_by"] is None
    assert await queue() == []


async def test_questions_are_given_to_somebody_and_back(model, doubtful, link, queue, client):
    await link(*await doubtful())
    [asked] = await queue()
    place = f"/v1/match-reviews/{asked['review_id']}/assignee"
    assert (await client.put(place, json={"assignee": "li.na"})).json()["assignee"] == "li.na"
    assert len(await queue(assignee="li.na")) == 1
    assert await queue(assignee="somebody") == []
    assert (await client.put(place, json={"assignee": None})).json()["assignee"] is None
    assert (await client.put(place, json={"assignee": ""})).status_code == 422


async def test_a_question_that_there_is_not_is_not_found(client, decide):
    nothing = {"review_id": "0190a0a0-0000-7000-8000-000000000000"}
    assert (await decide(nothing, "accept")).json()["code"] == "match_review_not_found"
    assert (await client.get(f"/v1/match-reviews/{nothing['review_id']}")).status_code == 404
    assert (await client.get("/v1/match-reviews", params={"state": "lost"})).status_code == 422


async def test_what_people_said_is_the_precision_of_the_model(model, register, link, queue, decide, client):
    empty = (await client.get("/v1/match-reviews/statistics")).json()
    assert (empty["open"], empty["precision"], empty["bands"]) == (0, None, [])
    for number in range(3):
        born = {"attributes": {"birth_date": f"1985-03-0{number + 1}"}}
        one = await register(name="Wei Zhang", phone=f"1381234770{number}", **born)
        await link(one, await register(name="Wei Zhong", phone=f"1398765130{number}", **born))
    asked = await queue()
    await decide(asked[0], "accept")
    await decide(asked[1], "reject")
    found = (await client.get("/v1/match-reviews/statistics")).json()
    assert (found["open"], found["unassigned"], found["precision"]) == (1, 1, 0.5)
    assert [(band["accepted"], band["rejected"]) for band in found["bands"]] == [(1, 1)]
    assert found["bands"][0]["least"] <= asked[0]["probability"] < found["bands"][0]["least"] + 0.05
    params = {"model_version": model["version"] + 1}
    other = (await client.get("/v1/match-reviews/statistics", params=params)).json()
    assert other["precision"] is None


async def test_a_firm_is_no_man_of_its_name(model, alike, link, person, queue):
    one, other = await alike(kind="enterprise")
    await link(one, other)
    assert (members(await person(one)), await queue()) == (ids(one), [])


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


async def test_a_new_model_is_applied_to_everybody(alike, document, client, runtime, person, queue):
    one, other = await alike()
    published = (await client.put("/v1/linkage-models", json=document)).json()
    assert published["applied_at"] is None
    while await handlers.apply(runtime):
        pass
    assert members(await person(one)) == ids(one, other)
    shown = (await client.get(f"/v1/linkage-models/{published['version']}")).json()
    assert shown["applied_at"] is not None
    assert await handlers.apply(runtime) is False


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


async def test_models_are_listed_from_the_active_one(model, document, client):
    await client.put("/v1/linkage-models", json=document | {"name": "second"})
    listed = (await client.get("/v1/linkage-models")).json()["items"]
    assert [row["name"] for row in listed] == ["second", "small"]
    shown = (await client.get(f"/v1/linkage-models/{model['version']}")).json()
    assert {**document, "frequencies": {}, "training": None} == shown["document"]
    missing = await client.get("/v1/linkage-models/999999")
    assert missing.json()["code"] == "linkage_model_not_found"


async def test_a_model_that_contradicts_itself_is_refused(document, client):
    document["keys"] = [["email"]]
    answer = await client.put("/v1/linkage-models", json=document)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_linkage_model")
    for wrong in (
        {"prior": 1.5},
        {"fields": []},
        {"frequencies": {"name": {"floor": 0.1, "terms": {"张伟": 0.2}}}},
    ):
        assert (await client.put("/v1/linkage-models", json=document | wrong)).status_code == 422
    assert (await client.get("/v1/linkage-models")).json()["items"] == []


async def test_a_preview_says_what_would_change_and_changes_nothing(
    model, alike, doubtful, document, client, queue, link
):
    await alike(phone="13700450021", attributes={"birth_date": "1990-01-01"})
    await doubtful()
    strict = document | {"prior": 1e-7}
    answer = await client.post("/v1/linkage-models/preview", json={"document": strict, "customers": 50})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["compared"] == 4
    assert (
        found["active"]["review"] + found["active"]["merge"]
        > found["proposed"]["review"] + found["proposed"]["merge"]
    )
    assert found["changed"][0]["before"] > (found["changed"][0]["after"] or 0)
    assert await queue() == []
    same = {"document": document, "customers": 50}
    assert (await client.post("/v1/linkage-models/preview", json=same)).json()["changed"] == []


async def test_a_model_is_learnt_from_customers_and_can_be_published(register, runtime, client, capsys):
    names = ["Wei Zhang", "Na Li", "Feng Ouyang", "Jing Wang", "Min Liu", "Tao Sun", "Yan Zhao", "Lei Hu"]
    for number in range(60):
        name, born = (
            names[number % 8],
            {"attributes": {"birth_date": f"19{50 + number % 40}-03-0{number % 9 + 1}"}},
        )
        phone, region = f"138{number:04d}5678", f"region {number % 5}"
        await register(name=name, phone=phone, region=region, **born)
        if number % 2:
            await register(name=name if number % 3 else name[:-1], phone=phone, region=region, **born)
    given = service._parser().parse_args(["train-linkage", "--name", "learnt"])
    assert await TRAIN.run(runtime, given) == 0
    document = json.loads(capsys.readouterr().out)
    assert not [name for name in names if name.split()[1].lower() in json.dumps(document["frequencies"])]
    published = await client.put("/v1/linkage-models", json=document)
    assert (published.status_code, published.json()["name"]) == (201, "learnt")


async def test_nothing_is_learnt_from_nobody(runtime, capsys):
    given = service._parser().parse_args(["train-linkage"])
    assert await TRAIN.run(runtime, given) == 1
    assert "nothing was learnt" in capsys.readouterr().err


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
