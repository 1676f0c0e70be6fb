from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from careloop_ticketing.history.policy import Kept, Mark, broken
from careloop_ticketing.tickets.chain import START, UNKEYED, Chain, Entry, encoded

TICKET, OTHER = UUID(int=1), UUID(int=2)
KEYS = {"new": b"n" * 32, "old": b"o" * 32}
AT = datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC)


@pytest.fixture
def chain():
    return Chain(KEYS)


def entry(seq=1, ticket=TICKET, **given):
    said = {
        "fact": "noted",
        "at": AT,
        "actor_id": "li",
        "actor_kind": "user",
        "before": {},
        "after": {"n": seq},
    }
    return Entry(ticket_id=ticket, seq=seq, **(said | given))


def written(chain, count=5, **given):
    previous, kept = START, []
    for seq in range(1, count + 1):
        new = entry(seq, **given)
        previous = chain.link(previous, new)
        kept.append(Kept(new, chain.key_id, previous))
    return kept


def problems(chain, kept, *, version=5, head=None, marks=()):
    head = kept[-1].hash if head is None and kept else head
    return [(one.seq, one.problem) for one in broken(chain, TICKET, version, head or START, kept, marks)]


def test_what_was_written_verifies(chain):
    assert problems(chain, written(chain)) == []


def test_entries_of_an_older_key_verify_as_long_as_the_ring_has_it(chain):
    kept = written(Chain({"old": KEYS["old"]}))
    assert problems(chain, kept) == []
    assert "ring does not have" in problems(Chain({"new": KEYS["new"]}), kept)[0][1]


@pytest.mark.parametrize(
    "change",
    [
        {"fact": "opened"},
        {"at": AT + timedelta(microseconds=1)},
        {"actor_id": "wang"},
        {"actor_kind": "system"},
        {"before": {"status": "x"}},
        {"after": {"n": "3"}},
        {"ticket_id": OTHER},
    ],
)
def test_any_edit_is_found_where_it_was_made(chain, change):
    kept = written(chain)
    kept[2] = kept[2]._replace(entry=kept[2].entry._replace(**change))
    assert [seq for seq, _ in problems(chain, kept)] == [3]


@pytest.mark.parametrize("place", range(5))
def test_a_deleted_entry_is_found_even_when_the_others_close_up(chain, place):
    kept = written(chain)
    head = kept[-1].hash
    del kept[place]
    assert problems(chain, kept, head=head)
    closed = [one._replace(entry=one.entry._replace(seq=seq)) for seq, one in enumerate(kept, start=1)]
    assert problems(chain, closed, version=4, head=head)


def test_two_entries_that_changed_places_are_found(chain):
    kept = written(chain)
    one, two = kept[1], kept[2]
    kept[1] = two._replace(entry=two.entry._replace(seq=2))
    kept[2] = one._replace(entry=one.entry._replace(seq=3))
    assert [seq for seq, _ in problems(chain, kept)] == [2, 3, 4]


def test_an_entry_of_another_ticket_does_not_fit(chain):
    moved = written(chain, ticket=OTHER)
    assert problems(chain, [one._replace(entry=one.entry._replace(ticket_id=TICKET)) for one in moved])


def test_who_has_another_key_cannot_chain_anew(chain):
    forged = [one._replace(key_id="new") for one in written(Chain({"new": b"x" * 32}))]
    assert len(problems(chain, forged)) == 5


def test_a_plain_hash_is_good_only_up_to_the_first_anchor(chain):
    previous, kept = START, []
    for seq in range(1, 6):
        previous = chain.hash(previous, entry(seq), UNKEYED)
        kept.append(Kept(entry(seq), UNKEYED, previous))
    assert len(problems(chain, kept)) == 5
    assert [seq for seq, _ in problems(chain, kept, marks=[Mark(1, 3, kept[2].hash)])] == [4, 5]
    assert problems(chain, kept, marks=[Mark(1, 5, kept[4].hash)]) == []
    assert len(problems(chain, kept, marks=[Mark(2, 5, kept[4].hash)])) == 5


def test_a_history_cut_back_behind_an_anchor_is_found(chain):
    kept = written(chain)
    cut = kept[:3]
    assert problems(chain, cut, version=3) == []
    marks = [Mark(4, 5, kept[4].hash)]
    assert problems(chain, cut, version=3, marks=marks) == [(5, "is missing, though anchor 4 holds it")]


def test_the_head_of_the_ticket_has_to_be_its_last_entry(chain):
    kept = written(chain)
    assert problems(chain, kept[:4], head=kept[4].hash)
    assert problems(chain, [], version=0, head=START) == []


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ({"b": 1, "a": 2}, {"a": 2, "b": 1}),
        ({"n": 1e22}, {"n": 10**22}),
        ({"n": [-0.0, {"m": 2e16}]}, {"n": [0.0, {"m": 2 * 10**16}]}),
        ({"text": "1e+5 -0.0", "n": 0.1}, {"n": 0.1, "text": "1e+5 -0.0"}),
    ],
)
def test_what_postgresql_writes_differently_is_hashed_the_same(written, read):
    assert encoded(entry(after=written)) == encoded(entry(after=read))


def test_fields_cannot_run_into_each_other():
    assert encoded(entry(fact="a", actor_id="b")) != encoded(entry(fact='a",1,"b', actor_id=""))


def test_no_key_may_take_the_name_of_none():
    with pytest.raises(ValueError, match="none"):
        Chain({UNKEYED: bytes(32)})


def test_the_encoding_stays_what_it_is_for_stored_hashes_depend_on_it(chain):
    said = {"z": None, "a": [True, 172800.0, 0.1, 1e-7, 1e22], "重": 'é"\\\n\ue000', "n": -(10**20)}
    new = entry(after=said, before={"status": "handling"})
    assert (
        encoded(new)
        == (
            '["00000000000000000000000000000001",1,"noted",1772366400000001,"li","user",{"status":"handling"},'
            '{"a":[true,172800.0,0.1,1e-7,10000000000000000000000],"n":-100000000000000000000,"z":null,'
            '"重":"é\\"\\\\\\n\ue000"}]'
        ).encode()
    )
    assert chain.link(START, new).hex() == "e2ce2739368043b02de0d4e204a21bff204e3c3a2d58f9d44c2d566c1aea0aa3"
