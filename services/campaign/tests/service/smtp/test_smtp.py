"""Against a real SMTP server on a real socket: what each answer of it means for the message."""

import asyncio
import email
from email.policy import default

import pytest
from careloop_campaign.delivery import smtp
from careloop_campaign.delivery.smtp import SmtpServer, SmtpTransport
from careloop_campaign.delivery.transport import Accepted, Lost, Rejected, Unavailable


@pytest.fixture
async def transport(mail_server):
    transport = SmtpTransport(
        SmtpServer.from_url(mail_server.url), sender="care@careloop.example", connections=4
    )
    yield transport
    await transport.close()


async def test_the_mail_arrives_whole_under_the_ledgers_message_id(transport, mail_server, make_envelope):
    envelope = make_envelope()
    assert isinstance(await transport.send(envelope), Accepted)
    (received,) = mail_server.received
    mail = email.message_from_bytes(received.content, policy=default)
    assert received.recipients == ["customer1@example.com"]
    assert mail["Message-ID"] == f"<{envelope.message_id}@careloop.example>"
    assert mail["Subject"] == envelope.subject
    assert mail["List-Unsubscribe"] == envelope.headers["List-Unsubscribe"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert text.strip() == envelope.text
    assert mail.get_body(("html",)).get_content().strip() == envelope.html


async def test_connections_are_reused_and_never_more_than_the_pool(transport, mail_server, make_envelope):
    answers = await asyncio.gather(*(transport.send(make_envelope(number)) for number in range(40)))
    assert all(isinstance(answer, Accepted) for answer in answers)
    assert len({mail["recipients"] for mail in map(vars_of, mail_server.received)}) == 40
    assert mail_server.connections <= 4


def vars_of(received):
    return {"recipients": tuple(received.recipients)}


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
async def test_a_temporary_refusal_asks_to_come_back(transport, mail_server, make_envelope, stage):
    mail_server.answers[stage] = "451 4.7.1 Greylisted, customer1@example.com"
    assert await transport.send(make_envelope()) == Unavailable("smtp_451")
    mail_server.answers.clear()
    assert isinstance(await transport.send(make_envelope()), Accepted)


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
async def test_a_permanent_refusal_is_final(transport, mail_server, make_envelope, stage):
    mail_server.answers[stage] = "550 5.1.1 No such user customer1@example.com"
    assert await transport.send(make_envelope()) == Rejected("smtp_550")
    mail_server.answers.clear()
    assert isinstance(await transport.send(make_envelope()), Accepted)


async def test_a_server_that_is_down_delivered_nothing(transport, mail_server, make_envelope):
    await mail_server.stop()
    assert await transport.send(make_envelope()) == Unavailable("connection_lost")
    await mail_server.start()
    assert isinstance(await transport.send(make_envelope()), Accepted)


@pytest.mark.parametrize("stage", ["MAIL", "RCPT"])
async def test_a_connection_lost_before_the_content_delivered_nothing(
    transport, mail_server, make_envelope, stage
):
    mail_server.hang_up_at = stage
    assert await transport.send(make_envelope()) == Unavailable("connection_lost")


async def test_a_connection_lost_after_the_content_may_have_delivered(transport, mail_server, make_envelope):
    mail_server.hang_up_at = "DATA"
    assert await transport.send(make_envelope()) == Lost("connection_lost")
    assert len(mail_server.received) == 1


async def test_a_server_that_falls_silent_after_the_content_may_have_delivered(
    transport, mail_server, make_envelope, monkeypatch
):
    monkeypatch.setattr(smtp, "CONTENT_SECONDS", 0.2)
    mail_server.silent_at = "DATA"
    assert await transport.send(make_envelope()) == Lost("timeout")


async def test_an_idle_connection_that_the_server_dropped_is_replaced(transport, mail_server, make_envelope):
    assert isinstance(await transport.send(make_envelope(1)), Accepted)
    await mail_server.drop_connections()
    assert isinstance(await transport.send(make_envelope(2)), Accepted)


async def test_a_full_pool_answers_instead_of_overrunning_the_lease(mail_server, make_envelope, monkeypatch):
    monkeypatch.setattr(smtp, "WAIT_SECONDS", 0.1)
    monkeypatch.setattr(smtp, "CONTENT_SECONDS", 1.0)
    mail_server.silent_at = "DATA"
    transport = SmtpTransport(
        SmtpServer.from_url(mail_server.url), sender="care@careloop.example", connections=1
    )
    answers = await asyncio.gather(transport.send(make_envelope(1)), transport.send(make_envelope(2)))
    assert answers == [Lost("timeout"), Unavailable("pool_busy")]
    await transport.close()


@pytest.mark.parametrize("address", ["no at sign", "王小明@example.com", "a@b\r\nRCPT TO:<x@y.z>", ""])
async def test_an_address_that_cannot_be_one_is_refused_here(transport, mail_server, make_envelope, address):
    assert isinstance(await transport.send(make_envelope(address=address)), Rejected)
    assert mail_server.received == []


def test_the_url_says_port_user_and_encryption():
    assert SmtpServer.from_url("smtp://mail.example") == SmtpServer("mail.example", 25, None, None, tls=False)
    assert SmtpServer.from_url("smtps://a%40b:p%3Aw@mail.example") == SmtpServer(
        "mail.example", 465, "a@b", "p:w", tls=True
    )
    with pytest.raises(ValueError, match="SMTP URL"):
        SmtpServer.from_url("http://mail.example")
