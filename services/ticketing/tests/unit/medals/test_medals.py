from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from careloop_common.rules import RuleError
from careloop_ticketing.medals.errors import InvalidMedal
from careloop_ticketing.medals.policy import CATALOGUE, Figures, Month, check, winners
from careloop_ticketing.medals.schemas import MonthFiguresView
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 12, 1, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
MONTHS = st.builds(Month, st.integers(2000, 2098), st.integers(1, 12))


def test_a_month_is_that_of_the_operator():
    turn = datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert Month.of(turn, SHANGHAI) == Month(2026, 12)
    assert Month(2026, 11).span(SHANGHAI) == (datetime(2026, 10, 31, 16, tzinfo=UTC), turn)


@given(MONTHS, st.integers(-600, 600))
def test_months_go_there_and_back_in_order_without_gaps(month, by):
    assert month.moved(by).moved(-by) == month
    assert (month.moved(by) > month) == (by > 0)
    assert (str(month.moved(by)) > str(month)) == (by > 0)
    assert Month.read(str(month)) == month
    assert month.span(SHANGHAI)[1] == month.moved(1).span(SHANGHAI)[0]


def test_who_meets_the_rule_of_a_medal_gets_it():
    people = {
        "li": Figures(tickets=80, closed=60, attainment=0.94, answers=9, csat=4.9),
        "wang": Figures(tickets=70, closed=50, attainment=0.95, answers=4, csat=4.5),
        "zhao": Figures(tickets=70, closed=50, attainment=0.95),
    }
    medals = {"gold": "closed >= 50 && attainment >= 0.95 && csat >= 4.5", "many": "tickets >= 70"}
    found = [("gold", "wang"), ("many", "li"), ("many", "wang"), ("many", "zhao")]
    assert list(winners(medals, people, NOW)) == found
    assert list(winners({}, people, NOW)) == list(winners(medals, {}, NOW)) == []


@pytest.mark.parametrize(
    ("rule", "column"), [("closed >= 50 &&", 16), ("clsed > 1", 1), ("csat", 1), ('csat == "good"', 9)]
)
def test_a_rule_that_makes_no_sense_is_refused_with_the_column(rule, column):
    with pytest.raises(RuleError) as refused:
        check(rule)
    assert (refused.value.pointer, refused.value.column) == ("/rule", column)


@pytest.mark.parametrize(
    "rule",
    [
        "closed > 5 && closed < 5",
        "tickets < 0",
        "!has(tickets)",
        "closed >= 50 && attainment >= 95 && csat >= 4.5",
        "csat > 5",
        "reopened < 0",
    ],
)
def test_a_rule_that_nobody_can_ever_meet_is_refused(rule):
    with pytest.raises(InvalidMedal):
        check(rule)


def test_a_rule_may_ask_whether_anybody_answered():
    check("!has(csat) && closed >= 1")


def test_rules_speak_of_the_figures_that_answers_show():
    assert set(CATALOGUE) == set(MonthFiguresView.model_fields) == set(Figures(0).to_facts())
