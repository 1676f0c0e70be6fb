import email
from email.policy import default

import pytest
from careloop_campaign.delivery.mime import compose
from hypothesis import given
from hypothesis import strategies as st

LINK = "https://care.example/v1/unsubscribe?token=" + "Ab9_-" * 40


def wire(envelope):
    return compose(envelope, sender="care@careloop.example", domain="careloop.example")


def test_a_long_unsubscribe_link_stays_one_literal_link(make_envelope):
    raw = wire(make_envelope(headers={"List-Unsubscribe": f"<{LINK}>"}))
    unfolded = raw.replace(b"\r\n ", b" ")
    (line,) = [line for line in unfolded.split(b"\r\n") if line.startswith(b"List-Unsubscribe:")]
    assert line.split(b":", 1)[1].strip() == f"<{LINK}>".encode()


def test_every_line_ends_in_crlf_and_fits_the_protocol(make_envelope):
    raw = wire(make_envelope(subject="服务" * 60, headers={"List-Unsubscribe": f"<{LINK}>"}))
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert email.message_from_bytes(raw, policy=default)["Subject"] == "服务" * 60


@given(text=st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp")), min_size=1))
def test_texts_come_out_as_they_went_in(text, make_envelope):
    mail = email.message_from_bytes(wire(make_envelope(text=text, html=text)), policy=default)
    assert mail.get_body(("plain",)).get_content() == text
    assert mail.get_body(("html",)).get_content() == text


def test_the_same_envelope_is_the_same_mail(make_envelope):
    assert wire(make_envelope()) == wire(make_envelope())


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@",
        "@b",
        "a b@c.d",
        "a@b\r\nBcc: x@y.z",
        "王@example.com",
        "a@例.cn",
        "<a@b.c>",
        "a@b.c, d@e.f",
        "a@b.",
    ],
)
def test_an_address_that_cannot_be_one_is_refused(make_envelope, address):
    with pytest.raises(ValueError, match="not an address"):
        wire(make_envelope(address=address))
