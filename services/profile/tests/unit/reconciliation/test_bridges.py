"""Where a person hangs by a thread."""

from itertools import combinations, pairwise
from uuid import UUID

import pytest
from careloop_profile.identity.policy import Clue, parts
from careloop_profile.reconciliation.policy import Tie, bridges, hanging
from hypothesis import example, given
from hypothesis import strategies as st

ID = [UUID(int=number + 1) for number in range(12)]


def pair(one, other):
    return min(ID[one], ID[other]), max(ID[one], ID[other])


def graphs():
    edges = st.sampled_from(list(combinations(range(len(ID)), 2)))
    return st.sets(edges, max_size=24).map(lambda found: {pair(*edge) for edge in found})


def by_brute_force(pairs):
    """Each pair without which there is one part more, with both sides of it."""
    members = {key for one in pairs for key in one}
    whole = parts(members, [Clue(*one) for one in pairs])
    found = {}
    for one in pairs:
        without = parts(members, [Clue(*other) for other in pairs if other != one])
        if len(without) > len(whole):
            found[one] = tuple(next(part for part in without if key in part) for key in one)
    return found


@given(graphs())
@example({pair(0, 1)})
@example({pair(0, 1), pair(1, 2), pair(0, 2), pair(2, 3)})
def test_bridges_are_those_without_which_there_is_one_part_more(pairs):
    found = {(one.one, one.other): (one.ours, one.theirs) for one in bridges(pairs)}
    assert found == by_brute_force(pairs)


def test_a_chain_of_a_thousand_is_walked_without_a_call_for_each():
    chain = [UUID(int=number) for number in range(1, 1001)]
    found = bridges(list(pairwise(chain)))
    assert len(found) == 999
    assert [len(one.ours) for one in found] == list(range(1, 1000))


def tie(one, other, *, by_model=True):
    return Tie(ID[one], ID[other], by_model)


def test_only_what_a_model_alone_says_is_a_bridge_to_judge():
    [found] = hanging([tie(0, 1, by_model=False), tie(1, 2)])
    assert (found.one, found.other) == (ID[1], ID[2])
    assert (found.ours, found.theirs) == ({ID[0], ID[1]}, {ID[2]})


@pytest.mark.parametrize("order", [(True, False), (False, True)])
def test_what_a_rule_or_a_person_says_as_well_is_none(order):
    ties = [tie(1, 2, by_model=by_model) for by_model in order]
    assert [(one.one, one.other) for one in hanging([*ties, tie(0, 1)])] == [(ID[0], ID[1])]


def test_two_models_that_said_the_same_are_one_edge():
    assert len(hanging([tie(0, 1), tie(1, 0), tie(1, 2)])) == 2


def test_a_ring_hangs_by_no_thread():
    assert hanging([tie(0, 1), tie(1, 2), tie(2, 0)]) == []


def test_a_person_of_two_customers_has_no_bridge_unless_it_is_asked_for():
    assert hanging([tie(0, 1)]) == []
    assert len(hanging([tie(0, 1)], fewest=2)) == 1
    assert hanging([]) == []


@given(graphs(), st.data())
def test_what_is_judged_is_a_bridge_that_nothing_but_a_model_speaks_of(pairs, data):
    said = {one: data.draw(st.booleans()) for one in sorted(pairs)}
    found = {(one.one, one.other) for one in hanging([Tie(*one, said[one]) for one in sorted(pairs)])}
    many = len({key for one in pairs for key in one}) >= 3
    assert found == ({one for one in by_brute_force(pairs) if said[one]} if many else set())
