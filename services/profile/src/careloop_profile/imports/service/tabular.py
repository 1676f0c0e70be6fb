"""Reading a chunk of rows from where the last one ended, whatever the format."""

from dataclasses import dataclass

from careloop_profile.imports.policy.records import Flaw


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row by its line (delimited text) or number (Parquet): its cells, or why there are none."""

    line: int
    cells: dict[str, str] | Flaw


class Unusable(Exception):
    """The file as a whole cannot be imported. `code` is stable."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def check_header(names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise Unusable("duplicate_column", f"The header has the column {name[:80]!r} twice.")
        seen.add(name)
