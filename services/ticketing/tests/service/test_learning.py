"""What people teach: their corrections with the texts, how often a rule set was wrong, what another one would change."""

from careloop_ticketing import defaults

CORRECTIONS = "/v1/classification-corrections"


async def corrections(client, **params):
    answer = await client.get(CORRECTIONS, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def agreement(client, version=1):
    answer = await client.get(f"/v1/rule-sets/{version}/agreement")
    assert answer.status_code == 200, answer.text
    return {
        name: (ratio["numerator"], ratio["denominator"], ratio["excluded"])
        for name, ratio in answer.json()["corrected"].items()
    }


async def test_a_correction_comes_with_what_people_had_read(client, open_ticket, act):
    ticket = await open_ticket(
        subject="宽带断网",
        description="请打 13800138000 或者写信 zhang.wei@example.com，身份证 110101199003071234",
    )
    await act(ticket, "messages", text="还没好，我的电话 13900139000")
    await act(ticket, "respond", note="我们的话")
    await act(ticket, "classify", product="iptv", emotion="angry")
    await act(ticket, "messages", text="之后的话")
    (found,) = (await corrections(client))["items"]
    assert found["ticket_id"] == ticket["id"]
    assert found["subject"] == "宽带断网"
    assert found["description"] == "请打 [phone] 或者写信 [email]，身份证 [id-number]"
    assert found["messages"] == ["还没好，我的电话 [phone]"]
    suggested, corrected = found["suggested"], found["corrected"]
    assert (suggested["product"], corrected["product"]) == ("broadband", "iptv")
    assert (suggested["emotion"], corrected["emotion"]) == ("calm", "angry")
    assert suggested["cause"] == corrected["cause"] == "technical_support"
    assert (found["rule_set"], found["corrected_by"]) == (1, "test-user")
    assert found["rules"] == ticket["rules"]


async def test_names_and_addresses_are_masked_as_far_as_they_are_known(client, act):
    party = {"id": "K1", "role": "customer", "name": "韩梅梅", "@referredType": "Customer"}
    body = {"severity": "minor", "ticketType": "complaint", "relatedParty": [party]}
    body["description"] = "我叫韩梅梅，住海淀区中关村大街27号3号楼501室，张师傅没来"
    made = await client.post("/tmf-api/troubleTicket/v4/troubleTicket", json={"name": "韩梅梅的投诉", **body})
    ticket = (await client.get(f"/v1/tickets/{made.json()['id']}")).json()
    await act(ticket, "classify", product="iptv")
    (found,) = (await corrections(client))["items"]
    assert found["subject"] == "[name]的投诉"
    assert found["description"] == "我叫[name]，住[address]，[name]师傅没来"


async def test_corrections_come_oldest_first_page_by_page(client, open_ticket, act):
    ticket = await open_ticket()
    for emotion in ("worried", "angry", "calm"):
        await act(ticket, "classify", emotion=emotion)
    first = await corrections(client, limit=2)
    rest = await corrections(client, limit=2, cursor=first["next_cursor"])
    shown = [one["corrected"]["emotion"] for one in first["items"] + rest["items"]]
    assert (shown, rest["next_cursor"]) == (["worried", "angry", "calm"], None)
    assert [one["rule_set"] for one in first["items"]] == [1, None]
    since = rest["items"][0]["corrected_at"]
    assert [one["corrected_at"] for one in (await corrections(client, since=since))["items"]] == [since]


async def test_texts_in_bulk_are_for_supervisors(client, client_as, open_ticket):
    answer = await client_as("tickets:read").get(CORRECTIONS)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert (await client_as("tickets:supervise").get(CORRECTIONS)).status_code == 200
    for params in ({"cursor": "x"}, {"since": "yesterday"}):
        assert (await client.get(CORRECTIONS, params=params)).status_code == 422


async def test_agreement_counts_what_people_changed_of_what_they_came_to(client, open_ticket, act):
    await open_ticket()
    await act(await open_ticket(subject="宽带断网"), "resolve")
    await act(await open_ticket(subject="宽带断网"), "reject", reason="spam")
    await act(await open_ticket(subject="宽带断网"), "classify", product="iptv")
    regretted = await open_ticket(subject="宽带断网")
    await act(regretted, "classify", product="iptv", tier="advanced")
    await act(regretted, "classify", product="broadband")
    assert await agreement(client) == {
        "cause": (0, 3, 2),
        "tier": (1, 3, 2),
        "severity": (0, 3, 2),
        "product": (1, 3, 2),
        "emotion": (0, 3, 2),
    }


async def test_a_rule_set_is_not_asked_about_what_it_does_not_suggest(client, open_ticket, act):
    rule = {"id": "down", "phrases": ["断网"], "cause": "technical_support"}
    version = (await client.put("/v1/rule-sets", json={"name": "Old", "rules": [rule]})).json()["version"]
    await act(await open_ticket(subject="断网"), "classify", cause="price", emotion="angry")
    assert await agreement(client, version) == {"cause": (1, 1, 0), "tier": (0, 1, 0), "severity": (0, 1, 0)}
    assert set((await agreement(client, 1)).values()) == {(0, 0, 0)}


async def test_there_is_no_agreement_with_a_rule_set_that_does_not_exist(client):
    answer = await client.get("/v1/rule-sets/99/agreement")
    assert (answer.status_code, answer.json()["code"]) == (404, "rule_set_not_found")


async def test_a_preview_says_what_would_change_and_stores_nothing(client, open_ticket, act):
    wrong = await open_ticket(subject="电视没有画面")
    await act(wrong, "classify", product="device")
    await open_ticket(subject="宽带断网")
    document = defaults.rule_set()
    document["rules"].append({"id": "about_sets", "phrases": ["没有画面"], "product": "device", "weight": 9})
    answer = await client.post("/v1/rule-sets/preview", json={"rule_set": document})
    assert answer.status_code == 200, answer.text
    effect = answer.json()
    assert (effect["examined"], effect["corrected"]) == (2, 1)
    assert effect["changed"] == {"cause": 0, "tier": 0, "severity": 0, "product": 1, "emotion": 0}
    assert effect["as_people_said"]["product"] == {"before": 0, "after": 1}
    (example,) = effect["examples"]
    assert (example["ticket_id"], example["before"]["product"]) == (wrong["id"], "iptv")
    assert (example["after"]["product"], example["rules"][-1]) == ("device", "about_sets")
    assert len((await client.get("/v1/rule-sets")).json()["items"]) == 1
    newest = (await client.post("/v1/rule-sets/preview", json={"rule_set": document, "tickets": 1})).json()
    assert (newest["examined"], newest["examples"]) == (1, [])


async def test_a_preview_of_nonsense_is_refused_at_its_place(client, client_as):
    document = defaults.rule_set()
    document["rules"][0]["product"] = "submarine"
    answer = await client.post("/v1/rule-sets/preview", json={"rule_set": document})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_rule_set")
    assert answer.json()["errors"][0]["pointer"] == "/rule_set/rules/0/product"
    assert (await client.post("/v1/rule-sets/preview", json={})).status_code == 422
    refused = await client_as("tickets:read").post(
        "/v1/rule-sets/preview", json={"rule_set": defaults.rule_set()}
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
