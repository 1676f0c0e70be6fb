from datetime import timedelta
from uuid import UUID

from careloop_campaign.delivery import smtp
from careloop_campaign.messages.policy import (
    BACKOFF,
    LEASE,
    OPEN_TO_FAILURE,
    OPEN_TO_SUCCESS,
    State,
    after_lost_answer,
    ledger_key,
    retry_delay,
)
from hypothesis import given
from hypothesis import strategies as st

parts = st.tuples(st.uuids(), st.text(min_size=1), st.text(min_size=1), st.text(min_size=1))


@given(one=parts, other=parts)
def test_the_key_is_the_decision(one, other):
    separated = not any("\x1f" in part for part in (*one[1:], *other[1:]))
    assert ledger_key(*one) == ledger_key(*one)
    if separated:
        assert (ledger_key(*one) == ledger_key(*other)) == (one == other)


def test_the_key_never_changes():
    """Another key for the same decision would be a second message."""
    key = ledger_key(UUID(int=1), "retention", "offer", "42")
    assert key == UUID("a3dbfcad-ee0a-5b28-9734-f442902794a3")


def test_only_service_is_tried_again_and_only_once():
    again = {
        (service, duplicate): after_lost_answer(service_class=service, possible_duplicate=duplicate)
        for service in (True, False)
        for duplicate in (True, False)
    }
    assert [case for case, state in again.items() if state is State.PLANNED] == [(True, False)]


@given(st.integers(min_value=0))
def test_delays_grow_to_the_longest_and_stay(attempts):
    assert retry_delay(attempts) in BACKOFF
    assert retry_delay(attempts) <= retry_delay(attempts + 1)


def test_a_success_is_never_undone_and_a_failure_never_revived():
    assert State.ACCEPTED not in OPEN_TO_SUCCESS | OPEN_TO_FAILURE
    assert State.FAILED not in OPEN_TO_SUCCESS | OPEN_TO_FAILURE


def test_a_live_sender_cannot_overrun_its_lease():
    longest = smtp.WAIT_SECONDS + smtp.COMMAND_SECONDS + smtp.CONTENT_SECONDS
    assert timedelta(seconds=longest) < LEASE
