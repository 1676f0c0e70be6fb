from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from careloop_ticketing.mail.errors import MailUnreadable
from careloop_ticketing.mail.policy import mime, reading
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def files(mail):
    return [(part.name, part.media_type) for part in mail.files]


@pytest.mark.parametrize(
    ("name", "sender", "subject", "text"),
    [
        (
            "chinese",
            "zhangwei@163.example",
            "宽带三天没有网，打电话也没人管",
            "您好，\n宽带从周五开始就没有网。请尽快处理，我在家办公。\n张伟",
        ),
        ("gbk", "lina@qq.example", "联通的话费不对", "联通\n上个月的账单多了朱镕基路营业厅的费用。"),
        ("big5", "chen@tw.example", "帳單問題", "帳單金額不正確，請查明。"),
        ("iso2022jp", "tanaka@jp.example", "通信障害について", "昨日から繋がりません。"),
        ("wrongly_declared", "wang@corp.example", "流量用完了", "流量用完了，但是没有通知。"),
        ("latin", "rene@fr.example", "Problème de facture", "C'est trop cher, général."),
        ("broken_base64", "he@corp.example", "photo", "看照\ufffd"),
        ("calendar", "sun@corp.example", "Installation visit", "Can the technician come on Friday?"),
        ("winmail", "zhou@corp.example", "contract", "See the contract."),
    ],
)
def test_a_message_says_the_same_in_whatever_it_is_written(mail, name, sender, subject, text):
    found = mail(name)
    assert (found.sender, found.subject, found.text, found.ignored) == (sender, subject, text, None)


def test_html_is_the_text_that_somebody_reads_in_it(mail):
    assert mail("html_only").text == (
        "合约到期后，仍然被扣费 38 元 <每月>。\n\n- 手机 13800\n- 宽带\n\n三月\t38\n四月\t38\n\n"
        "见账单 <https://operator.example/bill?id=1>，或 operator.example。"
    )


def test_html_may_say_itself_in_what_it_is_written():
    markup = '<meta charset="big5"><p>帳單金額不正確'.encode("big5")
    assert reading.read(b"From: a@b.c\nContent-Type: text/html\n\n" + markup).text == "帳單金額不正確"


def test_a_head_without_an_end_does_not_hide_the_body():
    found = reading.read(b"From: a@b.c\nContent-Type: text/html\n\n<head><title>x</title><body>hello<br>you")
    assert found.text == "hello\nyou"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("calendar", [("invite.ics", "text/calendar"), ("invite.ics", "application/ics")]),
        ("winmail", [("winmail.dat", "application/ms-tnef")]),
        ("broken_base64", [("照片.jpg", "application/octet-stream")]),
        ("nested", [("shot.png", "image/png")]),
        ("chinese", []),
    ],
)
def test_what_is_no_text_is_a_file(mail, name, expected):
    assert files(mail(name)) == expected


def test_broken_base64_is_read_as_far_as_it_can_be(mail):
    [part] = mail("broken_base64").files
    assert part.content() == b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01"


def test_a_message_within_a_message_is_read_and_its_head_is_not_that_of_the_whole(mail):
    found = mail("nested")
    assert found.ignored is None
    assert found.text == "Please see what your shop wrote.\n\n[Your ärger]\nNot our problem."
    assert found.own == "Please see what your shop wrote."


def test_a_bounce_names_the_message_that_did_not_arrive(mail):
    found = mail("bounce")
    assert (found.ignored, found.text) == ("bounce", "")
    assert found.bounced == "<c-20260301-000042.aaaaaaaaaaaaaaaaaaaa.77@operator.example>"
    assert mail("auto_reply").ignored == "auto_submitted"
    assert mail("auto_reply").bounced is None


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("gmail_reply", "It still does not work.\n\nAnd the light is red."),
        ("qq_reply", "退款还没到账。"),
        ("outlook_reply", "请问什么时候上门？"),
    ],
)
def test_an_answer_is_what_its_sender_wrote(mail, name, own):
    assert mail(name).own == own


def test_what_it_answers_is_told_the_nearest_first(mail):
    ours = "<c-20260301-000042.aaaaaaaaaaaaaaaaaaaa.1@operator.example>"
    assert mail("gmail_reply").references == (ours, "<first@mail.example>")
    many = b" ".join(b"<%d@x>" % n for n in range(400))
    found = reading.read(b"From: a@b\r\nReferences: " + many + b"\r\n\r\n").references
    assert (found[0], len(found)) == ("<399@x>", 50)


def test_when_it_came_in_our_own_server_knows_best(mail):
    assert mail("chinese").received_at == datetime(2026, 3, 2, 1, 15, 4, tzinfo=UTC)
    assert mail("gbk").received_at == datetime(2026, 3, 3, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "believed"),
    [(timedelta(hours=3), True), (timedelta(days=8), False), (-timedelta(minutes=1), False)],
)
def test_a_time_is_believed_within_bounds(before, believed):
    at = NOW - before
    found = reading.read(f"From: a@b.c\nDate: {at:%d %b %Y %H:%M:%S} +0000\n\nx".encode())
    assert reading.written_at(found, now=NOW) == (at if believed else NOW)


