"""What rules may say about a ticket: in SLA policies, and wherever else tickets are chosen by their nature."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from careloop_common import rules
from careloop_common.rules import BOOL, NUMBER, TEXT, Catalogue, one_of

from careloop_ticketing.classification.policy import Cause, Severity
from careloop_ticketing.vocabulary import Kind, Level, Tier

CATALOGUE: Final = Catalogue(
    {
        "kind": one_of(*Kind),
        "channel": TEXT,
        "language": TEXT,
        "region": TEXT,
        "vip": BOOL,
        "cause": one_of(*Cause),
        "tier": one_of(*Tier),
        "severity": one_of(*Severity),
        "level": one_of(*Level),
        "reopened": NUMBER,
    }
)

Facts = Mapping[str, Any]
Condition = Callable[[Facts, datetime], bool]


def condition(text: str) -> Condition:
    """A rule about tickets as a function; `RuleError` with the column if it makes no sense."""
    judge = rules.compile_python((rules.parse(text, CATALOGUE),))
    return lambda facts, now: judge(facts, now)[0]


def always(facts: Facts, now: datetime) -> bool:  # noqa: ARG001
    """What holds where no rule stands."""
    return True
