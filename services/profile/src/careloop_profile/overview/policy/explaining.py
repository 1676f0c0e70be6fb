"""Where each value of a person's page comes from, and since when it is so."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from careloop_profile.customers.policy import Customer, since

_ALONE: Final = "the only customer of the person"


@dataclass(frozen=True, slots=True)
class Origin:
    """Of one value: the customer that it is known of, if it is one, that customer's source, since when, and why."""

    why: str
    customer_id: UUID | None = None
    source: str | None = None
    since: datetime | date | None = None


Origins = Mapping[str, Origin]
"""By JSON Pointer into the page (RFC 6901)."""


class Explaining:
    """Explains the values of one person's page."""

    def __init__(self, customers: Iterable[Customer]) -> None:
        self._customers = {one.customer_id: one for one in customers}

    def facts(self, golden: Mapping[str, Any]) -> Iterator[tuple[str, Origin]]:
        for name, field in golden.items():
            customer = self._customers[field.customer_id]
            yield f"/facts/{_escaped(name)}", self._of(field.customer_id, since(customer, name), field.why)

    def members(self, evidence: Sequence[Any]) -> Iterator[tuple[str, Origin]]:
        """Why the customers are one person: by the evidence that holds."""
        for place, key in enumerate(self._customers):
            clues = [clue for clue in evidence if clue.state == "holds" and key in (clue.one, clue.other)]
            why = ", ".join(sorted({f"{clue.method}: {clue.rule}" for clue in clues})) or _ALONE
            yield f"/customers/{place}", self._of(key, min((clue.at for clue in clues), default=None), why)

    def rows(
        self, of: str, owners: Iterable[tuple[UUID, datetime | date | None]], why: str
    ) -> Iterator[tuple[str, Origin]]:
        """What is a row of one customer each."""
        for place, (customer_id, moment) in enumerate(owners):
            yield f"/{of}/{place}", self._of(customer_id, moment, why)

    def counters(self, channels: Sequence[Any]) -> Iterator[tuple[str, Origin]]:
        """Totals are sums over the channels, those over the customers."""
        first = min((row.first_at for row in channels), default=None)
        yield (
            "/activity",
            Origin(f"counted over the interactions of {len(self._customers)} customers", since=first),
        )
        for place, row in enumerate(channels):
            why = f"{row.interactions} interactions, the last at {row.last_at.isoformat()}"
            yield f"/activity/channels/{place}", Origin(why, since=row.first_at)

    def _of(self, customer_id: UUID, moment: datetime | date | None, why: str) -> Origin:
        customer = self._customers.get(customer_id)
        return Origin(why, customer_id, customer.source if customer else None, moment)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