@pytest.mark.parametrize(
    "date", ["", "yesterday", "99 Foo 2026", "1 Jan 99999 00:00:00 +0000", "1 Jan 2026 00:00:00 +9999999"]
)
def test_a_date_that_is_none_is_no_date(date):
    assert reading.read(f"From: a@b.c\nDate: {date}\n\nx".encode()).received_at is None


@pytest.mark.parametrize(
    ("field", "address"),
    [
        ("Zhang <Zhang.Wei@Example.COM>", "zhang.wei@example.com"),
        ('"boss@operator.example" <eve@example.net>', "eve@example.net"),
        ('"Boss <boss@operator.example>" eve@example.net', "eve@example.net"),
        ('"a \\" <x@y.z>" <eve@example.net>', "eve@example.net"),
        ("boss@operator.example <eve@example.net>", "eve@example.net"),
        ("eve@example.net (boss)", "eve@example.net"),
        ("undisclosed", None),
        ("<>", None),
    ],
)
def test_who_wrote_is_the_address_and_not_the_name(field, address):
    assert reading.read(f"From: {field}\n\nx".encode()).sender == address


@pytest.mark.parametrize("data", [b"", b"\n\n", b"hello\n\nworld", b"X-Nothing: 1\n\nFrom: a@b", b"\0" * 99])
def test_what_has_no_field_of_a_message_is_none(data):
    with pytest.raises(MailUnreadable):
        reading.read(data)


def test_the_line_of_a_mailbox_in_front_is_no_part_of_it():
    assert reading.read(b"From wei Mon Mar 2\nSubject: x\n\ny").subject == "x"


def test_a_message_is_known_again_whatever_way_it_came():
    data = b"From: a@b.c\nDate: x\nSubject: s\n\nbody"
    key = reading.read(data).key
    assert reading.read(b"Received: by y; z\n" + data).key == key
    for other in (b"From: b@b.c", b"From: a@b.c\nMessage-ID: <1@x>"):
        assert reading.read(data.replace(b"From: a@b.c", other)).key != key
    assert reading.read(data + b".").key != key
    named = data.replace(b"Date: x", b"Message-ID: <1@x>")
    assert reading.read(named + b".").key == reading.read(named).key
    assert reading.read(named.replace(b"a@b.c", b"eve@b.c")).key != reading.read(named).key


def test_controls_and_halves_of_characters_are_left_out():
    data = (
        b"From: a@b.c\nSubject: a\0b\x1b[31m\nContent-Type: text/plain; charset=utf-7\n\nx\0\x07y +2AA- z\x7f"
    )
    found = reading.read(data)
    assert (found.subject, found.text) == ("ab[31m", "xy  z")


@pytest.mark.parametrize(
    "charset", ["rot13", "base64", "punycode", "undefined", "unicode_escape", "x", "\0", "idna"]
)
def test_a_charset_that_is_none_is_passed_over(charset):
    data = (
        f"From: a@b.c\nSubject: =?{charset}?Q?=E5=A5=BD?=\nContent-Type: text/plain; charset={charset}\n\n好"
    )
    assert reading.read(data.encode()).text == "好"


@pytest.mark.parametrize(
    ("results", "doubtful"),
    [
        (["mx.example; spf=fail; dmarc=fail (p=none) header.from=b.c"], True),
        (["mx.example; spf=fail; dmarc=pass"], False),
        (["mx.example; dmarc=pass", "elsewhere; dmarc=fail"], False),
        ([], False),
    ],
)
def test_a_sender_whom_our_server_does_not_believe_is_doubtful(results, doubtful):
    fields = "".join(f"Authentication-Results: {result}\n" for result in results)
    assert reading.read(f"{fields}From: a@b.c\n\nx".encode()).doubtful is doubtful


