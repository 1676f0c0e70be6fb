from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest
from careloop_common import clock, ids
from sqlalchemy import text


@pytest.fixture
def linked(client):
    """`await linked(found)`: the tickets that it is linked to, and as what."""

    async def read(found):
        items = (await client.get(f"/v1/tickets/{found['ticket_id']}/links")).json()["items"]
        return [(item["to_id"], item["type"]) for item in items if item["from_id"] == found["ticket_id"]]

    return read


@pytest.fixture
def thread(client):
    async def read(ticket):
        return (await client.get(f"/v1/tickets/{ticket['id']}/mail-thread")).json()["thread"]

    return read


def received(at):
    return f"from mx by care.operator.example; {format_datetime(at)}"


async def test_an_answer_to_a_message_that_came_in_is_heard_on_its_ticket(taken, notes, shown):
    first = await taken(message_id="<1@example.com>")
    quoted = "有人吗？\n\n在 2026年3月2日 张伟 <wei@example.com> 写道：\n> 这个月多收了二十元。\n"
    answer = await taken("Re: 话费不对", text=quoted, answers="<1@example.com>")
    assert (answer["outcome"], answer["ticket_id"], answer["reason"]) == ("added", first["ticket_id"], None)
    assert await notes(first) == [("customer", "有人吗？")]
    assert (await shown(first))["description"] == "这个月多收了二十元。"


async def test_an_answer_to_a_message_of_ours_is_heard_whoever_writes_it(open_ticket, thread, taken, notes):
    ticket = await open_ticket()
    ours = f"<{(await thread(ticket)).upper()}.{ids.new_id()}@any.example>"
    answer = await taken(
        "Re:", text="收到", References=f"<other@x> {ours} <more@x>", sender="boss@example.net"
    )
    assert (answer["outcome"], answer["ticket_id"]) == ("added", ticket["id"])
    # Known by now: the number alone is enough.
    again = await taken(f"again {ticket['number']}", text="第二次", sender="boss@example.net")
    assert (again["outcome"], again["ticket_id"]) == ("added", ticket["id"])
    assert await notes(again) == [("customer", "收到"), ("customer", "第二次")]


@pytest.mark.parametrize("spoiled", ["signature", "number", "none"])
async def test_an_id_that_is_not_signed_by_us_leads_nowhere(open_ticket, thread, taken, spoiled):
    ticket, other = await open_ticket(), await open_ticket()
    number, _, signature = (await thread(ticket)).partition(".")
    forged = {
        "signature": f"{number}.{'a' * 20}",
        "number": f"{other['number'].lower()}.{signature}",
        "none": number,
    }
    answer = await taken("Re:", answers=f"<{forged[spoiled]}.1@operator.example>")
    assert (answer["outcome"], answer["reason"]) == ("opened", None)


@pytest.mark.parametrize("by", ["subject", "address"])
async def test_a_stranger_with_a_number_gets_a_ticket_of_their_own(
    taken, open_ticket, thread, linked, notes, by
):
    first = await taken()
    named = {
        "subject": {"subject": f"Re: [{first['number']}] hello"},
        "address": {"to": f"Care <care+{first['thread']}@operator.example>"},
    }[by]
    stranger = await taken(sender="eve@example.net", **named)
    assert (stranger["outcome"], stranger["reason"]) == ("opened", "sender_unknown")
    assert await linked(stranger) == [(first["ticket_id"], "related")]
    assert await notes(first) == []
    customer = await taken(text="补充", **named)
    assert (customer["outcome"], customer["ticket_id"]) == ("added", first["ticket_id"])


async def test_a_forged_address_leads_nowhere_even_for_who_is_known(taken, linked):
    first = await taken()
    forged = f"care+{first['number'].lower()}.{'a' * 20}@operator.example"
    assert (await taken(to=forged, text="补充"))["ticket_id"] != first["ticket_id"]


async def test_a_sender_whom_the_mail_server_does_not_believe_is_a_stranger(taken):
    first = await taken(message_id="<1@example.com>")
    forged = {"Authentication-Results": "mx.operator.example; dmarc=fail header.from=example.com"}
    assert (await taken(first["number"], **forged))["reason"] == "sender_unknown"
    assert (await taken("Re:", answers="<1@example.com>", **forged))["outcome"] == "added"


async def test_who_is_known_on_one_ticket_is_a_stranger_on_another(taken, open_ticket, linked):
    ticket = await open_ticket()
    await taken()
    other = await taken(f"about {ticket['number']}")
    assert (other["reason"], await linked(other)) == ("sender_unknown", [(ticket["id"], "related")])


async def test_who_only_sent_what_was_ignored_is_a_stranger(taken):
    first = await taken(message_id="<1@example.com>")
    away = {"sender": "eve@example.net", "answers": "<1@example.com>", "Auto-Submitted": "auto-replied"}
    assert (await taken(**away))["outcome"] == "ignored"
    assert (await taken(first["number"], sender="eve@example.net"))["reason"] == "sender_unknown"


async def test_a_number_that_no_ticket_has_is_a_word_like_others(taken, linked):
    found = await taken("C-20200101-000001")
    assert (found["outcome"], found["reason"], await linked(found)) == ("opened", None, [])


