"""Personal data and secrets never reach a log line."""

import json
import logging

import pytest
import structlog
from careloop_common.observability.logging import configure_logging, redact
from hypothesis import given
from hypothesis import strategies as st

PHONES = st.builds(
    "{}{}{:08d}".format,
    st.sampled_from(["", "+86", "0086"]),
    st.sampled_from(["138", "159", "186"]),
    st.integers(0, 99_999_999),
)
EMAILS = st.from_regex(r"[a-z][a-z0-9.]{1,10}[a-z]@[a-z]{2,10}\.(com|cn)", fullmatch=True)
AROUND = st.sampled_from(["", " ", "，", "客户", "(", "\n", '"', ":", "手机："])


@given(value=st.one_of(PHONES, EMAILS), before=AROUND, after=AROUND)
def test_phones_and_addresses_are_gone_wherever_they_stand(value: str, before: str, after: str) -> None:
    assert value not in redact(f"call {before}{value}{after} now")


@pytest.mark.parametrize(
    "written",
    ["+86 138 1234 5678", "+86-138-1234-5678", "86 13812345678", "0086 138-1234-5678", "tel:13812345678"],
)
def test_of_a_phone_nothing_is_left_however_it_is_written(written: str) -> None:
    assert redact(f"手机:{written}") in {"手机:[phone]", "手机:tel:[phone]"}


@pytest.mark.parametrize(
    "secret",
    [
        "11010519491231002X",
        "clk_ab12_QWERTYUIOPASDFGH",
        "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    ],
)
def test_id_cards_and_tokens_are_gone(secret: str) -> None:
    assert secret not in redact(f"value {secret} end")


def test_passwords_in_urls_are_gone() -> None:
    assert redact("postgresql://u:geheim@host/db") == "postgresql://u:[secret]@host/db"


def test_the_row_that_a_database_error_quotes_is_gone() -> None:
    said = (
        'asyncpg.NotNullViolationError: null value in column "id"\n'
        "DETAIL:  Failing row contains (null, 他说:\n\n司马懿, x).\n\n"
        "The above exception was the direct cause of the following exception:\n"
        "sqlalchemy.exc.IntegrityError: null value\nDETAIL:  Key (name)=(司马懿) exists.\n[SQL: INSERT]\n"
    )
    shown = redact(said)
    assert "司马懿" not in shown
    assert shown.count("DETAIL:  [row]") == 2
    assert "The above exception" in shown
    assert "[SQL: INSERT]" in shown


@pytest.mark.parametrize(
    "text", ["0192f3a4-5b6c-7d8e-9f00-138123456789", "3f2a13812345678bcd", "took 1234567 µs"]
)
def test_ids_and_numbers_stay(text: str) -> None:
    assert redact(text) == text


def test_a_log_line_is_json_without_personal_data(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level, config = root.handlers, root.level, structlog.get_config()
    try:
        configure_logging("profile", "INFO")
        structlog.get_logger().info("row.rejected", phone="13812345678", detail="bad 13812345678", row=7)
        logging.getLogger("library").warning("mail to li@example.com failed")
    finally:
        root.handlers = before
        root.setLevel(level)
        structlog.configure(**config)
        structlog.contextvars.clear_contextvars()
    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (first["event"], first["phone"], first["detail"], first["row"]) == (
        "row.rejected",
        "[redacted]",
        "bad [phone]",
        7,
    )
    assert second["event"] == "mail to [email] failed"
    assert second["service"] == "profile"
