"""The definitions in force, read once per set of versions."""

from collections.abc import Collection, Sequence
from typing import Any

from careloop_common.database import lasting
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.tags.models import DefinitionRow
from careloop_profile.tags.policy.definitions import LIVE, Case, Content, Kind, State, ValueType
from careloop_profile.tags.policy.registry import Definition, Registry
from careloop_profile.tags.queries import definitions
from careloop_profile.tags.queries.definitions import Live


async def current(session: AsyncSession) -> Registry:
    """What is evaluated now. Ask after the persons are locked: whoever fills a new version locks them too, so that it
    is known to everybody who comes after."""
    live = await definitions.live(session)
    lasts = lasting(session)
    known: tuple[Live, Registry] | None = lasts.get(Registry)
    if known is None or known[0] != live:
        rows = await definitions.by_number(session, [number for number, _, _ in live])
        known = lasts[Registry] = live, _of(rows, [number for number, _, unrecorded in live if unrecorded])
    return known[1]


def _of(rows: Sequence[DefinitionRow], recording: Collection[int]) -> Registry:
    left = {
        row.number if row.state == State.RETIRED else row.replaces for row in rows if row.number in recording
    }
    return Registry(map(definition, (row for row in rows if row.state in LIVE)), recording, left)


def definition(row: DefinitionRow) -> Definition:
    return Definition(row.number, row.code, row.version, row.group, row.state == State.ACTIVE, content(row))


def content(row: DefinitionRow) -> Content:
    return of_document(row.kind, row.value_type, row.content)


def of_document(kind: str, value_type: str, document: dict[str, Any]) -> Content:
    cases = tuple(Case(one["value"], one["rule"]) for one in document.get("cases", ()))
    return Content(
        Kind(kind),
        ValueType(value_type),
        document.get("rule"),
        cases,
        document.get("of"),
        tuple(document.get("values", ())),
    )


def document_of(said: Content) -> dict[str, Any]:
    """As it is stored: only what there is."""
    found: dict[str, Any] = {
        "rule": said.rule,
        "cases": [{"value": case.value, "rule": case.rule} for case in said.cases],
        "of": said.of,
        "values": list(said.values),
    }
    return {name: value for name, value in found.items() if value}
