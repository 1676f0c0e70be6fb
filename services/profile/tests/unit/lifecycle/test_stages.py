"""The table of stages: which row counts, and when time alone moves somebody on."""

from datetime import UTC, datetime, timedelta

import pytest
from careloop_profile.lifecycle.policy.stages import TABLE, Stage, Standing, move, next_moment
from careloop_profile.lifecycle.policy.terms import DEFAULT, Terms
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


def standing(stage=None, since=None, terms=DEFAULT, now=NOW, **facts):
    """Times are days ago; somebody joined when the day began."""
    known = {
        name: NOW - timedelta(days=value) if name.endswith("_at") else value for name, value in facts.items()
    }
    if "joined_at" in known:
        known["joined_at"] -= timedelta(hours=NOW.hour)
    for name in ("arpu_trend", "usage_trend", "open_complaints"):
        if name in known:
            known[f'attribute("{name}")'] = known.pop(name)
    moment = None if since is None else NOW - timedelta(days=since)
    return Standing(known, stage and Stage(stage), moment, terms, now)


@pytest.mark.parametrize(
    ("before", "facts", "after"),
    [
        (None, {}, None),
        (None, {"status": "prospect"}, "prospect"),
        ("prospect", {"status": "active", "joined_at": 3}, "onboarding"),
        ("onboarding", {"status": "active", "joined_at": 89, "last_seen_at": 1}, None),
        ("onboarding", {"status": "active", "joined_at": 90, "last_seen_at": 1}, "mature"),
        ("mature", {"status": "active", "joined_at": 900, "last_seen_at": 1, "arpu_trend": 0.2}, "growth"),
        ("growth", {"status": "active", "joined_at": 900, "last_seen_at": 1, "usage_trend": -0.2}, "decline"),
        ("mature", {"status": "active", "joined_at": 900, "last_seen_at": 1, "usage_trend": -0.1}, None),
        ("growth", {"status": "active", "joined_at": 900, "last_seen_at": 1, "arpu_trend": 0.5, "open_complaints": 2}, "decline"),
        ("growth", {"status": "active", "joined_at": 900, "last_seen_at": 30, "arpu_trend": 0.5}, "silent_30"),
        ("silent_30", {"status": "active", "joined_at": 900, "last_seen_at": 60}, "silent_60"),
        ("silent_60", {"status": "active", "joined_at": 900, "last_seen_at": 90}, "silent_90"),
        ("silent_90", {"status": "active", "joined_at": 900, "last_seen_at": 180}, "left"),
        ("silent_90", {"status": "active", "joined_at": 900, "last_seen_at": 0}, "mature"),
        ("onboarding", {"status": "active", "joined_at": 40, "last_seen_at": 35}, "silent_30"),
        ("mature", {"status": "left", "last_seen_at": 1}, "left"),
        ("left", {"status": "left", "last_seen_at": 1}, None),
        ("left", {"status": "active", "joined_at": 900, "last_seen_at": 0}, "win_back"),
        ("left", {"status": "active", "joined_at": 900, "last_seen_at": 200}, None),
    ],
)  # fmt: skip
def test_where_somebody_moves(before, facts, after):
    row = move(standing(before, since=10 if before else None, **facts))
    assert (row and row.to.value) == after


def test_who_was_won_back_stays_so_for_a_while():
    facts = {"status": "active", "joined_at": 900, "last_seen_at": 1}
    assert move(standing("win_back", since=89, **facts)) is None
    assert move(standing("win_back", since=90, **facts)).to is Stage.MATURE
    assert next_moment(standing("win_back", since=89, **facts)) == NOW + timedelta(days=1)


def test_every_row_can_be_reached_and_says_why():
    assert {row.to for row in TABLE} == set(Stage)
    assert all(row.because for row in TABLE)


def test_other_terms_move_otherwise():
    facts = {"status": "active", "joined_at": 900, "last_seen_at": 10}
    assert move(standing("mature", since=1, **facts)) is None
    strict = Terms(silent_days=(10, 20, 30), left_after_days=40)
    assert move(standing("mature", since=1, terms=strict, **facts)).to is Stage.SILENT_30


stages = st.one_of(st.none(), st.sampled_from([stage.value for stage in Stage]))
facts = st.fixed_dictionaries(
    {"status": st.sampled_from(["prospect", "active", "left"])},
    optional={
        "joined_at": st.floats(0, 800),
        "last_seen_at": st.floats(0, 400),
        "arpu_trend": st.floats(-1, 1),
        "open_complaints": st.integers(0, 4),
    },
)


@given(stages, st.floats(0, 200), facts)
def test_who_has_moved_stays_until_the_moment_that_was_told(before, since, known):
    one = standing(before, since=since if before else None, **known)
    row = move(one)
    stage = row.to if row else one.stage
    here = Standing(one.facts, stage, NOW if row else one.since, one.terms, NOW)
    again = move(here)
    assert again is None, "one look moves as far as it goes"
    told = next_moment(here)
    until = told or NOW + timedelta(days=1000)
    just_before = until - timedelta(seconds=1)
    if just_before > NOW:
        assert move(Standing(one.facts, stage, here.since, one.terms, just_before)) is None


@pytest.mark.parametrize(
    "terms", [Terms(silent_days=(30, 30, 90)), Terms(left_after_days=90), Terms(tier_shares=(0.5, 0.5, 0.1))]
)
def test_terms_that_contradict_themselves(terms):
    assert terms.contradiction()
    assert DEFAULT.contradiction() is None


def test_shares_that_are_everybody_are_not_more():
    assert Terms(tier_shares=(0.33, 0.56, 0.11)).contradiction() is None
