"""What rules may say about a ticket: in SLA policies, and wherever else tickets are chosen by their nature."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from careloop_common import rules
from careloop_common.errors import DomainError, Kind
from careloop_common.rules import BOOL, NUMBER, TEXT, TIMESTAMP, Catalogue, Rule, one_of
from careloop_common.rules.witness import never, never_first

from careloop_ticketing.classification.policy import Cause, Emotion, Severity
from careloop_ticketing.vocabulary import Kind as TicketKind
from careloop_ticketing.vocabulary import Level, Status, Tier

CATALOGUE: Final = Catalogue(
    {
        "kind": one_of(*TicketKind),
        "channel": TEXT,
        "language": TEXT,
        "region": TEXT,
        "vip": BOOL,
        "cause": one_of(*Cause),
        "tier": one_of(*Tier),
        "severity": one_of(*Severity),
        "product": TEXT,
        "emotion": one_of(*Emotion),
        "level": one_of(*Level),
        "reopened": NUMBER,
    }
)

LISTED: Final = Catalogue(
    {**CATALOGUE, "status": one_of(*Status), "assignee_id": TEXT, "opened_at": TIMESTAMP}
)
"""What rules may say that choose tickets for a list: also where they stand."""

MAY_BE_MISSING: Final = frozenset({"region", "product"})

Facts = Mapping[str, Any]
Condition = Callable[[Facts, datetime], bool]


class NeverHolds(DomainError):
    """A condition that no ticket can meet is a mistake."""

    kind = Kind.INVALID
    code = "condition_never_holds"
    title = "Condition never holds"


def condition(text: str) -> Condition:
    """A rule about tickets as a function; `RuleError` with the column if it makes no sense, or `NeverHolds`."""
    rule = rules.parse(text, CATALOGUE)
    if never(rule):
        raise NeverHolds(f"No ticket can ever meet the condition {text!r}.")
    judge = rules.compile_python((rule,))
    return lambda facts, now: judge(facts, now)[0]


def never_reached(texts: Sequence[str]) -> bool:
    """Whether no ticket ever comes to the last of these conditions: those before it take whatever meets it."""
    return never_first([rules.parse(text, CATALOGUE) for text in texts], optional=MAY_BE_MISSING)


def choice(text: str) -> Rule:
    """A rule that chooses tickets for a list; `RuleError` with the column if it makes no sense."""
    return rules.parse(text, LISTED)


def always(facts: Facts, now: datetime) -> bool:  # noqa: ARG001
    """What holds where no rule stands."""
    return True
