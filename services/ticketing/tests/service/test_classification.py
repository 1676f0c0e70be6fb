"""Product and emotion of tickets: suggested at the intake, raised by messages, corrected by people, seen by rules."""

import asyncio
import importlib
from datetime import timedelta

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from careloop_common import clock
from careloop_contracts import TicketClassifiedV1
from careloop_ticketing import defaults
from sqlalchemy import text

FURIOUS = "宽带断网第三次了，再不解决我就去工信部投诉"
V4, V5 = "/tmf-api/troubleTicket/v4/troubleTicket", "/tmf-api/troubleTicket/v5/troubleTicket"


@pytest.fixture
def entries(client):
    """`await entries(ticket, "classified")`: what its history says of this fact, in order."""

    async def read(ticket, fact):
        items = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()["items"]
        return [entry for entry in items if entry["fact"] == fact]

    return read


@pytest.fixture
def publish_for_the_angry(client):
    """The shipped policy, but whoever is angry is answered within a minute."""

    def document():
        policy = defaults.sla_policy() | {"name": "Angry first"}
        targets = policy["clocks"]["first_response"]["targets"]
        angry = {"when": 'emotion in ["angry", "extreme"] && product == "broadband"', "seconds": 60}
        policy["clocks"]["first_response"]["targets"] = [angry, *targets]
        return policy

    async def publish():
        answer = await client.put("/v1/sla-policies", json=document())
        assert answer.status_code == 201, answer.text

    publish.document = document
    return publish


def first_response(ticket):
    return next(clock for clock in ticket["clocks"] if clock["name"] == "first_response")


async def test_a_ticket_says_what_it_is_about_and_in_what_state_the_customer_is(
    open_ticket, entries, published, worker_running, eventually
):
    ticket = await open_ticket(subject=FURIOUS)
    assert (ticket["product"], ticket["emotion"], ticket["classified_by"]) == ("broadband", "angry", "rules")
    (entry,) = await entries(ticket, "classified")
    assert (entry["after"]["product"], entry["after"]["emotion"]) == ("broadband", "angry")
    assert entry["after"]["because"]["product"] == ["about_broadband", "about_speed"]
    assert entry["after"]["because"]["emotion"] == ["goes_public"]
    async with worker_running():
        (event,) = await eventually(lambda: published(TicketClassifiedV1))
    assert (event.product, event.emotion) == ("broadband", "angry")


async def test_where_it_is_unclear_there_is_no_product(open_ticket):
    ticket = await open_ticket(subject="你好")
    assert (ticket["product"], ticket["emotion"]) == (None, "calm")


async def test_people_correct_product_and_emotion(open_ticket, act, entries):
    ticket = await open_ticket(subject=FURIOUS)
    corrected = await act(ticket, "classify", product="iptv", emotion="worried")
    assert (corrected["product"], corrected["emotion"]) == ("iptv", "worried")
    assert (corrected["cause"], corrected["classified_by"]) == (ticket["cause"], "test-user")
    emptied = await act(ticket, "classify", product=None)
    assert (emptied["product"], emptied["emotion"]) == (None, "worried")
    _, first, second = await entries(ticket, "classified")
    assert (first["before"]["product"], first["after"]["product"]) == ("broadband", "iptv")
    assert (second["before"]["product"], second["after"]["product"]) == ("iptv", None)


async def test_a_product_that_the_active_rule_set_does_not_have_is_refused(client, open_ticket, facts):
    ticket = await open_ticket(subject=FURIOUS)
    answer = await client.post(f"/v1/tickets/{ticket['id']}/classify", json={"product": "submarine"})
    assert (answer.status_code, answer.json()["code"]) == (422, "product_unknown")
    assert answer.json()["errors"][0]["pointer"] == "/product"
    assert "broadband" in answer.json()["products"]
    assert await facts(ticket) == ["opened", "classified"]


