import hashlib
from uuid import UUID

from careloop_campaign.unsubscribe.policy import Ticket, read, write
from hypothesis import given
from hypothesis import strategies as st

TICKET = Ticket(UUID(int=1), UUID(int=2), "care", "email")


def sign(payload):
    return hashlib.sha256(f"key {payload}".encode(errors="replace")).hexdigest()


def forge(payload):
    return hashlib.sha256(f"other {payload}".encode()).hexdigest()


def test_a_link_says_what_was_written():
    assert read(write(TICKET, sign), sign) == TICKET


def test_another_key_says_nothing():
    assert read(write(TICKET, forge), sign) is None


@given(position=st.integers(0, 10_000), letter=st.characters())
def test_any_changed_character_says_nothing(position, letter):
    token = write(TICKET, sign)
    position %= len(token)
    changed = token[:position] + letter + token[position + 1 :]
    assert read(changed, sign) in ({TICKET} if changed == token else {None})


@given(st.text())
def test_no_text_breaks_the_reader(text):
    assert read(text, sign) is None
    assert read(f"{text}.{sign(text)[:32]}", sign) is None
