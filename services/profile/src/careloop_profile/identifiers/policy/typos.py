"""How far one spelling is from another."""


def one_slip(one: str, other: str) -> bool:
    """Whether one character more, less, another or swapped with its neighbour makes `other` of `one`.

    Damerau and Levenshtein's distance of one, without the table: what differs lies between the common beginning and
    the common end.
    """
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start, shorter = 0, min(len(one), len(other))
    while start < shorter and one[start] == other[start]:
        start += 1
    end = 0
    while end < shorter - start and one[-1 - end] == other[-1 - end]:
        end += 1
    rest, rest_other = one[start : len(one) - end], other[start : len(other) - end]
    if len(rest) <= 1 and len(rest_other) <= 1:
        return True
    return len(rest) == len(rest_other) == 2 and rest == rest_other[::-1]
