from datetime import timedelta

import pytest
from careloop_common import clock, ids
from careloop_contracts import TicketOpenedV1
from careloop_ticketing.mail import service
from careloop_ticketing.mail.models import InboundMailRow
from prometheus_client import REGISTRY
from sqlalchemy import select


def bounce(named, action="failed"):
    return f"""Return-Path: <>
From: Mail Delivery System <mailer-daemon@mx.example>
Subject: Undelivered
Message-ID: <{ids.new_id()}@mx.example>
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It did not arrive.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; wei@example.com
Action: {action}
Status: 5.1.1
--b
Content-Type: message/rfc822

From: care@operator.example
Message-ID: {named}

Dear customer
--b--
""".encode()


def counted(outcome, reason):
    labels = {"outcome": outcome, "reason": reason}
    return REGISTRY.get_sample_value("inbound_mails_total", labels) or 0


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"Auto-Submitted": "auto-replied"}, "auto_submitted"),
        ({"Auto-Submitted": "auto-generated; x=y"}, "auto_submitted"),
        ({"Precedence": "bulk"}, "bulk"),
        ({"Precedence": "Junk"}, "bulk"),
        ({"X-Auto-Response-Suppress": "All"}, "auto_response_suppressed"),
        ({"List-Id": "<news.example.com>"}, "mailing_list"),
        ({"Return-Path": "<>"}, "empty_sender"),
        ({"sender": "Mail Delivery System <MAILER-DAEMON@mx.example>"}, "bounce"),
        ({"sender": "care@operator.example"}, "own_address"),
        ({"sender": "Help <HELP+c-1@operator.example>"}, "own_address"),
    ],
)
async def test_what_nobody_wrote_opens_nothing(taken, client, fields, reason):
    before = counted("ignored", reason)
    found = await taken(**fields)
    assert found == {
        "outcome": "ignored",
        "reason": reason,
        "ticket_id": None,
        "number": None,
        "acknowledge": False,
        "acknowledgement": None,
        "thread": None,
        "sender": found["sender"],
        "refused": [],
    }
    assert counted("ignored", reason) == before + 1
    assert (await client.get("/v1/tickets")).json()["items"] == []


@pytest.mark.parametrize(
    "fields", [{"Auto-Submitted": "no"}, {"Precedence": "normal"}, {"X-Auto-Response-Suppress": "DR, RN"}]
)
async def test_what_somebody_wrote_opens_a_ticket_and_may_be_answered(taken, fields):
    found = await taken(**fields)
    assert (found["outcome"], found["acknowledge"]) == ("opened", True)


@pytest.mark.parametrize("fields", [{"X-Auto-Response-Suppress": "DR, OOF, AutoReply"}, {"sender": None}])
async def test_who_wants_no_answer_or_has_no_address_is_given_none(taken, fields):
    found = await taken(**fields)
    assert (found["outcome"], found["acknowledge"], found["acknowledgement"]) == ("opened", False, None)


async def test_an_absence_does_not_wake_what_waits_for_the_customer(taken, act, shown):
    first = await taken(message_id="<1@example.com>")
    await act({"id": first["ticket_id"]}, "respond")
    await act({"id": first["ticket_id"]}, "pause", reason="waiting_for_customer")
    away = await taken(answers="<1@example.com>", **{"Auto-Submitted": "auto-replied"})
    assert (away["outcome"], (await shown(first))["status"]) == ("ignored", "waiting")


async def test_a_bounce_is_noted_on_the_ticket_whose_message_it_names(taken, deliver, notes, client):
    first = await taken()
    data = bounce(f"<{first['thread']}.1@operator.example>")
    for outcome in ("ignored", "known"):
        answer = (await deliver(data)).json()
        assert (answer["outcome"], answer["reason"]) == (outcome, "bounce")
        assert (answer["ticket_id"], answer["acknowledge"]) == (first["ticket_id"], False)
    assert await notes(first) == [("note", "发给客户的邮件被退回。")]
    # The server that sent it is nobody on the ticket.
    thread = (await client.get(f"/v1/tickets/{first['ticket_id']}/mail-thread")).json()
    assert thread["correspondents"] == ["w***@example.com"]


async def test_a_bounce_that_names_no_message_of_ours_is_noted_nowhere(taken, deliver, notes):
    first = await taken(message_id="<1@example.com>")
    forged = f"<{first['number'].lower()}.{'a' * 20}.1@operator.example>"
    for named in ("<1@example.com>", forged, "nothing"):
        answer = (await deliver(bounce(named))).json()
        assert (answer["outcome"], answer["ticket_id"]) == ("ignored", None)
    delayed = await deliver(bounce(f"<{first['thread']}.1@operator.example>", action="delayed"))
    assert delayed.json()["ticket_id"] is None
    assert await notes(first) == []


async def test_a_bounce_of_an_archived_ticket_changes_nothing(taken, deliver, act, shown):
    first = await taken()
    await act({"id": first["ticket_id"]}, "resolve")
    await act({"id": first["ticket_id"]}, "close")
    before = await shown(first)
    answer = await deliver(bounce(f"<{first['thread']}.1@operator.example>"))
    assert (answer.status_code, answer.json()["ticket_id"]) == (200, first["ticket_id"])
    assert await shown(first) == before


class TestManyOfOneSender:
    @pytest.fixture
    def settings_overrides(self, settings_overrides):
        return {**settings_overrides, "mail_hourly": 3}

    async def test_are_taken_in_but_no_longer_answered(self, taken):
        await taken(message_id="<1@example.com>")
        found = [await taken(text=f"{n}", answers="<1@example.com>") for n in range(4)]
        assert [one["outcome"] for one in found] == ["added"] * 4
        assert [one["acknowledge"] for one in found] == [True, True, False, False]
        assert (await taken(sender="other@example.com"))["acknowledge"]

    async def test_are_no_longer_answered_either_if_each_opens_a_ticket(self, taken):
        found = [await taken(f"nobody is here {n}") for n in range(5)]
        assert [one["acknowledge"] for one in found] == [True, True, True, False, False]

    async def test_are_answered_again_an_hour_later(self, taken, runtime):
        found = [await taken(f"{n}") for n in range(4)]
        async with runtime.database.transaction() as session:
            for row in await session.scalars(select(InboundMailRow)):
                row.taken_at -= timedelta(hours=1)
        assert [one["acknowledge"] for one in [*found[2:], await taken("later")]] == [True, False, True]


async def test_what_was_ignored_is_forgotten_after_a_while_and_what_has_a_ticket_is_not(
    taken, runtime, session
):
    await taken()
    await taken(Precedence="bulk", message_id="<2@example.com>")
    for days, left in ((29, 2), (31, 1)):
        async with runtime.database.transaction() as transaction:
            assert not await service.forget(transaction, now=clock.now() + timedelta(days=days))
        async with runtime.database.transaction() as transaction:
            assert len((await transaction.scalars(select(InboundMailRow))).all()) == left


async def test_that_a_ticket_was_opened_tells_whether_a_machine_may_answer(
    taken, open_ticket, worker_running, published, eventually
):
    quiet = await taken(X_Auto_Response_Suppress="OOF")
    others = [(await taken(text="别的"))["ticket_id"], (await open_ticket())["id"]]

    async def told():
        found = {str(event.ticket_id): event.acknowledge for event in await published(TicketOpenedV1)}
        return found if len(found) == 3 else None

    async with worker_running():
        assert await eventually(told) == {quiet["ticket_id"]: False} | dict.fromkeys(others, True)
