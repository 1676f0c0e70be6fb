import pytest
from careloop_common import clock, ids
from careloop_ticketing.bulk.acts import _ACTS
from careloop_ticketing.bulk.models import BulkJobRow
from careloop_ticketing.bulk.policy import INVERSE, Act, Result, State, rest


def test_what_takes_an_act_back_is_taken_back_by_it():
    assert all(INVERSE[inverse] is act for act, inverse in INVERSE.items())


def test_every_act_is_one_of_a_single_ticket():
    assert set(_ACTS) == set(Act)


@pytest.mark.parametrize(
    ("state", "pending", "not_done"),
    [(State.QUEUED, 4, 0), (State.RUNNING, 4, 0), (State.CANCELLED, 0, 4)],
)
def test_what_is_not_done_is_pending_until_the_job_is_cancelled(state, pending, not_done):
    now = clock.now()
    job = BulkJobRow(
        id=ids.new_id(),
        act=Act.RESUME,
        arguments={},
        state=state,
        total=10,
        changed=3,
        no_effect=2,
        impossible=1,
        actor_id="agent-1",
        actor_kind="user",
        requested_at=now,
        worked_at=now,
    )
    assert job.counts[Result.PENDING] == pending
    assert job.counts[Result.NOT_DONE] == not_done
    assert sum(job.counts.values()) == job.total


@pytest.mark.parametrize("took", [0.02, 0.2, 0.25])
def test_between_batches_a_worker_rests_until_the_next_is_due(took):
    assert took + rest(100, took, rate=200) == pytest.approx(0.5)


def test_slow_batches_leave_others_half_of_the_time():
    assert rest(100, 0.8, rate=200) == 0.8
