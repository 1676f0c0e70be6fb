from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from careloop_ticketing.dispatch.policy.choosing import Floor, Needs, Obstacle, choose, lacks
from careloop_ticketing.staff.policy import Person
from careloop_ticketing.vocabulary import Level
from hypothesis import given
from hypothesis import strategies as st

WANG = Person("wang", "王芳", Level.FRONT_LINE, ("zh",), 10)
PLAIN = Needs("standard", Level.FRONT_LINE, language="zh")

LEVELS = st.sampled_from(Level)
REGIONS = st.sampled_from(["广东", "广东/深圳", "北京"])
PEOPLE = st.builds(
    Person,
    id=st.text("abcdefgh", min_size=1, max_size=3),
    name=st.just(""),
    level=LEVELS,
    languages=st.sampled_from([("zh",), ("en",), ("zh", "en")]),
    capacity=st.integers(0, 4),
    regions=st.lists(REGIONS, max_size=2).map(tuple),
    teams=st.frozensets(st.sampled_from("xy"), max_size=2),
    certificates=st.dictionaries(st.sampled_from(["fibre", "billing"]), st.integers(1, 5)),
    on_duty=st.booleans(),
)
FLOORS = st.lists(PEOPLE, max_size=8, unique_by=lambda person: person.id)
NEEDS = st.builds(
    Needs,
    rule=st.just("any"),
    level=LEVELS,
    highest=st.none() | LEVELS,
    team=st.none() | st.sampled_from("xy"),
    skill=st.none() | st.sampled_from(["fibre", "billing"]),
    certificate=st.integers(1, 5),
    language=st.none() | st.sampled_from(["zh", "en"]),
    region=st.none() | REGIONS,
    within_region=st.booleans(),
    green_lane=st.booleans(),
    reserve=st.integers(0, 2),
    but_not=st.none() | st.text("abcdefgh", min_size=1, max_size=3),
)


@given(st.data(), FLOORS, st.lists(NEEDS, max_size=12))
def test_nobody_is_given_what_they_cannot_take_nor_more_than_they_can(noon, data, people, tickets):
    loads = {person.id: data.draw(st.integers(0, 5)) for person in people}
    floor = Floor(people, loads, noon)
    for needs in tickets:
        before = dict(floor.loads)
        choice = floor.give(needs)
        assert choice.eligible + sum(choice.ruled_out.values()) == len(people)
        if choice.person is None:
            assert choice.eligible == 0
            continue
        person = choice.person
        assert person.on_duty
        assert person.id != needs.but_not
        assert lacks(needs, person) is None
        assert choice.load == before[person.id]
        assert before[person.id] < person.capacity + (needs.reserve if needs.green_lane else 0)


@given(FLOORS, NEEDS, st.randoms())
def test_the_order_in_which_people_are_known_decides_nothing(noon, people, needs, random):
    shuffled = random.sample(people, len(people))
    assert choose(needs, people, {}, noon) == choose(needs, shuffled, {}, noon)


@given(st.integers(1, 12), st.integers(0, 120))
def test_of_equal_people_none_gets_more_than_one_ticket_more_than_another(noon, people, tickets):
    floor = Floor([replace(WANG, id=f"agent-{n:02}") for n in range(people)], {}, noon)
    given_to = Counter(choice.person.id for _ in range(tickets) if (choice := floor.give(PLAIN)).person)
    assert sum(given_to.values()) == min(tickets, people * WANG.capacity)
    assert max(floor.loads.values()) - min(floor.loads.values()) <= 1


@given(FLOORS, NEEDS)
def test_who_would_get_it_is_the_first_of_the_ranking(noon, people, needs):
    floor = Floor(people, {}, noon)
    choice, ranked = floor.choose(needs), floor.ranked(needs)
    assert choice.eligible == len(ranked)
    assert choice.person == (ranked[0] if ranked else None)


def test_who_has_twice_the_capacity_gets_twice_as_much(noon):
    strong = replace(WANG, id="strong", capacity=20)
    floor = Floor([WANG, strong], {}, noon)
    for _ in range(15):
        floor.give(PLAIN)
    assert floor.loads == {"wang": 5, "strong": 10}


