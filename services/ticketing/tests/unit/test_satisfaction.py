import pytest
from careloop_ticketing.satisfaction import policy
from careloop_ticketing.satisfaction.policy import Outcome


@pytest.mark.parametrize(
    ("reply", "score"),
    [("很好", 5), ("好", 4), ("一般", 3), ("差", 1), (" 差！", 1), ("还行", None), ("", None)],
)
def test_replies_in_words_have_scores(reply, score):
    assert policy.score_of(reply) == score


@pytest.mark.parametrize(
    ("score", "reopened_before", "outcome"),
    [
        (5, False, Outcome.ARCHIVE),
        (3, False, Outcome.ARCHIVE),
        (2, False, Outcome.REOPEN),
        (1, False, Outcome.REOPEN),
        (1, True, Outcome.ARCHIVE),
    ],
)
def test_an_answer_in_time_closes_the_ticket_or_reopens_it_once(score, reopened_before, outcome, noon, after):
    decided = policy.outcome(score, open_until=after(hours=1), reopened_before=reopened_before, now=noon)
    assert decided is outcome


@pytest.mark.parametrize("score", [1, 5])
def test_a_late_answer_is_only_recorded(score, noon):
    for open_until in (None, noon):
        decided = policy.outcome(score, open_until=open_until, reopened_before=False, now=noon)
        assert decided is Outcome.RECORD
