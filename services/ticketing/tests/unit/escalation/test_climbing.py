"""What is taken when several clocks of a ticket are due: in which order, and whom it is told."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from careloop_ticketing.classification.policy import Cause, Emotion, Severity
from careloop_ticketing.escalation.climbing import climb, one_notice_each
from careloop_ticketing.sla.policy import clock as clocks
from careloop_ticketing.sla.policy import terms
from careloop_ticketing.sla.policy.watches import Watch, Watches
from careloop_ticketing.tickets.service import Standing
from careloop_ticketing.vocabulary import Kind, Level, Status, Tier

TICKET = UUID(int=1)
LADDERS = {
    "answer": [
        {"name": "breach", "percent": 100, "action": "notify", "level": "manager"},
        {"name": "head", "percent": 300, "action": "notify", "level": "regional_head"},
    ],
    "whole": [{"name": "breach", "percent": 100, "action": "notify", "level": "manager"}],
    "lifting": [{"name": "breach", "percent": 100, "action": "reassign"}],
}


def policy(**clocks_by_ladder):
    """A policy with a clock on each ladder, and its target in hours."""
    common = {"start": ["opened"], "stop": ["resolved"]}
    return terms.read(
        1,
        {
            "satisfaction_seconds": 60,
            "ladders": LADDERS,
            "clocks": {
                name: common
                | {
                    "targets": [{"seconds": hours * 3600}],
                    "ladders": [{"ladder": name if name in LADDERS else "whole"}],
                }
                for name, hours in clocks_by_ladder.items()
            },
        },
    )


@pytest.fixture
def ticket():
    return Standing(
        id=TICKET,
        customer_id=None,
        version=2,
        status=Status.CLASSIFIED,
        kind=Kind.COMPLAINT,
        channel="web",
        language="zh",
        region=None,
        vip=False,
        cause=Cause.PRICE,
        tier=Tier.PRIMARY,
        severity=Severity.NORMAL,
        product=None,
        emotion=Emotion.CALM,
        level=Level.FRONT_LINE,
        assignee_id=None,
        team=None,
        team_pinned=False,
        released_by=None,
        policy_version=1,
        reopened_count=0,
        head=bytes(32),
    )


@pytest.fixture
def overdue(noon, ticket):
    """`overdue(policy, *looks)`: what is taken at each look, so many hours after noon: (hour due, clock, step, notice)."""

    def take(rules, *looks):
        running = [
            Watch(
                TICKET,
                name,
                rules,
                definition.ladder({}, noon),
                clocks.start(definition.target({}, noon), noon),
            )
            for name, definition in rules.clocks.items()
        ]
        watches, taken = Watches(TICKET, running), []
        for look in looks:
            now = noon + timedelta(hours=look)
            steps = one_notice_each(list(climb(ticket, watches, now)))
            taken += [
                (
                    (one.upcoming.due_at - noon) / timedelta(hours=1),
                    one.watch.name,
                    one.upcoming.step.name,
                    one.notice,
                )
                for one in steps
            ]
        return taken

    return take


def test_b01_a_second_escalation_on_the_same_day_is_not_swallowed(overdue):
    assert overdue(policy(answer=1, whole=2), 1, 2, 3) == [
        (1, "answer", "breach", True),
        (2, "whole", "breach", True),
        (3, "answer", "head", True),
    ]


def test_b01_no_step_is_taken_again_however_often_and_on_however_many_days_somebody_looks(overdue):
    looks = [1 + hour / 2 for hour in range(2 * 24 * 3)]
    assert len(overdue(policy(answer=1, whole=2), *looks)) == 3


def test_after_an_outage_steps_of_several_clocks_are_taken_in_the_order_in_which_they_were_due(overdue):
    assert overdue(policy(answer=1, whole=2), 9) == [
        (1, "answer", "breach", False),
        (2, "whole", "breach", True),
        (3, "answer", "head", True),
    ]


def test_a_step_that_lifts_the_ticket_comes_before_those_that_were_due_later(overdue, ticket):
    assert [step[:2] for step in overdue(policy(whole=3, lifting=2), 9)] == [(2, "lifting"), (3, "whole")]
    assert ticket.level is Level.EXPERT


def test_where_a_ticket_stood_is_known_also_if_a_clock_has_the_name_of_that(noon, ticket):
    """Such names are refused by now, but clocks that have them run on."""
    rules = policy(lifting=1, level=4)
    of_expert = (lambda facts, _: facts["level"] == "expert", timedelta(hours=3))
    level = replace(rules.clocks["level"], targets=(of_expert, *rules.clocks["level"].targets))
    rules = replace(rules, clocks=rules.clocks | {"level": level})
    running = [
        Watch(TICKET, name, rules, one.ladder({}, noon), clocks.start(one.targets[-1][1], noon))
        for name, one in rules.clocks.items()
    ]
    (step,) = climb(ticket, Watches(TICKET, running), noon + timedelta(hours=1))
    assert (step.entry.before["level"], step.entry.after["level"]) == ("front_line", "expert")
