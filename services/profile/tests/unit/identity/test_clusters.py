from datetime import UTC, datetime, timedelta
from itertools import combinations
from uuid import UUID

from careloop_profile.customers.policy import Joined, since_with
from careloop_profile.identity.policy import Clue, Known, head, parts, row_of
from hypothesis import given
from hypothesis import strategies as st

EDGES = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20)


def reachable(start, edges):
    found, waiting = set(), [start]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += [b for a, b in edges if a == node] + [a for a, b in edges if b == node]
    return found


@given(EDGES)
def test_a_part_is_what_can_be_reached_from_any_of_its_members(edges):
    nodes = [UUID(int=number) for number in range(12)]
    found = parts(nodes, [Clue(nodes[a], nodes[b]) for a, b in edges])
    expected = {frozenset(nodes[n] for n in reachable(start, edges)) for start in range(12)}
    assert set(found) == expected
    assert sum(map(len, found)) == 12


def test_clues_about_others_are_nothing():
    one, other, stranger = (UUID(int=number) for number in (1, 2, 3))
    assert parts([one, other], [Clue(one, stranger), Clue(stranger, other)]) == [{one}, {other}]


def test_the_person_is_the_customer_that_was_known_first():
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    members = [Known(late, UUID(int=1)), Known(early, UUID(int=3)), Known(early, UUID(int=2))]
    assert head(members) == UUID(int=2)


START = datetime(2026, 1, 1, tzinfo=UTC)
NODES = [UUID(int=number) for number in range(8)]


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(NODES), st.sampled_from(NODES)), max_size=20))
def test_a_row_says_of_any_two_since_when_they_are_one(steps):
    rows = {node: [Joined(node, START)] for node in NODES}
    since = {}
    for hour, (together, one, other) in enumerate(steps, 1):
        now = START + timedelta(hours=hour)
        before = [rows[one], rows[other]] if rows[one] != rows[other] else [rows[one]]
        everybody = {each.customer_id for row in before for each in row}
        after = [everybody] if together else [{one}, everybody - {one}]
        for part in filter(None, after):
            row = row_of(part, before, now)
            rows |= dict.fromkeys(part, row)
        for pair in combinations(NODES, 2):
            if rows[pair[0]] is not rows[pair[1]]:
                since.pop(pair, None)
            else:
                since.setdefault(pair, now)
    for one, other in combinations(NODES, 2):
        assert since_with(one, rows[one]).get(other) == since.get((one, other))
        assert since_with(other, rows[other]).get(one) == since.get((one, other))