class TestHostile:
    """What is made to take long, or to take up much."""

    def test_ten_thousand_fields(self):
        fields = b"".join(b"X-%d: %d\r\nTo: a%d@b.c\r\n" % (n, n, n) for n in range(10_000))
        found = reading.read(b"From: a@b.c\r\nPrecedence: list\r\n" + fields + b"\r\nhello")
        assert (found.sender, found.ignored) == ("a@b.c", "bulk")

    def test_a_line_of_a_megabyte(self):
        found = reading.read(b"From: a@b.c\r\nSubject: " + b"s" * 1_000_000 + b"\r\n\r\n" + b"b" * 1_000_000)
        assert len(found.subject) <= 10_000
        assert len(found.text) == 100_000

    def test_parts_within_parts_without_end(self):
        inner = b"hello"
        for depth in range(1000):
            bound = b"b%d" % depth
            inner = b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n%s\r\n--%s--" % (
                bound,
                bound,
                inner,
                bound,
            )
        found = reading.read(b"From: a@b.c\r\n" + inner)
        [deep] = found.files
        assert (deep.depth, found.text) == (mime.DEEPEST, "")

    def test_messages_within_messages_without_end(self):
        data = b"From: a@b.c\r\nContent-Type: message/rfc822\r\n\r\n" * 1000 + b"hello"
        assert len(reading.read(data).files) == 1

    def test_more_parts_than_anybody_sends(self):
        part = b"--b\r\nContent-Type: image/png\r\n\r\nx\r\n"
        data = b"From: a@b.c\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 50_000
        assert len(reading.read(data).files) == mime.MOST
        few = b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n" + part.replace(b"--b", b"--c") * 200
        assert len(reading.read(data[: data.index(b"--b")] + few * 200).files) <= mime.MOST

    @pytest.mark.parametrize(
        "piece",
        [
            b"<",
            b"<a ",
            b"<!--",
            b"<![",
            b"</",
            b"&",
            b"<a href=",
            b"<p><blockquote>",
            b"<script>",
            b"&#",
            b"<?",
        ],
    )
    def test_markup_that_never_ends(self, piece):
        head = b"From: a@b.c\r\nContent-Type: text/html\r\n\r\n"
        reading.read(head + piece * (1_000_000 // len(piece)))

    @pytest.mark.parametrize(
        "value",
        [
            b'"',
            b'"\\',
            b"=?",
            b"=?utf-8?B?",
            b"=?utf-8?Q?=?= ",
            b"<",
            b"(",
            b";a",
            b"; a=",
            b"a@",
            b"<a@",
            b"\t ",
            b";*0*=",
        ],
    )
    def test_fields_that_never_end(self, value):
        for name in (b"From", b"Subject", b"Content-Type", b"References", b"Date", b"Content-Disposition"):
            reading.read(b"To: x\r\n" + name + b": " + value * (9_000 // len(value)) + b"\r\n\r\nx")

    def test_texts_without_end(self):
        part = b"--b\r\nContent-Type: text/html\r\n\r\n" + b"<p>a" * 15_000 + b"\r\n"
        carried = part.replace(b"text/html", b"message/rfc822\r\n\r\nFrom: x\r\nContent-Type: text/html")
        head = b"From: a@b.c\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        for one in (part, carried):
            assert len(reading.read(head + one * 150).text) < 110_000

    @pytest.mark.parametrize(
        "line",
        [
            "On 1 " + "a" * 290,
            "1" * 390 + "写道：",
            "在" * 390 + "写道：",
            "-" + " " * 1_000_000 + "x",
            "-" * 1_000_000 + "x",
            "From" + " " * 1_000_000,
            "From" + " " * 390,
            "*" * 390,
            "sent from my " + "a" * 380,
        ],
    )
    def test_lines_that_look_like_the_beginning_of_a_quotation(self, line):
        lines = f"{line}\n" * (1_000_000 // len(line))
        reading.read(b"From: a@b.c\nContent-Type: text/plain; charset=utf-8\n\n" + lines.encode())


@given(st.binary(max_size=2000))
def test_no_bytes_make_the_reader_fail(data):
    with suppress(MailUnreadable):
        reading.read(data)


@given(data=st.data())
def test_no_damage_to_a_message_makes_the_reader_fail(mails, data):
    whole = data.draw(st.sampled_from(mails))
    begin, end = sorted((data.draw(st.integers(0, len(whole))), data.draw(st.integers(0, len(whole)))))
    broken = (
        whole[:begin] + data.draw(st.binary(max_size=40)) + whole[data.draw(st.sampled_from((begin, end))) :]
    )
    try:
        found = reading.read(broken)
    except MailUnreadable:
        return
    for part in found.files:
        part.content()
    for text in (found.subject, found.text, found.own, *(part.name or "" for part in found.files)):
        text.encode()
        assert "\0" not in text


LINES = (
    *(
        b"From: a@b.c",
        b"Content-Type: multipart/mixed; boundary=b",
        b"--b",
        b"--b--",
        b"",
        b"text",
        b"--",
        b"--b ",
    ),
    *(
        b"Content-Type: multipart/alternative; boundary=c",
        b"--c",
        b"--c--",
        b"Content-Type: text/html",
        b"<p>x",
    ),
    *(b"Content-Type: message/rfc822", b"Content-Transfer-Encoding: base64", b"aGFsbG8=", b">", b"\xff\xfe"),
)


@given(st.lists(st.sampled_from(LINES), max_size=30), st.sampled_from([b"\n", b"\r\n"]))
def test_no_order_of_lines_makes_the_reader_fail(lines, end):
    reading.read(b"From: x@y.z" + end + end.join(lines))
