"""When a rule changes its mind by time alone."""

import random
from calendar import isleap
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from careloop_common.rules import (
    BOOL,
    DATE,
    DURATION,
    NUMBER,
    TIMESTAMP,
    Catalogue,
    compile_python,
    next_change,
    parse,
    uses_now,
)
from careloop_common.rules.timing import MOST
from careloop_common.rules.values import MICROSECOND
from careloop_common.testing.rules import CATALOGUE, NOW, RandomCases, before
from hypothesis import assume, given, settings
from hypothesis import strategies as st

SEEN = datetime(2026, 2, 1, 8, 30, tzinfo=UTC)
BORN = datetime(2008, 2, 29, 12, tzinfo=UTC)


SHANGHAI = timezone(timedelta(hours=8))


@pytest.fixture(scope="module")
def moving() -> Catalogue:
    times = dict.fromkeys(("seen", "due", "born", "far", "missing"), TIMESTAMP)
    return Catalogue({**times, "joined": DATE, "wait": DURATION, "fee": NUMBER, "vip": BOOL})


def day(month, day_, hour=0, minute=0, year=2026):
    return datetime(year, month, day_, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("now() - seen > duration('30d')", day(3, 3, 8, 30) + MICROSECOND),
        ("now() - seen >= duration('30d')", day(3, 3, 8, 30)),
        ("seen + duration('30d') < now()", day(3, 3, 8, 30) + MICROSECOND),
        ("seen < now() - wait", day(3, 3, 20, 30) + MICROSECOND),
        ("between(due, now(), now() + duration('7d'))", day(3, 3)),
        ("now() == timestamp('2026-03-05T00:00:00Z')", day(3, 5)),
        ("now() - seen < far - now()", day(3, 15, 16, 15)),
        ("days_since(seen) > 30", day(3, 4, 8, 30)),
        ("days_since(seen) >= 30", day(3, 3, 8, 30)),
        ("days_since(seen) >= fee", day(3, 11, 8, 30)),
        ("days_since(seen) == 28", day(3, 1, 8, 30) + timedelta(days=1)),
        ("days_since(seen) in [40, 50]", day(3, 13, 8, 30)),
        ("!(days_since(seen) < 30.5)", day(3, 4, 8, 30)),
        ("between(days_since(due), -3, 0)", day(3, 7)),
        ("days_since(seen) * 2 > 70", day(3, 9, 8, 30)),
        ("days_since(seen + duration('1d')) >= 30", day(3, 4, 8, 30)),
        ("days_since(seen) > 5 && now() < due", day(3, 10)),
        ("age_years(born) >= 18.5", day(3, 1, year=2027)),
        ("age_years(born) == 20", day(2, 29, 12, year=2028)),
        ("vip && days_since(seen) > 30 || days_since(seen) > 90", day(5, 3, 8, 30)),
        ("(days_since(seen) > 30) == true", day(3, 4, 8, 30)),
    ],
)
def test_the_moment_at_which_it_changes(rule, change, now, moving):
    asked = parse(rule, moving)
    row = {"seen": SEEN, "due": day(3, 10), "born": BORN, "far": day(4, 27), "fee": 37.2}
    row["wait"] = timedelta(days=30, hours=12)
    evaluate = compile_python([asked])
    assert next_change(asked, row, now) == change
    assert evaluate(row, change - MICROSECOND) == evaluate(row, now) != evaluate(row, change)


@pytest.mark.parametrize(
    "rule",
    [
        "fee > 1 && seen < due",
        "now() - seen > duration('1d')",
        "days_since(seen) > 3",
        "days_since(missing) > 3",
        "!(now() - missing > duration('1d'))",
        "vip && now() < due",
        "vip && days_since(seen) * days_since(seen) > 1000000",
        "!(vip && days_since(seen) * days_since(seen) > 1000000)",
        "now() - (now() - wait) < duration('1d')",
        "days_since(seen) == 2.5",
        "age_years(born) > 9000",
        "now() < timestamp('9999-12-31T00:00:00Z') + duration('30d')",
    ],
)
def test_what_time_alone_never_changes(rule, now, moving):
    row = {"seen": SEEN, "due": day(3, 10), "born": BORN, "wait": timedelta(days=9999), "fee": 3}
    assert next_change(parse(rule, moving), row, now) is None


@given(
    st.sampled_from(
        [
            "age_years(now() + (now() - seen)) == 0",
            "age_years(now() - (seen - now())) >= 0",
            "age_years(now() - wait) == 2",
            "days_since(now() + (now() - seen)) == -1",
            "days_since(now() - wait) > 3",
            "now() + (now() - seen) < due",
        ]
    ),
    st.integers(-48 * 3600, 48 * 3600),
    st.integers(700, 800),
    st.randoms(use_true_random=False),
)
def test_a_time_that_moves_itself_is_known_in_time(now, moving, text, seconds, days, dice):
    rule = parse(text, moving)
    row = {"seen": now + timedelta(seconds=seconds), "due": day(3, 10), "wait": timedelta(days=days)}
    evaluate = compile_python([rule])
    change = next_change(rule, row, now)
    for moment in before(change, now, dice):
        assert evaluate(row, moment) == evaluate(row, now)


