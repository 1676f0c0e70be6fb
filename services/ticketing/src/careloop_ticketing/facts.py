"""What rules may say about a ticket: in SLA policies, and wherever else tickets are chosen by their nature."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from careloop_common import rules
from careloop_common.errors import DomainError
from careloop_common.rules import BOOL, COUNT, TEXT, TIMESTAMP, Catalogue, Rule, RuleError, like, one_of
from careloop_common.rules.witness import never, never_first, together

from careloop_ticketing.classification.policy import Cause, Emotion, Severity
from careloop_ticketing.vocabulary import Kind, Level, Status, Tier

CODE: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}"
LANGUAGE: Final = r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}"
LINE: Final = r"[^\x00-\x1f\x7f]+"

CATALOGUE: Final = Catalogue(
    {
        "kind": one_of(*Kind),
        "channel": like(CODE),
        "language": like(LANGUAGE),
        "region": like(LINE),
        "vip": BOOL,
        "cause": one_of(*Cause),
        "tier": one_of(*Tier),
        "severity": one_of(*Severity),
        "product": like(r"[a-z][a-z0-9_]{0,39}"),
        "emotion": one_of(*Emotion),
        "level": one_of(*Level),
        "reopened": COUNT,
    }
)

LISTED: Final = Catalogue(
    {
        **CATALOGUE,
        "status": one_of(*Status),
        "assignee_id": TEXT,
        "team": TEXT,
        "customer_id": TEXT,
        "opened_at": TIMESTAMP,
        "responded_at": TIMESTAMP,
        "resolved_at": TIMESTAMP,
        "due_at": TIMESTAMP,
        "breached": BOOL,
    }
)
"""What rules may say that choose tickets, for a list, a job or an incident: also where they stand. `due_at` is the next
that is promised."""

MAY_BE_MISSING: Final = frozenset({"region", "product"})

LONGEST_RULE: Final = 4_000
"""Characters of a rule about tickets, wherever it stands."""

Facts = Mapping[str, Any]
Condition = Callable[[Facts, datetime], bool]


def with_products(products: Collection[str]) -> Catalogue:
    """What rules may say about tickets that are about these products, and no others."""
    return Catalogue({**CATALOGUE, "product": one_of(*products)})


def condition(
    text: str | None, at: str, invalid: type[DomainError], catalogue: Catalogue = CATALOGUE
) -> Condition:
    """A rule about tickets as a function, which always holds where there is none.

    `invalid` is raised, with the column and as the pointer `at`, if it makes no sense.
    """
    if text is None:
        return always
    judge = rules.compile_python((_parsed(text, at, invalid, catalogue),))
    return lambda facts, now: judge(facts, now)[0]


def expect_met(
    text: str | None, at: str, invalid: type[DomainError], catalogue: Catalogue = CATALOGUE
) -> None:
    """`invalid` also if no ticket can meet a condition: asked when it is put in force, for it takes a search."""
    if text is not None and never(_parsed(text, at, invalid, catalogue), optional=MAY_BE_MISSING):
        raise invalid(f"No ticket can ever meet the condition {text!r}.", pointer=at)


def _parsed(text: str, at: str, invalid: type[DomainError], catalogue: Catalogue) -> Rule:
    try:
        return rules.parse(text, catalogue)
    except RuleError as error:
        raise invalid(error.detail, pointer=at, **error.extra) from error


def never_reached(texts: Sequence[str]) -> bool:
    """Whether no ticket ever comes to the last of these conditions: those before it take whatever meets it."""
    return never_first([rules.parse(text, CATALOGUE) for text in texts], optional=MAY_BE_MISSING)


def met_together(texts: Sequence[str | None]) -> bool:
    """Whether some ticket meets all of these conditions, of which some may be none."""
    told = [rules.parse(text, CATALOGUE) for text in texts if text is not None]
    return together(told, optional=MAY_BE_MISSING)


def choice(text: str) -> Rule:
    """A rule that chooses tickets; `RuleError` with the column if it makes no sense."""
    return rules.parse(text, LISTED)


def always(facts: Facts, now: datetime) -> bool:  # noqa: ARG001
    """What holds where no rule stands."""
    return True
