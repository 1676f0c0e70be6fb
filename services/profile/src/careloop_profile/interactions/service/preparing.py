from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from careloop_common.privacy import Vault
from msgspec import Raw

from careloop_profile.identifiers.keys import customer_id_of
from careloop_profile.identifiers.policy import Outcome, is_nothing, normalise_email, normalise_phone, tidy
from careloop_profile.interactions import policy, wire
from careloop_profile.interactions.errors import ItemRefused, Reason
from careloop_profile.interactions.policy import Row
from careloop_profile.interactions.wire import CustomerReference, Item

_REMEMBERED = 100_000
_ONE_OF = "customer must be one of customer_id; source and external_id; phone; email"


@dataclass(frozen=True, slots=True)
class Rejection:
    index: int
    code: Reason
    detail: str


class Reference(NamedTuple):
    """Whose interaction it is; personal identifiers have become blind indexes."""

    customer_id: str = ""
    blind_index: str = ""
    label: str = ""


class Preparer:
    """Turns items into rows. Lives as long as the process: it remembers the kinds it has seen."""

    def __init__(self, vault: Vault, phone_region: str, oldest: timedelta = policy.OLDEST) -> None:
        self._vault = vault
        self._region = phone_region
        self._oldest = oldest
        self._kinds: set[str] = set()
        self._references: dict[tuple[str, str], Reference] = {}

    def arrival(self, now: datetime) -> policy.Arrival:
        return policy.Arrival(now, self._oldest)

    def prepare(
        self, items: Iterable[Raw | bytes], *, channels: frozenset[str], now: datetime, first: int = 0
    ) -> tuple[list[Row], list[Rejection]]:
        """The rows of the good items and the reasons of the others, which are numbered from `first` on."""
        rows: list[Row] = []
        rejected: list[Rejection] = []
        arrival = self.arrival(now)
        for index, raw in enumerate(items, first):
            try:
                rows.append(self.row(wire.decode_item(raw), channels, arrival))
            except ItemRefused as refused:
                rejected.append(Rejection(index, refused.reason, refused.detail))
            except (msgspec.DecodeError, RecursionError) as error:
                rejected.append(Rejection(index, "item_malformed", str(error)))
        return rows, rejected

    def row(self, item: Item, channels: frozenset[str], arrival: policy.Arrival) -> Row:
        if item.channel not in channels:
            raise ItemRefused("channel_unknown", "channel is not one of GET /v1/channels")
        policy.check_kind(item.kind, self._kinds)
        customer_id, blind_index, label = self._reference(item.customer)
        claimed = policy.microseconds(item.occurred_at)
        at, suspect = arrival.occurred(claimed)
        amount = "" if item.amount is None else policy.money(item.amount)
        properties = wire.checked_properties(item.properties)
        uid = self._uid(item, customer_id or blind_index, claimed, amount, properties)
        return Row(
            uid,
            customer_id,
            blind_index,
            label,
            item.channel,
            item.kind,
            str(at),
            "t" if suspect else "f",
            item.direction or "",
            amount,
            properties,
        )

    def _reference(self, who: CustomerReference) -> Reference:
        if who.source is not None and who.external_id is not None:
            if who.customer_id is None and who.phone is None and who.email is None:
                return self._of_source(who.source, who.external_id)
            raise ItemRefused("customer_ambiguous", _ONE_OF)
        given = (who.customer_id, who.phone, who.email)
        if sum(part is not None for part in given) != 1 or who.source or who.external_id:
            raise ItemRefused("customer_ambiguous", _ONE_OF)
        if who.customer_id is not None:
            return Reference(str(who.customer_id))
        if who.phone is not None:
            return self._personal("phone", normalise_phone(who.phone, self._region))
        return self._personal("email", normalise_email(who.email or ""))

    def _of_source(self, source: str, external_id: str) -> Reference:
        """Busy customers come again and again, and their ids are worth remembering."""
        known = self._references.get((source, external_id))
        if known is None:
            if is_nothing(tidy(external_id)):
                raise ItemRefused("identifier_refused", "external_id is a word for nobody")
            if len(self._references) >= _REMEMBERED:
                self._references.clear()
            known = Reference(str(customer_id_of(source, external_id)), label=tidy(f"{source}:{external_id}"))
            self._references[source, external_id] = known
        return known

    def _personal(self, kind: str, outcome: Outcome) -> Reference:
        if outcome.value is None:
            raise ItemRefused("identifier_refused", f"{kind} is not an identifier: {outcome.reason}")
        return Reference(blind_index=self._vault.blind_index(kind, outcome.value))

    def _uid(self, item: Item, reference: str, claimed: int, amount: str, properties: str) -> str:
        if item.message_id is not None:
            return policy.message_uid(claimed, item.source or item.customer.source or "", item.message_id)
        return policy.message_uid(
            claimed,
            reference,
            item.channel,
            item.kind,
            item.direction or "",
            amount,
            wire.canonical(properties),
        )