def test_where_it_is_not_known_it_is_asked_again_in_time(now, moving):
    rule = parse("days_since(seen) * days_since(seen) > 1000000", moving)
    change = next_change(rule, {"seen": SEEN}, now)
    assert change is not None
    assert change >= now + timedelta(days=MOST)
    assert change < SEEN + timedelta(days=1001)


def test_a_time_zone_of_the_caller_changes_nothing(now, moving):
    rule = parse("days_since(seen) > 30", moving)
    here = now.astimezone(SHANGHAI)
    assert next_change(rule, {"seen": SEEN}, here) == next_change(rule, {"seen": SEEN}, now)
    with pytest.raises(ValueError, match="zone"):
        next_change(rule, {"seen": SEEN}, now.replace(tzinfo=None))


@settings(max_examples=400)
@given(st.integers(0, 2**32), st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"]))
def test_nothing_changes_before(seed, name):
    cases = RandomCases(seed)
    rule, row, zone = cases.rule(), cases.values(), ZoneInfo(name)
    assume(uses_now(rule))
    evaluate = compile_python([rule])
    change = next_change(rule, row, NOW.astimezone(zone))
    held = evaluate(row, NOW.astimezone(zone))
    for moment in before(change, NOW.astimezone(zone), random.Random(seed)):
        assert evaluate(row, moment) == held, (moment, change)


ZONES = ["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana"]


@given(
    st.sampled_from(ZONES).map(ZoneInfo),
    st.dates(date(1940, 1, 1), date(2040, 1, 1)),
    st.integers(1, 4000),
    st.integers(0, 86_399),
)
def test_so_many_days_after_a_date_a_day_begins_and_not_so_many_hours(zone, joined, days, second):
    """Also where an hour was skipped or came twice in between."""
    rule = parse(f"days_since(joined) >= {days}", Catalogue({"joined": DATE}))
    row = {"joined": datetime.combine(joined, time(), zone)}
    now = (row["joined"].astimezone(UTC) + timedelta(seconds=second)).astimezone(zone)
    assume(now.date() == joined)
    turns = datetime.combine(joined + timedelta(days=days), time(), zone).astimezone(UTC)
    assert next_change(rule, row, now) == turns
    evaluate = compile_python([rule])
    moments = [moment.astimezone(zone) for moment in (now, turns - MICROSECOND, turns)]
    assert [evaluate(row, moment) for moment in moments] == [[False], [False], [True]]


@given(
    st.sampled_from(ZONES).map(ZoneInfo),
    st.dates(date(1940, 1, 1), date(2040, 1, 1)),
    st.integers(1, 90),
)
def test_who_turns_so_many_years_does_so_at_midnight_where_it_lives(zone, born, years):
    rule = parse(f"age_years(born) >= {years}", Catalogue({"born": DATE}))
    row = {"born": datetime.combine(born, time(), zone)}
    change = next_change(rule, row, row["born"])
    leap = (born.month, born.day) == (2, 29) and not isleap(born.year + years)
    birthday = date(born.year + years, 3, 1) if leap else born.replace(year=born.year + years)
    assert change == datetime.combine(birthday, time(), zone).astimezone(UTC)
    evaluate = compile_python([rule])
    just_before = (change - MICROSECOND).astimezone(zone)
    assert [evaluate(row, moment) for moment in (just_before, change.astimezone(zone))] == [[False], [True]]


WINDOWS = st.integers(-400, 400)
LEAVES = st.one_of(
    st.builds(
        "days_since({}) {} {}".format,
        st.sampled_from(["seen", "due"]),
        st.sampled_from(["<", ">=", "=="]),
        WINDOWS,
    ),
    st.builds(
        "now() - {} {} duration('{}h')".format,
        st.sampled_from(["seen", "due"]),
        st.sampled_from(["<", ">"]),
        WINDOWS,
    ),
    st.builds(
        "age_years({}) {} {}".format,
        st.sampled_from(["seen", "due"]),
        st.sampled_from(["<", ">="]),
        st.integers(-3, 3),
    ),
    st.just("yes"),
)
WINDOWED = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("!({})".format, inner),
    ),
    max_leaves=5,
)
MOMENTS = st.datetimes(datetime(2022, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=400)
@given(WINDOWED, MOMENTS, MOMENTS, st.booleans(), st.randoms(use_true_random=False))
def test_windows_change_at_the_very_moment(text, seen, due, yes, dice):
    rule, row = parse(text, CATALOGUE), {"seen": seen, "due": due, "yes": yes}
    evaluate = compile_python([rule])
    change, held = next_change(rule, row, NOW), evaluate(row, NOW)
    for moment in before(change, NOW, dice):
        assert evaluate(row, moment) == held
    assert change is None or evaluate(row, change) != held
