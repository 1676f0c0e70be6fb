import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from careloop_common import subject_keys
from careloop_common.disclosure import disclosed
from careloop_common.privacy import Vault
from sqlalchemy import Table, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.imports.models import RejectRow
from careloop_profile.imports.policy.rows import Complaint

REJECT: Table = RejectRow.__table__  # type: ignore[attr-defined]
KEPT = 20_000
"""Rejects kept per import. A file that is wrong throughout needs no longer list; the counts go on."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
FIELD = "import-reject"
"""Under which refused values are sealed, each for its import."""
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Reject:
    line: int
    complaint: Complaint
    whole_row: bool
    customer_id: UUID | None = None
    """Of whom the value is, as far as the row says."""


async def keep_rejects(
    session: AsyncSession, vault: Vault, import_id: UUID, rejects: Sequence[Reject]
) -> None:
    """Write rejects down. The value that is wrong may be personal, so it is sealed; of who was erased it is not kept."""
    if not rejects:
        return
    kept = select(func.count()).select_from(REJECT).where(REJECT.c.import_id == import_id)
    room = KEPT - (await session.scalar(kept) or 0)
    fitting = rejects[: max(0, room)]
    gone = await subject_keys.destroyed(session, {one.customer_id for one in fitting if one.customer_id})
    rows = [
        {
            "import_id": import_id,
            "line": reject.line,
            "column": reject.complaint.column,
            "code": reject.complaint.code,
            "whole_row": reject.whole_row,
            "value_sealed": None
            if reject.customer_id in gone
            else _sealed(vault, import_id, reject.complaint.value),
            "customer_id": None if reject.customer_id in gone else reject.customer_id,
        }
        for reject in fitting
    ]
    if rows:
        await session.execute(insert(REJECT).on_conflict_do_nothing(), rows)


def _sealed(vault: Vault, import_id: UUID, value: str) -> str | None:
    return vault.seal(import_id, FIELD, value[:SHOWN]) if value else None


async def rejects_of(session: AsyncSession, import_id: UUID) -> Sequence[Any]:
    statement = select(REJECT).where(REJECT.c.import_id == import_id)
    return (await session.execute(statement.order_by(REJECT.c.line, REJECT.c.column))).all()


def as_csv(rows: Iterable[Any], waiting: Iterable[Any], vault: Vault, *, masked: bool) -> str:
    """One line per reject, and per relation that waits for somebody. The value is there for those who may see personal data, and empty for others."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["line", "what", "column", "reason", "detail", "value"])
    told = [(row, "row" if row.whole_row else "value", row.customer_id) for row in rows]
    told += [(row, "open", None) for row in waiting]
    for row, what, whose in sorted(told, key=lambda one: (one[0].line, one[0].column)):
        value = "" if masked or not row.value_sealed else vault.open(row.import_id, FIELD, row.value_sealed)
        if value:
            disclosed(whose or row.import_id, "rejected values")
        cells = [str(row.line), what, row.column, row.code, DETAILS.get(row.code, ""), value]
        writer.writerow([_harmless(cell) for cell in cells])
    return file.getvalue()


def _harmless(cell: str) -> str:
    """A spreadsheet would run a cell that starts like a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


DETAILS = {
    "customer_erased": "The customer was erased on request.",
    "cell_too_large": "A cell may have 128 Ki characters.",
    "duplicate_key": "An earlier row has the same key.",
    "key_missing": "The key is empty or a placeholder.",
    "malformed_record": "The row is not well-formed delimited text.",
    "nul_character": "The row contains a NUL character.",
    "ragged_row": "The row has more or fewer cells than the header.",
    "record_too_large": "A row may have 1 MiB.",
    "repeated_header": "The row is the header again: the file was put together of several.",
    "required_value_missing": "The mapping requires a value here.",
    "unterminated_quote": "A quoted cell does not end; reading went on at the next line.",
    "unreadable_characters": "Characters were lost before the file was written.",
    "wrong_check_digit": "The check digit says that a digit is wrong.",
    "wrong_encoding": "The row is not in the encoding of the file.",
    "placeholder": "A placeholder, not somebody's own.",
    "ambiguous": "It can be read in two ways.",
    "impossible_birth_date": "Nobody was born on that day.",
    "not_a_date": "Not a date.",
    "not_a_number": "Not a number.",
    "not_yes_or_no": "Neither yes nor no.",
    "value_not_mapped": "The mapping does not say what this means.",
    "value_not_allowed": "Not one of the allowed values.",
    "dates_reversed": "The end is before the beginning.",
    "too_long": "The value is too long.",
    "out_of_range": "A number or a day outside of what there is.",
    "formula": "A spreadsheet would run it; it is no key and no text of a relation.",
    "formal_contradicts_type": "Only influence runs beside the formal lines.",
    "party_unknown": "Nobody is known by this yet; tried again when somebody is.",
    "party_ambiguous": "Several persons are known by this.",
    "relation_to_self": "Both ends are one person.",
    "relation_not_allowed": "There are no such relations between such customers, or this is not said of one.",
    "relation_overlaps": "Another relation holds at that time, or the same one with other facts.",
    "relation_decided": "It has ended before; to begin again it needs a first day.",
    "relation_not_found": "There is no such relation that could end.",
    "line_in_circle": "Somebody would be over themselves.",
    "guardian_needed": "Minors neither guard, nor pay or lead without a guardian.",
    "too_many_facts": "There would be more attributes or subscriptions than a customer may have.",
}
