"""What was taken down can be corrected, and everything follows that is decided by it."""

import pytest
from careloop_contracts import TicketAmendedV1


@pytest.fixture
def amend(client):
    async def patch(ticket, *, expect=200, headers=None, **changes):
        answer = await client.patch(f"/v1/tickets/{ticket['id']}", json=changes, headers=headers)
        assert answer.status_code == expect, answer.text
        return answer.json()

    return patch


@pytest.fixture
def last_entry(client):
    async def read(ticket):
        return (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()["items"][-1]

    return read


async def test_texts_are_corrected_found_by_and_not_repeated_in_the_history(
    open_ticket, amend, last_entry, listed, client
):
    ticket = await open_ticket(subject="信号不好", description="家里断线")
    amended = await amend(ticket, subject="宽带不通", description=None)
    assert (amended["subject"], amended["description"]) == ("宽带不通", "")
    assert amended["version"] == ticket["version"] + 1
    assert await listed(q="宽带") == ["宽带不通"]
    assert await listed(q="信号") == await listed(q="断线") == []
    entry = await last_entry(ticket)
    assert (entry["fact"], entry["before"]) == ("amended", {})
    assert entry["after"] == {"attributes": ["description", "subject"]}
    assert (await client.get(f"/v1/tickets/{ticket['id']}/history/verification")).json()["intact"]


async def test_a_merge_patch_is_taken_as_what_it_is(client, open_ticket):
    ticket = await open_ticket()
    answer = await client.patch(
        f"/v1/tickets/{ticket['id']}",
        content='{"channel": "web"}',
        headers={"content-type": "application/merge-patch+json", "if-match": f'"{ticket["version"]}"'},
    )
    assert (answer.status_code, answer.json()["channel"]) == (200, "web")
    assert answer.headers["etag"] == f'"{ticket["version"] + 1}"'


async def test_what_is_so_already_is_no_change(open_ticket, amend, facts):
    ticket = await open_ticket(subject="一", channel="web")
    again = await amend(ticket, subject="一", channel="web", kind="complaint", reason="mistaken")
    assert again["version"] == ticket["version"]
    assert "amended" not in await facts(ticket)


async def test_another_customer_brings_their_class_and_clocks(
    open_ticket, amend, last_entry, customer, publish_clocks, published, worker_running, eventually
):
    await publish_clocks(vip_call={"when": "vip", "targets": [{"seconds": 60}]})
    plain, vip = await customer(), await customer(vip=True, region="广东", external_id="VIP-9")
    ticket = await open_ticket(customer_id=plain)
    assert (ticket["vip"], {clock["name"] for clock in ticket["clocks"]} & {"vip_call"}) == (False, set())
    amended = await amend(ticket, customer_id=vip, reason="mistaken")
    assert (amended["customer_id"], amended["vip"], amended["region"]) == (vip, True, "广东")
    assert "vip_call" in {clock["name"] for clock in amended["clocks"]}
    entry = await last_entry(ticket)
    assert entry["before"] | {"customer_id": plain, "vip": False} == entry["before"]
    assert entry["after"] | {"customer_id": vip, "vip": True, "reason": "mistaken"} == entry["after"]
    assert "vip_call" in entry["after"]
    async with worker_running():
        (event,) = await eventually(lambda: published(TicketAmendedV1))
    assert (str(event.customer_id), str(event.customer_before)) == (vip, plain)
    assert event.attributes == ("customer",)


async def test_a_ticket_can_turn_out_to_be_nobodys_or_of_somebody_not_known_yet(
    open_ticket, amend, customer, customer_registered, publish, worker_running, eventually, client
):
    ticket = await open_ticket(customer_id=await customer(vip=True))
    nobodys = await amend(ticket, customer=None, reason="mistaken")
    assert (nobodys["customer_id"], nobodys["vip"]) == (None, False)
    unknown = await amend(ticket, customer={"source": "crm", "external_id": "K-1"}, reason="customer_said")
    assert (unknown["customer_id"], unknown["vip"]) == (None, False)
    event = customer_registered(source="crm", external_id="K-1", vip=True)

    async def linked():
        return (await client.get(f"/v1/tickets/{ticket['id']}")).json()["vip"]

    async with worker_running():
        await publish(event)
        assert await eventually(linked)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"reason": "mistaken"},
        {"subject": None},
        {"subject": " "},
        {"subject": "\u200b\ufeff"},
        {"kind": None, "reason": "mistaken"},
        {"kind": "fault"},
        {"kind": "praise", "reason": "mistaken"},
        {"customer_id": None},
        {"customer_id": "x", "reason": "mistaken"},
        {"channel": "电话"},
        {"status": "archived"},
        {"subject": 7},
        {"kind": "fault", "reason": "我说的"},
    ],
)
async def test_what_makes_no_sense_is_refused_and_changes_nothing(open_ticket, amend, client, changes):
    ticket = await open_ticket()
    assert (await amend(ticket, expect=422, **changes))["code"] == "validation_failed"
    assert (await client.get(f"/v1/tickets/{ticket['id']}")).json()["version"] == ticket["version"]


async def test_a_closed_ticket_and_one_that_has_gone_on_are_left_alone(open_ticket, amend, act):
    ticket = await open_ticket()
    stale = {"if-match": f'"{ticket["version"] - 1}"'}
    assert (await amend(ticket, expect=412, headers=stale, subject="二"))["code"] == "version_mismatch"
    await act(ticket, "cancel", reason="test")
    assert (await amend(ticket, expect=409, subject="二"))["code"] == "transition_impossible"


async def test_another_kind_moves_the_clocks(open_ticket, amend, publish_clocks, last_entry):
    await publish_clocks(
        look={"targets": [{"when": 'kind == "fault"', "seconds": 600}, {"seconds": 60}]},
    )
    ticket = await open_ticket()
    amended = await amend(ticket, kind="fault", reason="mistaken")
    (clock,) = (clock for clock in amended["clocks"] if clock["name"] == "look")
    assert clock["target_seconds"] == 600
    entry = await last_entry(ticket)
    assert (entry["before"]["kind"], entry["after"]["kind"]) == ("complaint", "fault")
    assert entry["after"]["look"]["target_seconds"] == 600
