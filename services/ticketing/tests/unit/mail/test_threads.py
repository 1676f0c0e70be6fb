import pytest
from careloop_ticketing.mail.policy import threads
from hypothesis import given
from hypothesis import strategies as st

NEW, OLD, OTHER = {"b": b"2" * 32}, {"a": b"1" * 32}, {"c": b"3" * 32}
NUMBER = "C-20260301-000042"


def test_a_thread_is_short_and_says_the_number():
    found = threads.thread(NUMBER, OLD)
    assert found.startswith("c-20260301-000042.")
    assert len(found) == 38
    # What adapters were told once stays so: docs/mail.md.
    assert found == "c-20260301-000042.svj7hmtkffism6734zvg"


@pytest.mark.parametrize("case", [str.lower, str.upper, str.title])
def test_an_id_of_ours_tells_its_ticket_in_whatever_case(case):
    name = threads.thread(NUMBER, OLD)
    assert threads.of_message_id(case(f"<{name}.01a2-7@mx.example>"), OLD) == NUMBER
    assert threads.of_addresses(["x@y.z", case(f"care+{name}@mx.example")], OLD) == NUMBER


def test_what_was_signed_under_an_older_key_is_still_ours():
    name = threads.thread(NUMBER, OLD)
    assert threads.of_message_id(f"<{name}.1@x>", NEW | OLD) == NUMBER
    assert threads.of_message_id(f"<{name}.1@x>", NEW | OTHER) is None
    assert threads.thread(NUMBER, NEW | OLD) == threads.thread(NUMBER, NEW)


@pytest.mark.parametrize(
    "message_id",
    [
        "",
        "<>",
        "<c-20260301-000042@x>",
        "<{}@x>",
        "<{}.@x>",
        "{}.1@x",
        "<x{}.1@x>",
        "<{}.1@x> y",
        "<{}.1 2@x>",
    ],
)
def test_what_does_not_keep_to_the_pattern_is_none_of_ours(message_id):
    assert threads.of_message_id(message_id.format(threads.thread(NUMBER, OLD)), OLD) is None


@pytest.mark.parametrize(
    ("subject", "number"),
    [
        ("Re: [C-20260301-000042] x", NUMBER),
        ("回复：c-20260301-000042，谢谢", NUMBER),
        ("C-20260301-0000421234567", None),
        ("XC-20260301-000042", None),
        ("C-20260301-000042-1", None),
        ("C-2026-1", None),
    ],
)
def test_a_number_in_a_subject_stands_for_itself(subject, number):
    assert threads.of_subject(subject) == number


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz234567", min_size=20, max_size=20))
def test_no_guess_is_a_signature(guess):
    assert threads.of_message_id(f"<c-20260301-000042.{guess}.1@x>", NEW | OLD) is None
