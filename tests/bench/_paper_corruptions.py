"""What forms and spreadsheets make of identity numbers, days and addresses."""

from collections.abc import Callable
from datetime import date
from random import Random

from _clean_values import COUNTIES, STREETS, ZONE
from _slips import Corruption, doubled, dropped, swapped
from careloop_profile.identifiers.policy.address import UNDIVIDED
from careloop_profile.identifiers.policy.counties import Seat
from careloop_profile.identifiers.policy.divisions import PREFECTURES, short

_NUMERALS = "〇一二三四五六七八九"
_MONTHS = ("Jan", "Feb", "March", "Apr.", "May", "June", "July", "Aug", "Sept", "October", "Nov", "December")


def _misread(dice: Random, value: str) -> str:
    place = dice.randrange(17)
    return (
        value[:place]
        + dice.choice([digit for digit in "0123456789" if digit != value[place]])
        + value[place + 1 :]
    )


IDENTITY_NUMBERS: tuple[Corruption, ...] = (
    ("lower case", True, lambda _, v: v.lower()),
    ("grouped", True, lambda dice, v: dice.choice(" -").join((v[:6], v[6:14], v[14:]))),
    ("15 digits", True, lambda _, v: v[:6] + v[8:17] if v[6:8] == "19" else None),
    ("letters", True, lambda dice, v: v.replace(*dice.choice((("0", "O"), ("1", "l"), ("1", "I"))))),
    ("digit misread", False, _misread),
    ("digits swapped", False, lambda dice, v: swapped(v, dice.randrange(17))),
    ("digit lost", False, dropped),
    ("digit doubled", False, doubled),
)


def _parts(value: str) -> tuple[int, int, int]:
    found = date.fromisoformat(value)
    return found.year, found.month, found.day


def _numeral(number: int) -> str:
    tens, ones = divmod(number, 10)
    ten = ("" if tens == 1 else _NUMERALS[tens]) + "十" if tens else ""
    return ten + (_NUMERALS[ones] if ones else "")


def _in_chinese(_: Random, value: str) -> str:
    year, month, today = _parts(value)
    return "".join(_NUMERALS[int(digit)] for digit in str(year)) + f"年{_numeral(month)}月{_numeral(today)}日"


def _spelt(dice: Random, value: str) -> str:
    year, month, today = _parts(value)
    mark = dice.choice("/.-")
    return dice.choice(
        (f"{year}{mark}{month}{mark}{today}", f"{year}年{month}月{today}日", f"{year}{month:02}{today:02}")
    )


def _in_english(dice: Random, value: str) -> str:
    year, month, today = _parts(value)
    word = _MONTHS[month - 1]
    return dice.choice((f"{word} {today}, {year}", f"{today} {word} {year}"))


def _year_last(_: Random, value: str) -> str | None:
    year, month, today = _parts(value)
    return f"{today}/{month}/{year}" if today > 12 else None


def _either(_: Random, value: str) -> str | None:
    year, month, today = _parts(value)
    return f"{today}/{month}/{year}" if today <= 12 and today != month else None


DAYS: tuple[Corruption, ...] = (
    ("other form", True, _spelt),
    ("Chinese numerals", True, _in_chinese),
    ("English month", True, _in_english),
    ("day first", True, _year_last),
    ("with time", True, lambda dice, v: f"{v} {dice.randrange(24):02}:30:00"),
    ("spreadsheet serial", True, lambda _, v: str((date.fromisoformat(v) - date(1899, 12, 30)).days)),
    ("day or month first", False, _either),
    ("short year", False, lambda _, v: v[2:]),
    ("no such month", False, lambda dice, v: f"{v[:5]}{dice.randrange(13, 30)}{v[7:]}"),
    ("no such day", False, lambda dice, v: f"{v[:8]}{dice.randrange(32, 60)}"),
    ("never", False, lambda dice, _: dice.choice(("0000-00-00", "1900-01-01", "9999-12-31"))),
)


def _area(value: str) -> tuple[str, str, str]:
    """Province, prefecture, and the rest of a clean address."""
    for place in PREFECTURES:
        if value.startswith(place.province + place.name):
            return place.province, place.name, value[len(place.province) + len(place.name) :]
    return value[:3], "", value[3:]


def _shortened(_: Random, value: str) -> str:
    province, city, rest = _area(value)
    return short(province) + short(city) + rest


def _without(part: str) -> Callable[[Random, str], str | None]:
    def lose(_dice: Random, value: str) -> str | None:
        province, city, rest = _area(value)
        known = sorted(COUNTIES.get(Seat(province, city or province), []), key=len, reverse=True)
        names = (*known, ZONE, "")
        district = next(one for one in names if rest.startswith(one))
        street = next(one for one in STREETS if rest.startswith(district + one))
        kept = rest.removeprefix(district).removeprefix(street)
        number, _, detail = kept.partition("号")
        if (part == "city" and not city) or (part == "district" and city in UNDIVIDED):
            return None
        pieces = {
            "province": province,
            "city": city,
            "district": district,
            "street": street,
            "number": f"{number}号",
        }
        return "".join(text for name, text in pieces.items() if name != part) + detail

    return lose


ADDRESSES: tuple[Corruption, ...] = (
    ("short names", True, _shortened),
    ("with country", True, lambda _, v: f"中国{v}"),
    ("blanks between", True, lambda _, v: " ".join(_area(v)).replace("  ", " ")),
    ("province left out", True, lambda _, v: _area(v)[1] + _area(v)[2] if _area(v)[1] else None),
    (
        "city twice",
        True,
        lambda _, v: _area(v)[0] + _area(v)[1] * 2 + _area(v)[2] if _area(v)[1] else f"{v[:3]}{v}",
    ),
    ("city lost", False, _without("city")),
    ("district lost", False, _without("district")),
    ("street lost", False, _without("street")),
    ("number lost", False, _without("number")),
    (
        "other province",
        False,
        lambda _, v: (
            ("海南省" if v[:3] != "海南省" else "广东省") + _area(v)[1] + _area(v)[2] if _area(v)[1] else None
        ),
    ),
)
