"""Who decides, and on which way a word gets there; paths are compared with trying all of them."""

from itertools import pairwise
from math import prod
from uuid import UUID

import pytest
from careloop_profile.parties.policy.decisions import (
    DOWN,
    HEEDS,
    UNWILLING,
    UP,
    Edge,
    decision_map,
    strongest_path,
)
from careloop_profile.parties.policy.relations import Role
from hypothesis import given
from hypothesis import strategies as st

FIRM = UUID(int=99)
A, B, C, D, E = (UUID(int=n) for n in range(1, 6))


def reports(one, other):
    return Edge("reports_to", one, other)


def influences(one, other, influence):
    return Edge("influences", one, other, influence=influence)


def contact(one, role, **facts):
    return Edge("contact", one, FIRM, role=role, **facts)


def people(path):
    return [path.start, *(step.other for step in path.steps)]


def test_levels_are_counted_from_the_top_and_the_side_has_none():
    found = decision_map([reports(B, A), reports(C, B), reports(D, B), influences(E, A, 2)])
    levels = {key: one.level for key, one in found.members.items()}
    assert levels == {A: 0, B: 1, C: 2, D: 2, E: None}
    assert found.members[B].reports == 2
    assert [one.person_id for one in found.down_to(2)] == [A, B, E]


def test_a_circle_that_a_merge_left_has_no_levels_and_no_end():
    found = decision_map([reports(A, B), reports(B, A), contact(A, "decider"), contact(B, "user", rapport=5)])
    assert {one.level for one in found.members.values()} == {None}
    assert people(strongest_path(found, None, [A], 6)) == [B, A]


def test_who_is_against_us_anywhere_is_against_us():
    found = decision_map([contact(A, "user", stance="supports"), contact(A, "buyer", stance="opposes")])
    assert (found.members[A].stance, found.members[A].against) == ("opposes", True)
    assert found.members[A].roles == {Role.USER, Role.BUYER}


def test_the_stronger_way_is_taken_though_it_is_longer():
    edges = [influences(A, D, 1), influences(A, B, 5), influences(B, D, 5), contact(A, "user", rapport=5)]
    path = strongest_path(decision_map(edges), None, [D], 6)
    assert people(path) == [A, B, D]
    assert path.strength == pytest.approx(HEEDS**2)
    assert people(strongest_path(decision_map(edges), None, [D], 1)) == [A, D]


def test_a_weaker_way_is_taken_where_the_stronger_one_has_too_many_steps():
    edges = [influences(A, B, 5), influences(B, C, 5), influences(A, C, 4), influences(C, D, 5)]
    found = decision_map([*edges, influences(D, E, 5), contact(A, "user", rapport=5)])
    assert people(strongest_path(found, None, [E], 4)) == [A, B, C, D, E]
    assert people(strongest_path(found, None, [E], 3)) == [A, C, D, E]
    assert strongest_path(found, None, [E], 2) is None


def test_whom_we_know_better_speaks_louder():
    edges = [influences(A, C, 5), influences(B, C, 5), contact(A, "user", rapport=2)]
    path = strongest_path(decision_map([*edges, contact(B, "user", rapport=4)]), None, [C], 6)
    assert (path.start, path.rapport) == (B, 4)
    assert path.strength == pytest.approx(4 / 5 * HEEDS)


def test_whoever_is_against_us_passes_little_on_but_can_be_reached():
    edges = [influences(A, B, 5), influences(B, C, 5), contact(A, "user", rapport=5), contact(B, "blocker")]
    found = decision_map(edges)
    assert strongest_path(found, None, [B], 6).strength == pytest.approx(HEEDS)
    assert strongest_path(found, None, [C], 6).strength == pytest.approx(HEEDS**2 * UNWILLING)


def test_a_bad_influence_is_no_way_and_nobody_known_is_no_start():
    edges = [influences(A, B, -5), contact(A, "user", rapport=5)]
    assert strongest_path(decision_map(edges), None, [B], 6) is None
    assert strongest_path(decision_map([influences(A, B, 5)]), None, [B], 6) is None
    assert people(strongest_path(decision_map([influences(A, B, 5)]), [A], [B], 6)) == [A, B]


def test_who_decides_and_is_known_is_reached_at_once():
    found = decision_map([contact(A, "decider", rapport=3)])
    assert strongest_path(found, None, [A], 6)[:3] == (A, 3, 3 / 5)


_PEOPLE = st.sampled_from([A, B, C, D, E])
_EDGES = st.lists(
    st.one_of(
        st.builds(reports, _PEOPLE, _PEOPLE),
        st.builds(influences, _PEOPLE, _PEOPLE, st.integers(-5, 5)),
        st.builds(
            lambda one, role, rapport: contact(one, role, rapport=rapport),
            _PEOPLE,
            st.sampled_from(["user", "blocker"]),
            st.integers(0, 5),
        ),
    ),
    max_size=14,
)


@given(_EDGES, st.integers(1, 5))
def test_no_way_is_stronger_than_the_one_that_is_found(edges, most):
    found = decision_map([*edges, Edge("works_for", E, FIRM)])
    path = strongest_path(found, None, [E], most)
    best = max((_strength(found, way) for way in _ways(found, most)), default=0)
    assert (path.strength if path else 0) == pytest.approx(best)
    if path is not None:
        assert len(path.steps) <= most
        assert path.strength == pytest.approx(_strength(found, tuple(people(path))))


def _ways(found, most):
    """All ways without a repetition from somebody known to E."""
    waiting = [(key,) for key, one in found.members.items() if one.known]
    while waiting:
        way = waiting.pop()
        if way[-1] == E:
            yield way
        elif len(way) <= most:
            waiting += [(*way, key) for key in found.members if key not in way]


def _strength(found, way):
    return found.members[way[0]].rapport / 5 * prod(_step(found, *ends) for ends in pairwise(way))


def _step(found, one, other):
    said = [HEEDS * edge.influence / 5 for edge in found.influences if edge[1:3] == (one, other)]
    said += [DOWN] * (found.members[other].superior == one) + [UP] * (found.members[one].superior == other)
    return max(0, 0, *said) * (UNWILLING if found.members[one].against else 1)