def test_an_ordinary_ticket_goes_to_the_lowest_level_that_will_do(noon):
    head = replace(WANG, id="head", level=Level.REGIONAL_HEAD)
    assert choose(PLAIN, [head, WANG], {"wang": 9}, noon).person == WANG
    assert choose(PLAIN, [head, WANG], {"wang": 10}, noon).person == head
    assert choose(replace(PLAIN, highest=Level.EXPERT), [head, WANG], {"wang": 10}, noon).person is None


def test_who_is_near_comes_before_who_is_everywhere_and_who_is_elsewhere(noon):
    near, wide, far = (
        replace(WANG, id=name, regions=regions)
        for name, regions in (("z", ("广东/深圳",)), ("b", ("广东",)), ("a", ("北京",)))
    )
    anywhere = replace(WANG, id="any")
    needs = replace(PLAIN, region="广东/深圳")
    assert Floor([far, anywhere, wide, near], {}, noon).ranked(needs) == [near, wide, anywhere, far]
    strict = Floor([far, anywhere, wide, near], {}, noon)
    assert strict.ranked(replace(needs, within_region=True)) == [near, wide, anywhere]
    without = Floor([far], {}, noon).choose(replace(needs, region=None, within_region=True))
    assert without.person == far, "a ticket of no region asks for none"


def test_the_green_lane_looks_for_the_highest_certificate_and_may_use_the_reserve(noon):
    novice, master = (
        replace(WANG, id=name, certificates={"fibre": grade})
        for name, grade in (("novice", 1), ("master", 5))
    )
    loads = {"novice": 0, "master": 10}
    lane = replace(PLAIN, skill="fibre", green_lane=True, reserve=1)
    assert choose(replace(PLAIN, skill="fibre"), [novice, master], loads, noon).person == novice
    assert choose(lane, [novice, master], loads, noon).person == master
    assert choose(lane, [novice, master], {"master": 11}, noon).person == novice


def test_of_equal_loads_it_goes_to_who_has_waited_longest(noon, after):
    early = replace(WANG, id="z", last_assigned_at=after(hours=-2))
    late = replace(WANG, id="a", last_assigned_at=after(hours=-1))
    assert choose(PLAIN, [late, early], {}, noon).person == early
    never = replace(WANG, id="n")
    assert choose(PLAIN, [late, early, never], {}, noon).person == never
    floor = Floor([early, late], {}, noon + timedelta(hours=1))
    assert [floor.give(PLAIN).person.id for _ in range(4)] == ["z", "a", "a", "z"]


@pytest.mark.parametrize(
    ("change", "needs", "why"),
    [
        ({"level": Level.FRONT_LINE}, {"level": Level.EXPERT}, Obstacle.LEVEL),
        ({"teams": frozenset("x")}, {"team": "y"}, Obstacle.TEAM),
        ({"certificates": {"fibre": 2}}, {"skill": "fibre", "certificate": 3}, Obstacle.CERTIFICATE),
        ({"languages": ("en",)}, {}, Obstacle.LANGUAGE),
        ({"regions": ("北京",)}, {"region": "广东", "within_region": True}, Obstacle.REGION),
        ({}, {"but_not": "wang"}, Obstacle.GAVE_BACK),
        ({"on_duty": False}, {}, Obstacle.OFF_DUTY),
        ({"capacity": 0}, {}, Obstacle.FULL),
    ],
)
def test_it_says_what_is_in_the_way(noon, change, needs, why):
    choice = choose(replace(PLAIN, **needs), [replace(WANG, **change)], {}, noon)
    assert (choice.person, choice.ruled_out, choice.obstacle) == (None, {why: 1}, why)


def test_a_ticket_waits_for_what_keeps_those_from_it_who_come_closest(noon):
    people = [replace(WANG, id="a", level=Level.EXPERT, on_duty=False), WANG]
    assert choose(replace(PLAIN, level=Level.EXPERT), people, {}, noon).obstacle is Obstacle.OFF_DUTY
    assert choose(PLAIN, [], {}, noon).obstacle is Obstacle.NOBODY
