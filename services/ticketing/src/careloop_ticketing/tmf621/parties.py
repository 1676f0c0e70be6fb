"""Who has to do with a ticket: whom it names itself, and whom its client named."""

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, cast, false, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONPATH
from sqlalchemy.orm import aliased
from sqlmodel import col

from careloop_ticketing.tickets.service import Ticket
from careloop_ticketing.tmf621.models import ExtensionRow

Condition = ColumnElement[bool]
ATTRIBUTE: Final = "relatedParty"
CUSTOMER: Final = "customer"
OWNER: Final = "owner"
"""The agent who has the ticket."""
TEAM: Final = "team"
_ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {"customer": CUSTOMER, "owner": OWNER, "agent": OWNER, "team": TEAM}
)


@dataclass(frozen=True, slots=True)
class Party:
    """One party that a ticket has to have: with any of these ids, in any of these roles, under any of these names."""

    ids: Sequence[str] = ()
    roles: Sequence[str] = ()
    names: Sequence[str] = ()


ANY: Final = Party()


def ours(wanted: Party) -> Condition:
    """Tickets that name such a party themselves; they know nobody's name."""
    if wanted.names:
        return false()
    roles = {_ROLES.get(role.lower()) for role in wanted.roles} if wanted.roles else set(_ROLES.values())
    found: list[Condition] = []
    for role in (CUSTOMER, OWNER, TEAM):
        if role in roles:
            found += (
                [_is(role, one) for one in wanted.ids]
                if wanted.ids
                else [column.is_not(None) for column in _COLUMNS[role]]
            )
    return or_(false(), *found)


_COLUMNS: Final = {
    CUSTOMER: (col(Ticket.customer_id), col(Ticket.customer_external_id)),
    OWNER: (col(Ticket.assignee_id),),
    TEAM: (col(Ticket.team),),
}


def _is(role: str, word: str) -> Condition:
    if role != CUSTOMER:
        return _COLUMNS[role][0] == word
    found: list[Condition] = [col(Ticket.customer_external_id) == word]
    source, _, identity = word.partition(":")
    if identity:
        found.append((col(Ticket.customer_source) == source) & (col(Ticket.customer_external_id) == identity))
    with contextlib.suppress(ValueError):
        found.append(col(Ticket.customer_id) == UUID(word))
    return or_(*found)


_IS_CUSTOMER: Final = f'@.role like_regex "^{CUSTOMER}$" flag "i"'
_FIRST_CUSTOMER: Final = (
    f'$.{ATTRIBUTE}[*] ? ({_IS_CUSTOMER} && @.partyOrPartyRole.id != "").partyOrPartyRole.id'
)


def kept(wanted: Party) -> Condition:
    """Tickets whose clients named such a party: one that is all of it, not several of which each is a part.

    Whom they named as the customer counts for as long as the ticket is theirs, which others may have corrected.
    """
    conditions = [
        "(" + " || ".join(f"@.{member} == {json.dumps(word)}" for word in words) + ")"
        for member, words in (
            ("partyOrPartyRole.id", wanted.ids),
            ("role", wanted.roles),
            ("partyOrPartyRole.name", wanted.names),
        )
        if words
    ]
    return _names(conditions) & (_is_theirs() | _names([*conditions, f"!({_IS_CUSTOMER})"]))


def _names(conditions: Sequence[str]) -> Condition:
    path = f"$.{ATTRIBUTE}[*] ? ({' && '.join(conditions)})"
    return col(ExtensionRow.kept).bool_op("@?")(cast(path, JSONPATH))


def _is_theirs() -> Condition:
    """Whether the ticket is of the customer whom its client named, as `views` tells it."""
    ticket = aliased(Ticket)
    first = func.jsonb_path_query_first(col(ExtensionRow.kept), cast(_FIRST_CUSTOMER, JSONPATH))
    named = func.btrim(first.op("#>>")(cast([], ARRAY(Text))))
    behind_source = func.substr(named, func.strpos(named, ":") + 1)
    is_theirs = or_(
        func.lower(named) == cast(col(ticket.customer_id), Text),
        col(ticket.customer_external_id).in_([named, behind_source]),
        and_(named.is_(None), col(ticket.customer_id).is_(None), col(ticket.customer_external_id).is_(None)),
    )
    theirs = select(col(ticket.id)).where(col(ticket.id) == col(ExtensionRow.ticket_id), is_theirs)
    return theirs.correlate(ExtensionRow).exists()
