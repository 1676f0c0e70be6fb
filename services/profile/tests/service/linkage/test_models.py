"""Models in versions: learnt, looked at, published, applied."""

import json

from careloop_common import clock
from careloop_profile.linkage import handlers
from careloop_profile.linkage.command import TRAIN
from careloop_profile.service import service


def ids(*customers):
    return sorted(customer["customer_id"] for customer in customers)


def members(person):
    return sorted(one["customer_id"] for one in person["customers"])


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


async def test_a_new_model_is_applied_stretch_by_stretch(alike, document, client, runtime, person):
    one, other = await alike()
    await client.put("/v1/linkage-models", json=document)
    more = []
    for _ in range(4):
        async with runtime.database.transaction() as session:
            more.append(await handlers.linker(runtime.vault).apply(session, now=clock.now(), limit=1))
    assert more == [True, True, False, False]
    assert members(await person(one)) == ids(one, other)