@pytest.mark.parametrize(
    "body", [{}, {"emotion": None}, {"emotion": "happy"}, {"product": ""}, {"product": "A b"}, {"product": 7}]
)
async def test_a_correction_that_says_nothing_or_nonsense_is_refused(client, open_ticket, body):
    ticket = await open_ticket()
    answer = await client.post(f"/v1/tickets/{ticket['id']}/classify", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_a_rule_set_without_products_still_classifies(client, open_ticket):
    rule = {"id": "down", "phrases": ["断网"], "cause": "technical_support"}
    assert (await client.put("/v1/rule-sets", json={"name": "Old", "rules": [rule]})).status_code == 201
    ticket = await open_ticket(subject=FURIOUS)
    assert (ticket["rules"], ticket["product"], ticket["emotion"]) == (["down"], None, "calm")
    answer = await client.post(f"/v1/tickets/{ticket['id']}/classify", json={"product": "broadband"})
    assert (answer.status_code, answer.json()["products"]) == (422, [])


async def test_a_rule_about_an_unlisted_product_is_refused(client):
    rule = {"id": "a", "phrases": ["x"], "product": "submarine"}
    answer = await client.put("/v1/rule-sets", json={"name": "x", "rules": [rule]})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_rule_set")
    assert answer.json()["errors"][0]["pointer"] == "/rules/0/product"


async def test_tickets_are_found_by_product_and_emotion(client, open_ticket):
    await open_ticket(subject=FURIOUS)
    await open_ticket(subject="这个月话费不对")
    for params, count in (
        ({"product": "broadband"}, 1),
        ({"product": "submarine"}, 0),
        ({"emotion": "calm"}, 1),
        ({"emotion": "angry", "product": "billing"}, 0),
        ({"rule": 'emotion in ["angry", "extreme"] && product == "broadband"'}, 1),
        ({"rule": 'product != "broadband"'}, 1),
    ):
        found = (await client.get("/v1/tickets", params=params)).json()["items"]
        assert len(found) == count, params
    for params in ({"emotion": "happy"}, {"product": "no such"}, {"rule": 'emotion == "happy"'}):
        assert (await client.get("/v1/tickets", params=params)).status_code == 422, params


async def test_policies_see_product_and_emotion(client, open_ticket, publish_for_the_angry):
    before = await open_ticket(subject=FURIOUS)
    await open_ticket(subject="宽带怎么缴费")
    proposed = {"policy": publish_for_the_angry.document()}
    effect = (await client.post("/v1/sla-recalculations/preview", json=proposed)).json()
    assert [moved["ticket_id"] for moved in effect["examples"]] == [before["id"]]
    await publish_for_the_angry()
    assert first_response(await open_ticket(subject=FURIOUS))["target_seconds"] == 60
    assert first_response(await open_ticket(subject="宽带怎么缴费"))["target_seconds"] == 1800


async def test_an_angry_message_raises_the_emotion_and_the_clocks_follow(
    open_ticket, act, facts, entries, publish_for_the_angry, published, worker_running, eventually
):
    await publish_for_the_angry()
    ticket = await open_ticket(subject="宽带怎么缴费")
    heard = await act(ticket, "messages", text="没人理我，你们就是骗子")
    assert (ticket["emotion"], heard["emotion"]) == ("calm", "angry")
    assert first_response(heard)["target_seconds"] == 60
    (rose,) = await entries(ticket, "emotion_rose")
    assert (rose["before"]["emotion"], rose["after"]["emotion"]) == ("calm", "angry")
    assert rose["after"]["rules"] == ["furious"]
    assert rose["after"]["first_response"]["target_seconds"] == 60
    assert "骗子" not in str(rose)

    async def told():
        events = await published(TicketClassifiedV1)
        return events if len(events) == 2 else None

    async with worker_running():
        events = await eventually(told)
    assert [(event.emotion, event.by) for event in events] == [("calm", "rules"), ("angry", "rules")]


async def test_emotion_never_falls_by_itself(open_ticket, act, facts):
    ticket = await open_ticket(subject=FURIOUS)
    heard = await act(ticket, "messages", text="好的，谢谢")
    assert heard["emotion"] == "angry"
    assert await facts(ticket) == ["opened", "classified", "customer_wrote"]


async def test_an_angry_no_to_how_it_went_opens_the_ticket_again(open_ticket, act, facts):
    ticket = await open_ticket()
    await act(ticket, "resolve")
    heard = await act(ticket, "messages", text="根本没解决，你们太过分了")
    assert (heard["status"], heard["emotion"], heard["reopened_count"]) == ("handling", "angry", 1)
    assert (await facts(ticket))[-3:] == ["customer_wrote", "emotion_rose", "reopened"]


async def test_who_is_not_heard_any_more_changes_nothing(client, open_ticket, act, facts):
    ticket = await open_ticket()
    await act(ticket, "cancel", reason="withdrawn")
    answer = await client.post(f"/v1/tickets/{ticket['id']}/messages", json={"text": "骗子"})
    assert (answer.status_code, answer.json()["code"]) == (409, "transition_impossible")
    shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    assert (shown["emotion"], (await facts(ticket))[-1]) == (ticket["emotion"], "cancelled")


async def test_of_two_corrections_at_once_the_one_that_saw_the_ticket_wins(client, open_ticket):
    ticket = await open_ticket(subject=FURIOUS)
    path, seen = f"/v1/tickets/{ticket['id']}/classify", {"if-match": '"2"'}
    answers = await asyncio.gather(
        *(client.post(path, json={"emotion": emotion}, headers=seen) for emotion in ("calm", "worried"))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    assert len((await client.get("/v1/classification-corrections")).json()["items"]) == 1


async def test_after_a_persons_correction_a_message_can_raise_it_again(open_ticket, act):
    ticket = await open_ticket(subject=FURIOUS)
    soothed = await act(ticket, "classify", emotion="calm")
    heard = await act(ticket, "messages", text="我不想活了")
    assert (soothed["emotion"], heard["emotion"], heard["classified_by"]) == ("calm", "extreme", "test-user")


async def test_both_faces_of_tm_forum_show_them(client, open_ticket):
    ticket = await open_ticket(subject=FURIOUS)
    flat = (await client.get(f"{V4}/{ticket['id']}")).json()
    assert (flat["productCategory"], flat["customerEmotion"]) == ("broadband", "angry")
    shown = (await client.get(f"{V5}/{ticket['id']}")).json()
    values = {one["name"]: one["value"] for one in shown["troubleTicketCharacteristic"]}
    assert (values["productCategory"], values["customerEmotion"]) == ("broadband", "angry")


async def test_figures_are_told_apart_by_product(client, open_ticket):
    await open_ticket(subject=FURIOUS)
    await open_ticket(subject="你好")
    now, day = clock.now(), timedelta(days=1)
    window = {"opened_from": (now - day).isoformat(), "opened_until": (now + day).isoformat()}
    groups = (await client.get("/v1/ticket-kpis", params=window | {"by": "product"})).json()["groups"]
    assert [(group["group"], group["tickets"]) for group in groups] == [("", 1), ("broadband", 1)]


async def test_an_older_installation_gets_the_rule_set_with_products_unless_it_has_its_own(runtime):
    migration = importlib.import_module("careloop_ticketing.migrations.versions.0010_emotion")

    def upgrade(connection):
        with Operations.context(MigrationContext.configure(connection)):
            migration._publish_rules()

    async with runtime.database.engine.begin() as connection:
        for before, versions in (
            ("SELECT", 1),
            ("UPDATE rule_set SET document = document - 'products', created_by = 'li.na'", 1),
            ("UPDATE rule_set SET created_by = 'system'", 2),
            ("SELECT", 2),
        ):
            await connection.execute(text(before))
            await connection.run_sync(upgrade)
            count = await connection.scalar(text("SELECT count(*) FROM rule_set"))
            assert count == versions, before
