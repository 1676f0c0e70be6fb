"""How long something took, as customers write it: "5 days", "超过三天", "半个月", "more than two weeks"."""

import re

_ZH_DIGITS = {"半": 0.5, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5}
_ZH_DIGITS |= {"六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_EN_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_UNIT_DAYS = {"小时": 1 / 24, "天": 1, "周": 7, "星期": 7, "礼拜": 7, "月": 30}
_UNIT_DAYS |= {"hour": 1 / 24, "day": 1, "week": 7, "month": 30}

_DURATION = re.compile(
    r"(?P<more>超过|多于|more than|over)?\s*"
    rf"(?P<number>\d{{1,4}}|[{''.join(_ZH_DIGITS)}]{{1,3}}|\b(?:an?|{'|'.join(_EN_NUMBERS)})\b)"
    r"\s*(?P<extra>多)?(?P<measure>个)?(?P<and_more>多)?[\s-]*"
    r"(?P<unit>小时|天|周|星期|礼拜|(?(measure)月|(?!))|hour|day|week|month)"
)


def longest_days(text: str) -> float:
    """The longest duration in a normalised text, in days; "more than three days" is longer than three days."""
    return max((_days(match) for match in _DURATION.finditer(text)), default=0.0)


def _days(match: re.Match[str]) -> float:
    more = 0.5 if match["more"] or match["extra"] or match["and_more"] else 0.0
    return (_number(match["number"]) + more) * _UNIT_DAYS[match["unit"]]


def _number(word: str) -> float:
    if word.isdecimal():
        return float(word)
    if word in {"a", "an"}:
        return 1.0
    if word in _EN_NUMBERS:
        return float(_EN_NUMBERS.index(word))
    tens, ten, units = word.partition("十")
    if not ten:
        return _ZH_DIGITS[word[-1]]
    return _ZH_DIGITS.get(tens, 1) * 10 + _ZH_DIGITS.get(units, 0)
