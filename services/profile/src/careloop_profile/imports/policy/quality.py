"""What a report says about a file's columns, in space that does not grow with the file."""

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

_KEPT = 256
_RANGE = 2**48


@dataclass(slots=True)
class Distinct:
    """How many different values there were: exact up to 256, within a few per cent above.

    Keeps the smallest hashes (k minimum values): the k-th smallest of n evenly spread numbers is near k/n.
    """

    smallest: list[int] = field(default_factory=list)

    def add(self, value: str) -> None:
        number = int.from_bytes(blake2b(value.encode("utf-8", "replace"), digest_size=6).digest())
        if len(self.smallest) == _KEPT and number >= self.smallest[-1]:
            return
        place = bisect_left(self.smallest, number)
        if place < len(self.smallest) and self.smallest[place] == number:
            return
        insort(self.smallest, number)
        del self.smallest[_KEPT:]

    @property
    def count(self) -> int:
        if len(self.smallest) < _KEPT:
            return len(self.smallest)
        return round((_KEPT - 1) * _RANGE / self.smallest[-1])

    @property
    def exact(self) -> bool:
        return len(self.smallest) < _KEPT


@dataclass(slots=True)
class Column:
    filled: int = 0
    invalid: int = 0
    repaired: int = 0
    distinct: Distinct = field(default_factory=Distinct)
    _seen: set[str] = field(default_factory=set, repr=False, compare=False)

    def see(self, value: str) -> None:
        if not value:
            return
        self.filled += 1
        if value not in self._seen:
            self.distinct.add(value)
            if len(self._seen) < _KEPT:
                self._seen.add(value)


@dataclass(slots=True)
class Quality:
    """Columns in the order of the file, and what concerns whole rows."""

    columns: dict[str, Column]
    duplicates: int = 0
    keys_valid: int = 0
    flaws: dict[str, int] = field(default_factory=dict)

    def flaw(self, code: str) -> None:
        self.flaws[code] = self.flaws.get(code, 0) + 1

    def to_json(self) -> dict[str, Any]:
        columns = {
            name: [column.filled, column.invalid, column.repaired, column.distinct.smallest]
            for name, column in self.columns.items()
        }
        return {
            "columns": columns,
            "order": list(columns),
            "duplicates": self.duplicates,
            "keys_valid": self.keys_valid,
            "flaws": self.flaws,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Quality":
        columns = {}
        for name in stored.get("order", ()):
            filled, invalid, repaired, smallest = stored["columns"][name]
            columns[name] = Column(filled, invalid, repaired, Distinct(smallest))
        return cls(
            columns, stored.get("duplicates", 0), stored.get("keys_valid", 0), dict(stored.get("flaws", {}))
        )
