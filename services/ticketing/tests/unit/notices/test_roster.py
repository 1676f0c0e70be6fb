"""Who is told in the name of a level: by place, by time, and whoever is away."""

from datetime import UTC, datetime, timedelta

import pytest
from careloop_ticketing.notices.errors import InvalidRoster
from careloop_ticketing.notices.policy.roster import NOBODY, Addressee, Duty, Role, read
from careloop_ticketing.vocabulary import Level
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def duty(*posts, fallback=(), absent=(), leads=None, now=NOW):
    return Duty(read(1, {"posts": posts, "fallback": fallback}), now, frozenset(absent), leads or {})


def told(found):
    return [(one.id, one.role.value) for one in found]


def manager(holder, **given):
    return {"level": "manager", "holders": [holder], **given}


def of(on_duty, level=Level.MANAGER, team=None, region=None):
    return told(on_duty.holders(level, team=team, region=region))


def test_the_closest_post_decides_and_one_for_the_team_before_all_others():
    on_duty = duty(
        manager("all"),
        manager("guangdong", regions=["广东"]),
        manager("shenzhen", regions=["广东/深圳"]),
        manager("billing", teams=["billing"]),
    )
    assert of(on_duty) == [("all", "holder")]
    assert of(on_duty, region="北京") == [("all", "holder")]
    assert of(on_duty, region="广东/广州") == [("guangdong", "holder")]
    assert of(on_duty, region="广东/深圳/南山") == [("shenzhen", "holder")]
    assert of(on_duty, region="广东/深圳", team="billing") == [("billing", "holder")]


def test_all_who_hold_a_level_together_are_told_each_of_them_once():
    committee = {"level": "group_committee", "holders": ["a", "b"]}
    other = {"level": "group_committee", "holders": ["b", "c"]}
    assert of(duty(committee, other), Level.GROUP_COMMITTEE) == [(one, "holder") for one in "abc"]


def test_while_a_holder_is_away_the_first_deputy_who_is_there_is_told():
    post = manager("m", deputies=["d1", "d2"])
    assert of(duty(post)) == [("m", "holder")]
    assert of(duty(post, absent=["m"])) == [("d1", "deputy")]
    assert of(duty(post, absent=["m", "d1"])) == [("d2", "deputy")]


def test_where_all_of_a_post_are_away_the_next_closest_is_told_then_the_fallback_and_never_no_one():
    near, far = manager("near", regions=["广东"]), manager("far")
    assert of(duty(near, far, absent=["near"]), region="广东") == [("far", "holder")]
    assert of(duty(near, absent=["near"], fallback=["desk"]), region="广东") == [("desk", "fallback")]
    assert of(duty(near, absent=["near", "desk"], fallback=["desk"])) == [(NOBODY, "nobody")]


def test_a_post_counts_from_its_first_instant_until_before_its_last():
    until = NOW + timedelta(days=1)
    post = manager("m", since=NOW.isoformat(), until=until.isoformat())
    assert of(duty(post, now=NOW - timedelta(seconds=1))) == [(NOBODY, "nobody")]
    assert of(duty(post, now=NOW)) == [("m", "holder")]
    assert of(duty(post, now=until)) == [(NOBODY, "nobody")]


class Ticket:
    assignee_id, level, team, region = None, Level.EXPERT, None, None

    def __init__(self, **given):
        self.__dict__.update(given)


def test_who_holds_the_ticket_is_in_charge_then_the_lead_of_its_team_then_who_holds_its_level():
    def found(ticket, absent=()):
        expert = {"level": "expert", "holders": ["expert"]}
        return told(duty(expert, leads={"net": "lead"}, absent=absent).in_charge(ticket))

    assert found(Ticket(assignee_id="wang", team="net")) == [("wang", "assignee")]
    assert found(Ticket(assignee_id="wang", team="net"), ["wang"]) == [("lead", "team_lead")]
    assert found(Ticket(team="net")) == [("lead", "team_lead")]
    assert found(Ticket(team="net"), ["lead"]) == [("expert", "holder")]
    assert found(Ticket()) == [("expert", "holder")]


@pytest.mark.parametrize(
    ("posts", "fallback", "pointer"),
    [
        ([manager("ghost")], [], "/posts/0/holders/0"),
        ([manager("m"), manager("m", deputies=["m", "ghost"])], [], "/posts/1/deputies/1"),
        ([manager("m", teams=["ghosts"])], [], "/posts/0/teams/0"),
        ([manager("m", since="2026-03-01T00:00:00Z", until="2026-03-01T00:00:00Z")], [], "/posts/0/until"),
        ([], ["m", "ghost"], "/fallback/1"),
    ],
)
def test_a_roster_that_cannot_be_is_refused_and_the_part_named(posts, fallback, pointer):
    with pytest.raises(InvalidRoster) as refused:
        read(0, {"posts": posts, "fallback": fallback}, people={"m"}, teams={"net"})
    assert refused.value.pointer == pointer


people = st.sampled_from(["a", "b", "c", "d", "e"])
regions = st.sampled_from(["广东", "广东/深圳", "北京"])
posts = st.builds(
    lambda level, holders, deputies, where: {
        "level": level.value,
        "holders": holders,
        "deputies": deputies,
        "regions": where,
    },
    st.sampled_from(Level),
    st.lists(people, min_size=1, max_size=3),
    st.lists(people, max_size=3),
    st.lists(regions, max_size=2),
)


@given(
    st.lists(posts, max_size=6),
    st.lists(people, max_size=2),
    st.sets(people),
    st.sampled_from(Level),
    st.none() | regions,
)
def test_somebody_is_always_told_once_and_who_is_away_never(given_posts, fallback, absent, level, region):
    found = duty(*given_posts, fallback=fallback, absent=absent).holders(level, team=None, region=region)
    assert found
    assert len({one.id for one in found}) == len(found)
    assert not absent & {one.id for one in found}
    if set(fallback) - absent:
        assert Addressee(NOBODY, Role.NOBODY) not in found
