"""From the text of a cell to a value. Each transform gives a value or says what is wrong with the text."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from careloop_profile.identifiers.policy import Reason, clean, normalise_date

Scalar = str | float | bool | Decimal | date | None

_YES = frozenset({"1", "y", "yes", "true", "t", "on", "是", "有", "同意", "开"})
_NO = frozenset({"0", "n", "no", "false", "f", "off", "否", "无", "没有", "不同意", "关"})
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(\D|$))")
_CURRENCY = re.compile(r"^[¥￥$€]|元$")
_MAX_TEXT = 1000


class Unreadable(ValueError):
    """A cell that is not what its column should hold. The argument is the stable code."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What some transforms need besides the text: the day that the import started."""

    today: date


Transform = Callable[[str, Setting], Scalar]


def as_text(text: str, _: Setting) -> str:
    if len(text) > _MAX_TEXT:
        raise Unreadable("too_long")
    return text


def as_lower(text: str, setting: Setting) -> str:
    return as_text(text, setting).lower()


def as_number(text: str, _: Setting) -> float:
    bare = _THOUSANDS.sub("", _CURRENCY.sub("", clean(text))).strip()
    try:
        number = float(bare)
    except ValueError:
        raise Unreadable("not_a_number") from None
    if not math.isfinite(number) or abs(number) > 1e15:
        raise Unreadable("not_a_number")
    return number


def as_yes_no(text: str, _: Setting) -> bool:
    word = clean(text).casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Unreadable("not_yes_or_no")


def as_date(text: str, _: Setting) -> date | None:
    """None is how systems write that they know no date, such as 0000-00-00 or 9999-12-31."""
    outcome = normalise_date(text)
    if outcome.value is not None:
        return date.fromisoformat(outcome.value)
    if outcome.reason in {Reason.PLACEHOLDER, Reason.EMPTY}:
        return None
    raise Unreadable("ambiguous" if outcome.reason is Reason.AMBIGUOUS else "not_a_date")


def as_months_ago(text: str, setting: Setting) -> date:
    """The day so many months before the import; the last day of a shorter month stands for days it has not."""
    months = as_number(text, setting)
    if months < 0 or months > 1200 or not months.is_integer():
        raise Unreadable("not_a_number_of_months")
    year, month = divmod(setting.today.year * 12 + setting.today.month - 1 - int(months), 12)
    for day in range(setting.today.day, 27, -1):
        try:
            return date(year, month + 1, day)
        except ValueError:
            continue
    return date(year, month + 1, min(setting.today.day, 28))


TRANSFORMS: Mapping[str, Transform] = MappingProxyType(
    {
        "strip": as_text,
        "lower": as_lower,
        "number": as_number,
        "yes_no": as_yes_no,
        "date": as_date,
        "months_ago": as_months_ago,
    }
)


def guess(text: str) -> str | float | bool:
    """The value of a column that no mapping mentions."""
    number = text.removeprefix("-")
    plain = number.isascii() and number.replace(".", "", 1).isdigit() and not re.match(r"0\d", number)
    if plain and len(number) <= 15:
        return float(text)
    if text.casefold() in {"true", "false"}:
        return text.casefold() == "true"
    return text[:_MAX_TEXT]
