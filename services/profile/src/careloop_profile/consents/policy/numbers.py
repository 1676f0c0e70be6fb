"""A file with phone numbers, as registers come: one a line, perhaps with more columns and a heading."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from careloop_profile.identifiers.policy import normalise_phone

SHOWN: Final = 100
"""So many refused lines are named, the others counted."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is in a file: the numbers, and the lines that have none, with the reason."""

    lines: int
    numbers: tuple[str, ...]
    refused: int
    examples: tuple[tuple[int, str], ...]


def read_numbers(text: str, region: str) -> Numbers:
    """Read the first column of each line; a number that is there twice counts once."""
    numbers: dict[str, None] = {}
    refused, examples, lines = 0, [], 0
    for line, cell in _cells(text):
        lines += 1
        outcome = normalise_phone(cell, region)
        if outcome.value is not None:
            numbers[outcome.value] = None
        elif line > 1 or any(map(str.isdigit, cell)):  # the first line may be a heading
            refused += 1
            examples.append((line, str(outcome.reason)))
    return Numbers(lines, tuple(numbers), refused, tuple(examples[:SHOWN]))


def _cells(text: str) -> Iterator[tuple[int, str]]:
    for line, content in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        if cell := content.replace(";", ",").replace("\t", ",").split(",", 1)[0].strip().strip('"'):
            yield line, cell
