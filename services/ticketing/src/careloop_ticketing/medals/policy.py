"""Months, the figures of somebody's month, and who deserves a medal by them."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from careloop_common import rules
from careloop_common.rules import COUNT, Catalogue, Rule, RuleError, within
from careloop_common.rules.witness import never

from careloop_ticketing.medals.errors import InvalidMedal

_SHARE: Final = within(0, 1)
CATALOGUE: Final = Catalogue(
    {
        "tickets": COUNT,
        "closed": COUNT,
        "responded_in_30_min": _SHARE,
        "first_contact_resolution": _SHARE,
        "closed_in_72_h": _SHARE,
        "reopened": _SHARE,
        "attainment": _SHARE,
        "answers": COUNT,
        "csat": within(1, 5),
    }
)
"""What rules may say about somebody's month: the tickets opened in it that they hold."""
SHARES: Final = frozenset(name for name, kind in CATALOGUE.items() if not kind.counts)
"""These are missing while there is nothing to tell them by."""


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of the calendar, as `2026-11`."""

    year: int
    month: int

    @classmethod
    def of(cls, moment: datetime, zone: ZoneInfo) -> Self:
        """The month that it is where the operator is."""
        there = moment.astimezone(zone)
        return cls(there.year, there.month)

    @classmethod
    def read(cls, text: str) -> Self:
        year, month = text.split("-")
        return cls(int(year), int(month))

    def moved(self, months: int) -> Self:
        year, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return type(self)(year, month + 1)

    def span(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """From its first midnight to that of the next month, where the operator is."""
        first, last = (datetime(one.year, one.month, 1, tzinfo=zone) for one in (self, self.moved(1)))
        return first.astimezone(UTC), last.astimezone(UTC)

    def __str__(self) -> str:
        """As rows and answers have it."""
        return f"{self.year:04}-{self.month:02}"


@dataclass(frozen=True, slots=True)
class Figures:
    """What somebody's month came to."""

    tickets: int
    closed: int = 0
    responded_in_30_min: float | None = None
    first_contact_resolution: float | None = None
    closed_in_72_h: float | None = None
    reopened: float | None = None
    attainment: float | None = None
    """Clocks of whatever name that were met, of all that were met or broken."""
    answers: int = 0
    csat: float | None = None
    """The mean of what customers gave, from 1 to 5."""

    def to_facts(self) -> dict[str, Any]:
        return asdict(self)


def check(text: str) -> None:
    """`RuleError` if a rule makes no sense, `InvalidMedal` if nobody can ever meet it."""
    try:
        rule = rules.parse(text, CATALOGUE)
    except RuleError as error:
        raise RuleError(error.detail, column=error.column, pointer="/rule") from error
    if never(rule, optional=SHARES):
        raise InvalidMedal(f"Nobody can ever meet the rule {text!r}.", pointer="/rule")


def winners(
    medals: Mapping[str, str], people: Mapping[str, Figures], now: datetime
) -> Iterator[tuple[str, str]]:
    """Which medal, by the rules of each, and who gets it; by medal, then by person."""
    judge = rules.compile_python([_parsed(text) for text in medals.values()])
    verdicts = {person: judge(figures.to_facts(), now) for person, figures in sorted(people.items())}
    for place, medal in enumerate(medals):
        yield from ((medal, person) for person, verdict in verdicts.items() if verdict[place])


def _parsed(text: str) -> Rule:
    return rules.parse(text, CATALOGUE)
