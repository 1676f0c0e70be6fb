import asyncio
import time

from careloop_ticketing import defaults


async def test_a_new_policy_is_a_new_version_and_tickets_keep_theirs(
    client, open_ticket, publish_policy, act
):
    before = await open_ticket()
    version = await publish_policy(resolution=120)
    after = await open_ticket()
    assert (before["policy_version"], after["policy_version"]) == (1, version)
    assert _resolution(after)["target_seconds"] == 120
    raised = await act(before, "classify", tier="advanced")
    assert _resolution(raised)["target_seconds"] == 259200
    listed = (await client.get("/v1/sla-policies")).json()["items"]
    assert [item["version"] for item in listed] == [version, 1]
    shown = (await client.get(f"/v1/sla-policies/{version}")).json()
    assert shown["document"]["clocks"]["resolution"]["targets"] == [{"when": None, "seconds": 120}]


def _resolution(ticket):
    return next(clock for clock in ticket["clocks"] if clock["name"] == "resolution")


async def test_a_policy_whose_parts_do_not_fit_is_refused(client):
    document = defaults.sla_policy()
    document["clocks"]["resolution"]["ladders"] = [{"ladder": "nowhere"}]
    answer = await client.put("/v1/sla-policies", json=document)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_sla_policy")
    assert answer.json()["errors"][0]["pointer"] == "/clocks/resolution/ladders/0/ladder"
    assert len((await client.get("/v1/sla-policies")).json()["items"]) == 1


async def test_a_new_rule_set_decides_from_now_on(client, open_ticket):
    rule = {"id": "lost_parcel", "phrases": ["包裹*丢"], "cause": "business_handling", "tier": "advanced"}
    answer = await client.put("/v1/rule-sets", json={"name": "Parcels", "rules": [rule]})
    assert (answer.status_code, answer.json()["version"]) == (201, 2)
    ticket = await open_ticket(subject="包裹被你们弄丢了")
    assert (ticket["tier"], ticket["rule_set"], ticket["rules"]) == ("advanced", 2, ["lost_parcel"])


async def test_a_rule_set_with_an_empty_phrase_is_refused(client):
    answer = await client.put("/v1/rule-sets", json={"name": "x", "rules": [{"id": "a", "phrases": ["*"]}]})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_rule_set")


async def test_the_correction_of_a_person_is_kept(open_ticket, act, session):
    from careloop_ticketing.classification.models import CorrectionRow
    from sqlalchemy import select

    ticket = await open_ticket(subject="套餐太贵了")
    await act(ticket, "classify", cause="information_asymmetry")
    (kept,) = (await session.scalars(select(CorrectionRow))).all()
    assert (kept.suggested_cause, kept.cause) == ("price", "information_asymmetry")
    assert (kept.rule_set, kept.corrected_by) == (1, "test-user")
    assert kept.rules == ["pricing", "about_plan", "displeased"]
    assert (kept.suggested_product, kept.product, kept.emotion) == ("plan", "plan", "dissatisfied")


async def test_only_who_may_write_policies_does(client_as):
    client = client_as("tickets:write", "tickets:supervise", "tickets:read")
    assert (await client.put("/v1/sla-policies", json=defaults.sla_policy())).status_code == 403
    assert (await client.put("/v1/rule-sets", json=defaults.rule_set())).status_code == 403
    assert (await client.get("/v1/rule-sets/1")).status_code == 200


async def test_unknown_versions_are_not_found(client):
    codes = [(await client.get(f"/v1/{what}/9")).json()["code"] for what in ("sla-policies", "rule-sets")]
    assert codes == ["sla_policy_not_found", "rule_set_not_found"]


async def test_a_rule_of_a_rule_set_that_asks_for_nothing_is_refused(client):
    rules = [{"id": "a", "phrases": ["x"], "emotion": "calm"}, {"id": "b", "phrases": ["y"], "weight": 3}]
    document = {"name": "x", "rules": rules}
    answer = await client.put("/v1/rule-sets", json=document)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_rule_set")
    assert answer.json()["errors"][0]["pointer"] == "/rules/1"
    answer = await client.post("/v1/rule-sets/preview", json={"rule_set": document})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/rule_set/rules/1")
    assert len((await client.get("/v1/rule-sets")).json()["items"]) == 1


async def test_the_shipped_policy_has_the_clocks_that_service_promises(open_ticket):
    def targets(ticket):
        return {clock["name"]: clock["target_seconds"] for clock in ticket["clocks"]}

    day = 86_400
    assert targets(await open_ticket(channel="wechat")) == {
        "online_pick_up": 30,
        "first_response": 1800,
        "resolution": day,
        "closed_loop": 3 * day,
        "regulator": 15 * day,
    }
    assert targets(await open_ticket(kind="inquiry")) == {
        "first_response": 1800,
        "resolution": day,
        "closed_loop": 3 * day,
    }


async def test_a_ticket_that_other_departments_work_on_counts_their_working_time(open_ticket, act):
    ticket = await open_ticket()
    await act(ticket, "classify", tier="intermediate")
    given = await act(ticket, "assign", assignee_id="li.na")
    (desk,) = [clock for clock in given["clocks"] if clock["name"] == "cross_department"]
    assert (desk["state"], desk["calendar"], desk["target_seconds"]) == ("running", "cn-business", 54_000)
    answered = await act(ticket, "respond")
    assert "next_update" in {clock["name"] for clock in answered["clocks"] if clock["state"] == "running"}


async def test_others_are_answered_while_a_policy_of_many_conditions_is_judged(client):
    names = ", ".join(f'"r{number}"' for number in range(30))
    last = (
        f'channel in [{names}, "zzzzzzzz"] && region == "zzzzzzzz" && channel == "zzzzzzzz" && reopened == '
    )
    document = defaults.sla_policy()
    *_, otherwise = document["clocks"]["first_response"]["targets"]
    targets = [{"when": f"{last}{number}", "seconds": 60} for number in range(19)]
    document["clocks"]["first_response"] |= {
        "targets": [*targets, otherwise],
        "ladders": [{"ladder": "pick_up"}],
    }
    put = asyncio.create_task(client.put("/v1/sla-policies", json=document))
    waited = []
    while not put.done():
        started = time.monotonic()
        await client.get("/v1/calendars/always")
        waited.append(time.monotonic() - started)
    assert put.result().status_code == 201, put.result().text
    assert max(waited) < sum(waited) / 2
