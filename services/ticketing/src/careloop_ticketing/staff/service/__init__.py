"""The use cases of people and teams, and `roster`: all of them as plain values, for who gives them work."""

from careloop_ticketing.staff.models import ShiftRow as Shift
from careloop_ticketing.staff.models import TeamRow as Team
from careloop_ticketing.staff.queries import (
    absent,
    any_active,
    busy,
    claim,
    departments,
    earn,
    forfeit,
    handing_over,
    leads,
    skills,
    standing_teams,
    virtual_team,
    working,
)
from careloop_ticketing.staff.service.people import described, expect_agent, get_agent, lock_agent, put_agent
from careloop_ticketing.staff.service.roster import person, roster
from careloop_ticketing.staff.service.shifts import add_shifts, remove_shift, shifts_between
from careloop_ticketing.staff.service.teams import (
    end_virtual,
    expect_team,
    expect_team_for,
    get_team,
    has_ended,
    members_of,
    open_virtual,
    put_team,
)

__all__ = [
    "Shift",
    "Team",
    "absent",
    "add_shifts",
    "any_active",
    "busy",
    "claim",
    "departments",
    "described",
    "earn",
    "end_virtual",
    "expect_agent",
    "expect_team",
    "expect_team_for",
    "forfeit",
    "get_agent",
    "get_team",
    "handing_over",
    "has_ended",
    "leads",
    "lock_agent",
    "members_of",
    "open_virtual",
    "person",
    "put_agent",
    "put_team",
    "remove_shift",
    "roster",
    "shifts_between",
    "skills",
    "standing_teams",
    "virtual_team",
    "working",
]
