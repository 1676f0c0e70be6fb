"""One notice of a ticket and an instant for each person."""

from uuid import UUID

from careloop_ticketing.notices.policy.roster import Role
from careloop_ticketing.notices.policy.telling import Notice, Reason, one_each
from hypothesis import given
from hypothesis import strategies as st

TICKET, OTHER = UUID(int=1), UUID(int=2)


def escalated(person, step, role=Role.HOLDER, ticket=TICKET, asks=True):
    return Notice(ticket, "C-1", person, role, Reason.ESCALATED, clock="resolution", step=step, asks=asks)


def lost(person):
    return Notice(TICKET, "C-1", person, Role.ASSIGNEE, Reason.TAKEN_AWAY)


def test_who_holds_several_levels_is_told_once_of_the_last_step_and_that_it_was_not_alone():
    (told,) = one_each([escalated("m", "breach"), escalated("m", "head")])
    assert (told.step, told.also, told.asks) == ("head", ("resolution breach",), True)


def test_each_person_is_told_of_each_ticket():
    told = one_each(
        [escalated("m", "breach"), escalated("h", "breach"), escalated("m", "breach", ticket=OTHER)]
    )
    assert [(one.recipient, one.ticket_id) for one in told] == [("m", TICKET), ("h", TICKET), ("m", OTHER)]


def test_who_watches_a_ticket_and_holds_its_level_is_told_as_its_holder():
    watches = escalated("m", "breach", role=Role.WATCHER, asks=False)
    (told,) = one_each([escalated("m", "breach"), watches])
    assert (told.role, told.asks, told.also) == (Role.HOLDER, True, ())


def test_who_lost_the_ticket_is_told_that_and_nothing_is_asked_of_them():
    (told,) = one_each([escalated("wang", "reminder", role=Role.ASSIGNEE), lost("wang")])
    assert (told.reason, told.asks, told.also) == (Reason.TAKEN_AWAY, False, ("resolution reminder",))


notices = st.builds(
    lambda person, ticket, role, step: escalated(person, step, role=role, ticket=ticket),
    st.sampled_from("abc"),
    st.sampled_from([TICKET, OTHER]),
    st.sampled_from(Role),
    st.sampled_from(["breach", "head", "reminder"]),
) | st.builds(lost, st.sampled_from("abc"))


@given(st.lists(notices))
def test_nobody_is_left_out_nobody_told_twice_and_nothing_unsaid(given_notices):
    told = one_each(given_notices)
    assert [(one.ticket_id, one.recipient) for one in told] == list(
        dict.fromkeys((one.ticket_id, one.recipient) for one in given_notices)
    )
    for one in told:
        theirs = {
            n.name for n in given_notices if (n.ticket_id, n.recipient) == (one.ticket_id, one.recipient)
        }
        assert {one.name, *one.also} == theirs
        assert one.name not in one.also
