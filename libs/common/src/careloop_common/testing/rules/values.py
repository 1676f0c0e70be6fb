"""Random values with edges and gaps."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from careloop_common.rules import BOOL, DURATION, NUMBER, TEXT, TIMESTAMP, Type
from careloop_common.rules.values import divided, minus, number, plus, times
from careloop_common.testing.rules.stored import KINDS, MEMBERS, NOW, STORED

DOUBLES = [
    *(0.0, -0.0, 1.0, -1.0, 0.1, 0.2, 0.3, -0.7, 0.7, 2.5, 1 / 3, 123_456.789, 2.0**53, 9e14, 1e15, 1e23),
    *(999_999_999_999_999.9, 1e308, -1e308, 5e-324, -5e-324, 1e-30, 3e-45, 2.0**-148, 2.0**-149, 2.0**-200),
    *(2.0**-201, 3 * 2.0**-202, float("inf"), float("-inf"), float("nan")),
]
_WHOLES = [
    0,
    1,
    -1,
    2,
    3,
    7,
    10,
    100,
    31_622_777,
    10**15 - 1,
    10**15,
    -(10**15),
    2**53 + 1,
    2**63 - 1,
    -(2**63),
]
_DECIMALS = [
    *("0", "0.1", "-0.7", "2.5", "0.30000000000000000001", "1e400", "-1e400", "1e-400", "NaN", "Infinity"),
    *("999999999999999.99", "999999999999999.9", "1e-100", "1.0000001e-100", "12345678901234567890.5"),
]
_AMOUNTS = [
    0,
    1,
    10**10,
    999 * 10**10,
    10**25,
    10**25 - 1,
    -(10**25),
    10**25 - 10**8,
    10**25 - 5 * 10**8,
    10**28 - 1,
]
"""In units of 10^-10: around 10^15, where numbers end, and in digits that a double does not have."""
WORDS = [
    *(
        "",
        "a",
        "A",
        "b",
        "ab",
        "abc",
        "Z",
        "z",
        "é",
        "e\u0301",
        "中",
        "中文",
        "广东",
        "𠮷",
        "😀",
        "😀a",
        "\uffff",
        "ß",
    ),
    *("%", "_", "'", '"', "\\", "a\nb", "\t", " ", "0", "10", "9", "\u3000", "\x7f", *KINDS),
]
_TIMES = [
    *("0001-01-01T00:00:00.000001Z", "9999-12-31T23:59:59.999998Z", "0001-01-01T00:00:00Z"),
    *("9999-12-31T23:59:59.999999Z", "1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z"),
    *(
        "2016-12-31T23:59:59.999999Z",
        "2017-01-01T00:00:00Z",
        "2024-02-29T12:00:00Z",
        "2025-03-30T01:30:00+01:00",
    ),
    *("2026-02-28T23:59:59.999999Z", "2026-02-27T23:59:59.999999Z"),
    *(
        "2020-02-29T00:00:00Z",
        "1996-02-29T23:59:59.999999Z",
        "1990-02-28T23:59:59.999999Z",
        "1990-03-01T00:00:00Z",
    ),
]
_SPANS = [
    *(
        0,
        1,
        -1,
        1_000_000,
        90_000_000,
        86_400_000_000,
        -86_400_000_000,
        259_200_000_000,
        62_135_596_800_000_000,
    ),
    *(315_576_000_000_000_000, -315_576_000_000_000_000, 315_576_000_000_000_001),
]
_MISSING = 0.2
_EXACT = 0.5


class RandomValues:
    """Values for the attributes of `stored`."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def all(self) -> dict[str, Any]:
        """A value for each attribute, or none."""
        names = {name: type_ for name, (type_, _) in STORED.items()} | MEMBERS
        found = {name: self._value(name, type_) for name, type_ in names.items()}
        if self._dice.random() < _EXACT:
            # What a calculation gives, so that a rule can ask for it to the last bit.
            result = self._dice.choice((plus, minus, times, divided))(
                number(found["double"]), number(found["json.number"])
            )
            found["decimal"] = None if result is None else Decimal(repr(result))
        return found

    def _value(self, name: str, type_: Type) -> Any:
        dice = self._dice
        if dice.random() < _MISSING:
            return None
        if type_ == NUMBER:
            return self._number_value(name)
        if type_ == TEXT:
            return dice.choice(KINDS if name == "kind" else WORDS)
        if type_ == BOOL:
            return dice.random() < 0.5
        if type_ in {TIMESTAMP, DURATION}:
            return self.time() if type_ == TIMESTAMP else timedelta(microseconds=self.span())
        return [dice.choice(WORDS) for _ in range(dice.randrange(4))]

    def _number_value(self, name: str) -> int | float | Decimal:
        dice = self._dice
        if name == "decimal":
            common = Decimal(dice.randrange(-10_000, 10_000)) / 100
            return dice.choice((Decimal(dice.choice(_DECIMALS)), common))
        if name == "amount":
            return Decimal(dice.choice((dice.choice(_AMOUNTS), dice.randrange(-(10**16), 10**16)))).scaleb(
                -10
            )
        if name == "whole":
            return dice.choice((dice.choice(_WHOLES), dice.randrange(-5, 20)))
        if name == "small":
            return dice.randrange(-3, 12)
        if name == "double":
            return dice.choice((dice.choice(DOUBLES), dice.uniform(-10, 10), float(dice.randrange(-5, 20))))
        finite = [value for value in DOUBLES if abs(value) < float("inf")]
        return dice.choice(
            (dice.choice(finite), dice.uniform(-10, 10), dice.randrange(-5, 20), dice.choice(_WHOLES))
        )

    def time(self) -> datetime:
        """A time that may be too early or too late."""
        if self._dice.random() < 0.5:
            return datetime.fromisoformat(self._dice.choice(_TIMES)).astimezone(UTC)
        return NOW + timedelta(microseconds=self._dice.randrange(-(10**12), 10**12))

    def span(self) -> int:
        """Microseconds of a duration that may be too long."""
        return self._dice.choice((self._dice.choice(_SPANS), self._dice.randrange(-(10**12), 10**12)))
