"""Who decides in a firm, from the outside: the map, the paths to the decider, and what merges make of both."""

import pytest
from careloop_profile.parties.schemas import DecisionMapView

UNKNOWN = "0199aaaa-0000-7000-8000-000000000000"


@pytest.fixture
async def firm(client, register):
    """A firm with a chief, an engineer and a buyer below, a blocker beside them, and whom we know of all these."""
    found = {"firm": await register(name="大华科技", kind="enterprise")}
    for who, name in (("chief", "王总"), ("engineer", "李工"), ("buyer", "赵买"), ("blocker", "孙某")):
        found[who] = await register(name=name)
    ids = {who: one["customer_id"] for who, one in found.items()}

    async def say(kind, one, other, **facts):
        body = {"kind": kind, "from_id": ids[one], "to_id": ids[other], "valid_from": "2024-01-01", **facts}
        answer = await client.post("/v1/relations", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    within = {"organization_id": ids["firm"]}
    for who, title in (("chief", "CEO"), ("engineer", "CTO"), ("buyer", "采购"), ("blocker", "CFO")):
        await say("works_for", who, "firm", title=title)
    await say("reports_to", "engineer", "chief", **within)
    await say("reports_to", "buyer", "engineer", **within)
    await say("contact", "chief", "firm", role="decider", rapport=1)
    await say("contact", "buyer", "firm", role="buyer", rapport=5, stance="supports")
    await say("contact", "engineer", "firm", role="influencer", rapport=0, preference="5G 专网")
    await say("contact", "blocker", "firm", role="blocker", stance="opposes")
    await say("influences", "engineer", "chief", influence=5, stance="supports", **within)
    await say("influences", "blocker", "chief", influence=-3, **within)
    return ids, say


@pytest.fixture
def ask(client):
    async def get(path, **params):
        answer = await client.get(f"/v1/organizations/{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return get


async def test_the_map_shows_who_decides_who_blocks_and_what_they_prefer(firm, ask):
    ids, _ = firm
    found = await ask(f"{ids['firm']}/decision-map")
    assert (found["people"], found["deciders"], found["blockers"]) == (4, [ids["chief"]], [ids["blocker"]])
    members = {one["person_id"]: one for one in found["members"]}
    chief, engineer = members[ids["chief"]], members[ids["engineer"]]
    assert (chief["level"], chief["reports"], chief["titles"]) == (0, 1, ["CEO"])
    assert (engineer["level"], engineer["superior_id"]) == (1, ids["chief"])
    assert engineer["preferences"] == ["5G 专网"]
    assert (members[ids["blocker"]]["level"], members[ids["blocker"]]["stance"]) == (None, "opposes")
    assert (members[ids["buyer"]]["rapport"], members[ids["buyer"]]["name"]) == (5, "赵*")
    assert {(one["from_id"], one["influence"]) for one in found["influences"]} == {
        (ids["engineer"], 5),
        (ids["blocker"], -3),
    }


async def test_the_map_is_written_as_it_is_documented(firm, ask):
    ids, _ = firm
    found = await ask(f"{ids['firm']}/decision-map")
    assert DecisionMapView.model_validate(found).model_dump(mode="json") == found


async def test_names_are_open_to_those_who_may_see_them(firm, insider):
    ids, _ = firm
    found = (await insider.get(f"/v1/organizations/{ids['firm']}/decision-map")).json()
    assert {one["name"] for one in found["members"]} == {"王总", "李工", "赵买", "孙某"}
    assert found["masked"] is False


async def test_the_strongest_way_to_the_decider_is_told_step_by_step(firm, ask):
    ids, _ = firm
    found = await ask(f"{ids['firm']}/influence-path")
    path = found["path"]
    assert [one["person_id"] for one in path["people"]] == [ids["buyer"], ids["engineer"], ids["chief"]]
    assert path["strength"] == pytest.approx(0.4 * 0.9)
    assert path["explanation"] == (
        "we know the first 5 of 5, then reports to (0.40), then influence +5 (0.90)"
    )
    direct = await ask(f"{ids['firm']}/influence-path", steps=1)
    assert [one["person_id"] for one in direct["path"]["people"]] == [ids["chief"]], (
        "we know the chief a little"
    )
    named = await ask(f"{ids['firm']}/influence-path", from_id=ids["engineer"], to_id=ids["buyer"])
    assert [step["why"] for step in named["path"]["steps"]] == ["superior of"]
    nobody = await ask(f"{ids['firm']}/influence-path", from_id=ids["buyer"], to_id=ids["blocker"])
    assert nobody["path"] is None


async def test_the_map_is_as_it_was_on_a_day(firm, ask, client):
    ids, _ = firm
    assert (await ask(f"{ids['firm']}/decision-map", on="2023-12-31"))["people"] == 0
    relations = (await client.get(f"/v1/customers/{ids['chief']}/relations")).json()["relations"]
    role = next(one for one in relations if one["kind"] == "contact")
    path = f"/v1/relations/{role['relation_id']}/end"
    await client.post(path, json={"on": "2025-01-01", "reason": "retired"})
    assert (await ask(f"{ids['firm']}/decision-map", on="2024-12-31"))["deciders"] == [ids["chief"]]
    assert (await ask(f"{ids['firm']}/decision-map"))["deciders"] == []
    nobody = await client.get(f"/v1/organizations/{ids['firm']}/influence-path")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "not_in_organization")


async def test_two_customers_of_one_person_are_one_in_the_map(firm, ask, register, client):
    ids, say = firm
    double = await register(name="赵买", source="bss", external_id="7")
    ids["double"] = double["customer_id"]
    await say("works_for", "double", "firm", title="Buyer")
    assert (await ask(f"{ids['firm']}/decision-map"))["people"] == 5
    body = {"customer_id": ids["double"], "reason": "same woman"}
    await client.post(f"/v1/customers/{ids['buyer']}/merges", json=body)
    found = await ask(f"{ids['firm']}/decision-map")
    assert found["people"] == 4
    [buyer] = [one for one in found["members"] if one["person_id"] == ids["buyer"]]
    assert buyer["titles"] == ["Buyer", "采购"]
    named = await ask(f"{ids['firm']}/influence-path", from_id=ids["double"])
    assert named["path"]["people"][0]["person_id"] == ids["buyer"]


async def test_lower_levels_are_shown_only_where_somebody_has_a_say(firm, ask, register):
    ids, say = firm
    ids["clerk"] = (await register(name="周文"))["customer_id"]
    await say("works_for", "clerk", "firm")
    await say("reports_to", "clerk", "buyer", organization_id=ids["firm"])
    found = await ask(f"{ids['firm']}/decision-map", depth=1)
    shown = {one["person_id"] for one in found["members"]}
    assert ids["clerk"] not in shown
    assert ids["buyer"] in shown, "a buyer has a say on whatever level"
    assert found["people"] == 5
    deeper = await ask(f"{ids['firm']}/decision-map", depth=4)
    assert ids["clerk"] in {one["person_id"] for one in deeper["members"]}


async def test_an_organisation_in_short(firm, ask, register, client):
    ids, say = firm
    ids["daughter"] = (await register(name="大华软件", kind="enterprise"))["customer_id"]
    ids["owner"] = (await register(name="王总的父亲"))["customer_id"]
    await say("owns", "firm", "daughter")
    await say("owns", "owner", "firm")
    await client.post("/v1/accounts", json={"payer_id": ids["firm"]})
    found = await ask(ids["firm"])
    assert [one["person_id"] for one in found["owned"]] == [ids["daughter"]]
    assert [one["person_id"] for one in found["owners"]] == [ids["owner"]]
    assert found["contacts"][0]["person_id"] == ids["chief"], "the highest comes first"
    assert (len(found["accounts"]), found["people"]) == (1, 4)
    body = {"kind": "owns", "from_id": ids["daughter"], "to_id": ids["firm"], "valid_from": "2024-06-01"}
    assert (await client.post("/v1/relations", json=body)).json()["code"] == "line_in_circle"


async def test_nonsense_about_organisations_is_refused(firm, client):
    ids, _ = firm
    for path in ("", "/decision-map", "/influence-path"):
        unknown = await client.get(f"/v1/organizations/{UNKNOWN}{path}")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "customer_not_found")
        person = await client.get(f"/v1/organizations/{ids['chief']}{path}")
        assert (person.status_code, person.json()["code"]) == (409, "other_kind_of_customer")
    stranger = {"from_id": ids["firm"]}
    answer = await client.get(f"/v1/organizations/{ids['firm']}/influence-path", params=stranger)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_in_organization")
    for strange in ({"depth": 0}, {"depth": 21}, {"on": "soon"}, {"level": 3}):
        answer = await client.get(f"/v1/organizations/{ids['firm']}/decision-map", params=strange)
        assert answer.status_code == 422
