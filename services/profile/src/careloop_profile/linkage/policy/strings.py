"""How alike two strings are, as DuckDB sees it: what is trained there is scored here."""

from typing import Final

_PREFIX: Final = 4
_BOOST_FROM: Final = 0.7


def jaro_winkler(one: str, other: str) -> float:
    """Similarity from 0 to 1; a common beginning counts more (Winkler, 1990)."""
    jaro = _jaro(one, other)
    if jaro <= _BOOST_FROM:
        return jaro
    common = 0
    for left, right in zip(one[:_PREFIX], other, strict=False):
        if left != right:
            break
        common += 1
    return jaro + common * 0.1 * (1 - jaro)


def _jaro(one: str, other: str) -> float:
    if not one or not other:
        return 0.0
    reach = max(max(len(one), len(other)) // 2 - 1, 0)
    taken = bytearray(len(other))
    matches = []
    for place, char in enumerate(one):
        found = other.find(char, max(place - reach, 0), place + reach + 1)
        while found >= 0 and taken[found]:
            found = other.find(char, found + 1, place + reach + 1)
        if found >= 0:
            taken[found] = 1
            matches.append(char)
    if not matches:
        return 0.0
    theirs = [char for place, char in enumerate(other) if taken[place]]
    swapped = sum(map(str.__ne__, matches, theirs)) // 2
    same = len(matches)
    return (same / len(one) + same / len(other) + (same - swapped) / same) / 3


def edits(one: str, other: str) -> int:
    """Insertions, deletions, substitutions and swaps of neighbours that make one of the other (Damerau, 1964).

    Lowrance and Wagner's distance (1975): what was swapped may be edited again.
    """
    start, end = 0, 0
    shortest = min(len(one), len(other))
    while start < shortest and one[start] == other[start]:
        start += 1
    while end < shortest - start and one[-1 - end] == other[-1 - end]:
        end += 1
    one, other = one[start : len(one) - end], other[start : len(other) - end]
    if not one or not other:
        return len(one) + len(other)
    return _distance(one, other)


def _distance(one: str, other: str) -> int:
    most = len(one) + len(other)
    rows: list[list[int]] = [[most] * (len(other) + 2), [most, *range(len(other) + 1)]]
    last_row: dict[str, int] = {}
    for i, left in enumerate(one, 1):
        before, row, last_column = rows[-1], [most, i], 0
        for j, right in enumerate(other, 1):
            k, l = last_row.get(right, 0), last_column  # noqa: E741  (as in the paper)
            swap = rows[k][l] + (i - k - 1) + 1 + (j - l - 1)
            row.append(min(before[j] + (left != right), row[j] + 1, before[j + 1] + 1, swap))
            if left == right:
                last_column = j
        rows.append(row)
        last_row[left] = i
    return rows[-1][-1]