async def test_an_answer_reopens_a_ticket_that_was_resolved(taken, shown, act):
    first = await taken(message_id="<1@example.com>")
    await act({"id": first["ticket_id"]}, "resolve")
    answer = await taken(text="还是不对", answers="<1@example.com>")
    assert (answer["outcome"], answer["ticket_id"]) == ("reopened", first["ticket_id"])
    assert (await shown(first))["status"] == "handling"


async def test_mere_thanks_reopen_nothing(taken, shown, act):
    first = await taken(message_id="<1@example.com>")
    await act({"id": first["ticket_id"]}, "resolve")
    answer = await taken(text="好的，谢谢您！", answers="<1@example.com>")
    assert (answer["outcome"], answer["ticket_id"]) == ("added", first["ticket_id"])
    assert (await shown(first))["status"] == "feedback"


async def test_mere_thanks_for_a_ticket_that_is_closed_open_no_other(taken, shown, act):
    first = await taken(message_id="<1@example.com>")
    await act({"id": first["ticket_id"]}, "resolve")
    await act({"id": first["ticket_id"]}, "satisfaction", score=5)
    thanks = await taken(text="好的，谢谢！", answers="<1@example.com>")
    assert (thanks["outcome"], thanks["reason"]) == ("ignored", "courtesy")
    assert (thanks["ticket_id"], thanks["acknowledge"]) == (None, False)
    assert (await shown(first))["status"] == "archived"
    more = await taken(text="谢谢，但是又断网了", answers="<1@example.com>")
    assert (more["outcome"], more["reason"]) == ("opened", "ticket_closed")


async def test_an_answer_that_came_before_the_resolution_flags_it(taken, shown, act, runtime):
    first = await taken(message_id="<1@example.com>")
    past = clock.now() - timedelta(hours=2)
    async with runtime.database.transaction() as session:
        await session.execute(text("UPDATE ticket SET opened_at = :at"), {"at": past})
    await act({"id": first["ticket_id"]}, "resolve")
    at = (past + timedelta(hours=1)).replace(microsecond=0)
    answer = await taken(text="补充", answers="<1@example.com>", Received=received(at))
    ticket = await shown(first)
    assert (answer["outcome"], ticket["status"]) == ("added", "feedback")
    assert datetime.fromisoformat(ticket["overlooked_at"]) == at


@pytest.mark.parametrize(
    "waited", [timedelta(minutes=30), timedelta(hours=3), timedelta(days=30), -timedelta(days=30)]
)
async def test_clocks_run_on_from_when_the_message_came_in(taken, client, act, runtime, waited):
    first = await taken(message_id="<1@example.com>")
    ticket = {"id": first["ticket_id"]}
    await act(ticket, "respond")
    paused = await act(ticket, "pause", reason="waiting_for_customer")
    assert paused["status"] == "waiting"
    opened, now = datetime.fromisoformat(paused["opened_at"]), clock.now()
    answer = await taken(text="给你", answers="<1@example.com>", Received=received(now - waited))
    assert answer["outcome"] == "added"
    history = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()["items"]
    said = next(one["after"] for one in history if one["fact"] == "customer_wrote")
    assert said["status"] == "handling"
    assert opened <= datetime.fromisoformat(said["received_at"]) <= clock.now()


@pytest.mark.parametrize("ends", ["close", "reject", "cancel"])
async def test_an_answer_to_what_is_over_opens_a_ticket_beside_it(taken, act, linked, ends):
    first = await taken(message_id="<1@example.com>")
    ticket = {"id": first["ticket_id"]}
    if ends == "close":
        await act(ticket, "resolve")
        await act(ticket, "close")
    else:
        await act(ticket, ends, reason="spam" if ends == "reject" else "withdrawn")
    answer = await taken("Re:", answers="<1@example.com>")
    assert (answer["outcome"], answer["reason"]) == ("opened", "ticket_closed")
    assert await linked(answer) == [(first["ticket_id"], "related")]


async def test_an_answer_to_a_merged_ticket_is_heard_on_the_one_that_took_it_in(
    taken, act, open_ticket, notes
):
    first = await taken(message_id="<1@example.com>")
    middle, last = await open_ticket(), await open_ticket()
    await act({"id": first["ticket_id"]}, "merge", into=middle["id"])
    await act(middle, "merge", into=last["id"])
    answer = await taken(text="在吗", answers="<1@example.com>")
    assert (answer["outcome"], answer["ticket_id"]) == ("added", last["id"])
    by_number = await taken(f"Re: {first['number']}", text="还在吗")
    assert (by_number["outcome"], by_number["ticket_id"]) == ("added", last["id"])
    assert await notes(by_number) == [("customer", "在吗"), ("customer", "还在吗")]


async def test_an_answer_without_words_says_its_subject(taken, notes):
    first = await taken(message_id="<1@example.com>")
    await taken("Re: 话费不对", text="", answers="<1@example.com>")
    await taken("", text="", answers="<1@example.com>")
    assert await notes(first) == [("customer", "Re: 话费不对"), ("customer", "[…]")]


async def test_files_of_an_answer_are_kept_on_the_ticket(taken, client):
    first = await taken(message_id="<1@example.com>")
    await taken(answers="<1@example.com>", files=[("a.txt", "text/plain", b"evidence")])
    items = (await client.get(f"/v1/tickets/{first['ticket_id']}/attachments")).json()["items"]
    assert [item["name"] for item in items] == ["a.txt"]
