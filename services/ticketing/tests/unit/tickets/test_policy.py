from datetime import UTC, datetime, timedelta

import pytest
from careloop_ticketing.tickets import policy
from careloop_ticketing.tickets.errors import ReceivedBeforeOpening, TransitionImpossible
from careloop_ticketing.tickets.policy import Act
from careloop_ticketing.vocabulary import Status
from hypothesis import given
from hypothesis import strategies as st

instants = st.timedeltas(timedelta(), timedelta(days=3650)).map(
    lambda since: datetime(2020, 1, 1, tzinfo=UTC) + since
)

WAYS = {
    ("received", "classify"): "classified",
    ("classified", "classify"): "classified",
    ("classified", "respond"): "handling",
    ("classified", "assign"): "classified",
    ("classified", "resolve"): "feedback",
    ("classified", "note"): "classified",
    ("handling", "classify"): "handling",
    ("handling", "respond"): "handling",
    ("handling", "assign"): "handling",
    ("handling", "pause"): "waiting",
    ("handling", "resolve"): "feedback",
    ("handling", "note"): "handling",
    ("waiting", "classify"): "waiting",
    ("waiting", "respond"): "waiting",
    ("waiting", "assign"): "waiting",
    ("waiting", "resume"): "handling",
    ("waiting", "resolve"): "feedback",
    ("waiting", "note"): "waiting",
    ("feedback", "classify"): "feedback",
    ("feedback", "reopen"): "handling",
    ("feedback", "archive"): "archived",
    ("feedback", "note"): "feedback",
    ("classified", "acknowledge"): "classified",
    ("classified", "reach"): "classified",
    ("handling", "acknowledge"): "handling",
    ("handling", "reach"): "handling",
    ("waiting", "acknowledge"): "waiting",
    ("waiting", "reach"): "waiting",
    ("feedback", "acknowledge"): "feedback",
    ("classified", "hear"): "classified",
    ("handling", "hear"): "handling",
    ("waiting", "hear"): "waiting",
    ("feedback", "hear"): "feedback",
    ("merged", "unmerge"): "classified",
}


for _open in ("classified", "handling", "waiting"):
    WAYS[_open, "release"] = _open
    WAYS |= {(_open, "merge"): "merged", (_open, "reject"): "rejected", (_open, "cancel"): "cancelled"}


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("status", Status)
def test_every_act_in_every_status(status, act):
    if (status, act) in WAYS:
        assert policy.after(status, act) == WAYS[status, act]
    else:
        with pytest.raises(TransitionImpossible):
            policy.after(status, act)


def test_every_status_has_its_row_and_ends_have_no_way_out():
    assert set(policy.TRANSITIONS) == set(Status)
    for status in (Status.ARCHIVED, Status.REJECTED, Status.CANCELLED):
        assert not policy.TRANSITIONS[status]


@pytest.mark.parametrize(("answered", "back"), [(False, "classified"), (True, "handling")])
def test_a_merge_that_is_undone_leads_back_to_where_the_ticket_was(answered, back):
    assert policy.unmerged(Status.MERGED, answered=answered) == back
    with pytest.raises(TransitionImpossible):
        policy.unmerged(Status.HANDLING, answered=answered)


def test_numbers_name_the_day_and_survive_the_millionth_ticket(noon):
    assert policy.number_of(42, noon) == "C-20260301-000042"
    assert policy.number_of(1234567, noon) == "C-20260301-1234567"


@pytest.mark.parametrize(("text", "language"), [("WiFi 很慢", "zh"), ("Slow internet", "en"), ("", "en")])
def test_the_language_of_a_text(text, language):
    assert policy.language_of(text) == language


@given(written=st.none() | instants, opened=instants, lasted=st.timedeltas(timedelta(), timedelta(days=90)))
def test_a_message_was_written_within_the_life_of_its_ticket(written, opened, lasted):
    now = opened + lasted
    if written is not None and written < opened - timedelta(minutes=1):
        with pytest.raises(ReceivedBeforeOpening):
            policy.heard_at(written, opened_at=opened, now=now)
    else:
        at = policy.heard_at(written, opened_at=opened, now=now)
        assert opened <= at <= now
        assert at == written or written is None or not opened <= written <= now
