"""Many statements at once: what is new, what was known, what ends, and what excludes each other."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from careloop_common.errors import DomainError
from careloop_profile.parties.errors import LineInCircle, RelationDecided, RelationOverlaps
from careloop_profile.parties.policy.ledger import Entry, Ledger, Statement, Verdict
from careloop_profile.parties.policy.relations import Claim, Relation
from hypothesis import given
from hypothesis import strategies as some

TODAY, FIRM = date(2026, 6, 1), UUID(int=99)
DAYS = some.dates(date(2026, 5, 28), date(2026, 6, 5))


def said(kind, one, other, first=None, last=None, **facts):
    where = FIRM if kind in {Relation.REPORTS_TO, Relation.INFLUENCES} else None
    ends = UUID(int=one), UUID(int=other)
    return Statement(Claim(kind, *ends, first or TODAY, last, where, facts=facts), dated=first is not None)


def take(ledger, statements):
    found = []
    for place, statement in enumerate(statements):
        try:
            found.append(ledger.take(place, UUID(int=1000 + place), statement))
        except DomainError as error:
            found.append(error.code)
    return found


def known(ledger):
    return [entry for _, entry in ledger.stated]


@some.composite
def statements(draw):
    kind = draw(some.sampled_from([Relation.FAMILY, Relation.REPORTS_TO, Relation.INFLUENCES, Relation.OWNS]))
    first, last = draw(some.none() | DAYS), draw(some.none() | DAYS)
    one, other = draw(some.lists(some.integers(1, 4), min_size=2, max_size=2, unique=True))
    facts = {"influence": draw(some.integers(-5, 5))} if kind is Relation.INFLUENCES else {}
    return said(kind, one, other, first, last, **facts)


@given(some.lists(statements(), max_size=12))
def test_what_was_taken_holds_without_contradiction_and_a_second_reading_states_nothing(many):
    ledger = Ledger([], TODAY)
    take(ledger, many)
    entries = known(ledger)
    for one in entries:
        assert one.valid_from <= one.until
        for other in entries:
            if (
                one is not other
                and one.kind == other.kind == Relation.REPORTS_TO
                and one.stands
                and other.stands
            ):
                apart = one.until <= other.valid_from or other.until <= one.valid_from
                assert one.from_id != other.from_id or apart, "nobody has two superiors on one day"
    before = [(one.id, one.valid_from, one.valid_to, dict(one.facts)) for one in entries]
    again = Ledger(entries, TODAY)
    verdicts = take(again, [one for one in many if one.dated and one.claim.valid_to is None])
    assert Verdict.CHANGED not in verdicts
    assert [(one.id, one.valid_from, one.valid_to, dict(one.facts)) for one in entries] == before


@given(
    some.lists(some.tuples(some.integers(1, 6), some.integers(1, 6), DAYS, some.none() | DAYS), max_size=15)
)
def test_on_no_day_a_line_comes_back_to_where_it_began(many):
    ledger = Ledger([], TODAY)
    take(ledger, [said(Relation.OWNS, *one) for one in many if one[0] != one[1]])
    for offset in range(-6, 8):
        day = TODAY + timedelta(days=offset)
        up = {}
        for one in known(ledger):
            if one.valid_from <= day < one.until:
                up.setdefault(one.from_id, set()).add(one.to_id)
        for start, reached in up.items():
            ahead, seen = set(reached), set()
            while ahead:
                seen |= ahead
                ahead = set().union(*(up.get(key, set()) for key in ahead)) - seen
            assert start not in seen


def test_an_open_relation_ends_once_and_begins_again_only_with_a_first_day():
    ledger = Ledger([], TODAY)
    first, end = date(2020, 1, 1), date(2024, 1, 1)
    works = (Relation.WORKS_FOR, 1, 9)
    rows = [said(*works, first), said(*works), said(*works, None, end), said(*works, None, end)]
    assert take(ledger, rows) == [Verdict.STATED, Verdict.UNCHANGED, Verdict.CHANGED, Verdict.UNCHANGED]
    rows = [said(*works), said(*works, first, TODAY), said(*works, first), said(*works, date(2025, 1, 1))]
    ended = RelationDecided.code
    assert take(ledger, rows) == [ended, ended, Verdict.UNCHANGED, Verdict.STATED]


def test_the_same_with_other_facts_is_told_and_with_more_facts_adds_them():
    ledger = Ledger([], TODAY)
    first = date(2020, 1, 1)
    works = (Relation.WORKS_FOR, 1, 9, first)
    assert take(ledger, [said(*works), said(*works, title="CTO"), said(*works, title="CFO")]) == [
        Verdict.STATED,
        Verdict.CHANGED,
        RelationOverlaps.code,
    ]
    assert known(ledger)[0].facts == {"title": "CTO"}


@pytest.mark.parametrize("turned", [False, True])
def test_family_is_family_from_either_end_and_what_was_proposed_is_confirmed(turned):
    ends = (UUID(int=2), UUID(int=1)) if turned else (UUID(int=1), UUID(int=2))
    proposed = Entry(UUID(int=7), "family", *ends, None, None, None, {}, TODAY, None, "proposed")
    ledger = Ledger([proposed], TODAY)
    first = date(2000, 1, 1)
    rows = [said(Relation.FAMILY, 1, 2, first), said(Relation.FAMILY, 2, 1, first)]
    assert take(ledger, rows) == [Verdict.CHANGED, Verdict.UNCHANGED]
    assert (proposed.state, proposed.valid_from) == ("confirmed", first)


def test_what_was_never_so_stays_so():
    never = Entry(
        UUID(int=7), "family", UUID(int=1), UUID(int=2), None, None, None, {}, TODAY, TODAY, "confirmed"
    )
    ledger = Ledger([never], TODAY)
    assert take(ledger, [said(Relation.FAMILY, 1, 2, TODAY)]) == [Verdict.UNCHANGED]


def test_a_line_may_turn_round_on_a_day():
    ledger = Ledger([], TODAY)
    rows = [
        said(Relation.REPORTS_TO, 1, 2, date(2020, 1, 1), date(2022, 1, 1)),
        said(Relation.REPORTS_TO, 2, 1, date(2022, 1, 1)),
        said(Relation.REPORTS_TO, 3, 2, date(2020, 1, 1)),
        said(Relation.REPORTS_TO, 1, 3, date(2022, 1, 1)),
    ]
    assert take(ledger, rows) == [Verdict.STATED, Verdict.STATED, Verdict.STATED, LineInCircle.code]
