"""The whole way: a warning comes in, a mail arrives at a real SMTP server."""

import email
from email.policy import default

import pytest


@pytest.fixture
def settings_overrides(settings_overrides, mail_server):
    return settings_overrides | {"smtp_url": mail_server.url, "smtp_connections": 4}


async def test_a_warning_becomes_a_mail_and_texts_go_to_the_sink(
    make_customer,
    make_warning,
    set_policy,
    publish,
    worker_running,
    eventually,
    mail_server,
    delivered,
    ledger,
):
    await set_policy()
    customer = make_customer(email="wang@example.com", language="en", care_flags=["large_font"])
    without_mail = make_customer(email=None)
    async with worker_running():
        for one in (customer, without_mail):
            await publish(one)
            await publish(make_warning(one.customer_id))
        await eventually(lambda: len(mail_server.received) == 1 and len(delivered()) == 1)
        await eventually(lambda: _accepted(ledger, 2))
    mail = email.message_from_bytes(mail_server.received[0].content, policy=default)
    assert mail["To"] == "wang@example.com"
    assert mail["Subject"] == "We want to help you"
    assert b"/v1/unsubscribe?token=" in mail_server.received[0].content
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "font-size: 22px" in mail.get_body(("html",)).get_content()
    assert delivered()[0]["channel"] == "sms"


async def _accepted(ledger, number):
    return len(await ledger(state="accepted")) == number


async def test_mails_wait_for_a_server_that_is_down(
    known, plan, set_policy, worker_running, eventually, mail_server, ledger, monkeypatch
):
    monkeypatch.setattr("careloop_campaign.messages.policy.BACKOFF", (mail_server_pause(),))
    await set_policy()
    await mail_server.stop()
    await plan(*await known(20))
    async with worker_running():
        await eventually(lambda: ledger(state="deferred", reason="channel_unavailable"))
        await mail_server.start()
        await eventually(lambda: _accepted(ledger, 20), timeout=20)
    assert len(mail_server.received) == 20


def mail_server_pause():
    from datetime import timedelta

    return timedelta(milliseconds=200)


async def test_an_address_that_the_server_refuses_fails_and_the_others_go_on(
    known, plan, set_policy, worker_running, eventually, mail_server, ledger
):
    await set_policy()
    (bad,) = await known(email="王@example.com")
    good = await known(5)
    await plan(bad, *good)
    async with worker_running():
        await eventually(lambda: _accepted(ledger, 5))
        (row,) = await eventually(lambda: ledger(state="failed"))
    assert (row.customer_id, row.detail) == (bad, "bad_address")
