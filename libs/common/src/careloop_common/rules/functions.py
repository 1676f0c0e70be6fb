"""Everything that can be applied, as one table: name, types of the operands, type of the result, how it is written.

The back ends each have a table of their own over the same `key`s (`python.PYTHON`, `sql.SQL`, `duckdb.DUCKDB`), so that what
reads rules need not load SQLAlchemy, and another back end is one more table. To add a function, add a row here and in each of
them; a test compares the tables.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from careloop_common.rules.catalogue import (
    BOOL,
    DATE,
    DURATION,
    NUMBER,
    NUMBERS,
    TEXT,
    TEXTS,
    TIMESTAMP,
    Type,
)


class Form(Enum):
    """How a function is written."""

    INFIX = auto()
    PREFIX = auto()
    METHOD = auto()
    CALL = auto()


@dataclass(frozen=True, slots=True)
class Function:
    """An operator or function for operands of certain types. A missing operand makes the result false or missing."""

    name: str
    parameters: tuple[Type, ...]
    result: Type
    form: Form
    dates: bool = False
    """Whether it is for dates, and gets the day that it is instead of the time."""

    @property
    def key(self) -> str:
        """What the tables of the back ends call it: `+(number, number)`."""
        return f"{self.name}({'date' if self.dates else ', '.join(map(str, self.parameters))})"


OR, AND, NOT, HAS, NOW = "||", "&&", "!", "has", "now"
"""The functions with rules of their own: `&&` and `||` take any number of operands, `has` takes a missing one."""

DAYS_SINCE, AGE_YEARS = "days_since", "age_years"
RELATIVE = frozenset({DAYS_SINCE, AGE_YEARS})
"""Functions that measure up to now(), without saying so: what a back end makes of them gets it after the operands. Of
dates they count the days of a calendar."""

POWERS = {OR: 1, AND: 2, **dict.fromkeys(["==", "!=", "<", "<=", ">", ">=", "in"], 3)}
POWERS |= {"+": 4, "-": 4, "*": 5, "/": 5}
"""How strongly each infix operator binds; a prefix binds more strongly than all of them."""
PREFIX_POWER = 6
COMPARING = POWERS["=="]
EQUATING = frozenset({"==", "!=", "in"})
"""Where a text that a closed type does not have is a mistake."""


def _all() -> Iterator[Function]:
    yield Function(OR, (BOOL, BOOL), BOOL, Form.INFIX)
    yield Function(AND, (BOOL, BOOL), BOOL, Form.INFIX)
    yield Function(NOT, (BOOL,), BOOL, Form.PREFIX)
    for type_ in (BOOL, NUMBER, TEXT, TIMESTAMP, DURATION, TEXTS):
        yield Function(HAS, (type_,), BOOL, Form.CALL)
    for type_ in (BOOL, NUMBER, TEXT, TIMESTAMP, DURATION):
        yield Function("==", (type_, type_), BOOL, Form.INFIX)
        yield Function("!=", (type_, type_), BOOL, Form.INFIX)
    for type_ in (NUMBER, TEXT, TIMESTAMP, DURATION):
        for name in ("<", "<=", ">", ">="):
            yield Function(name, (type_, type_), BOOL, Form.INFIX)
        yield Function("between", (type_, type_, type_), BOOL, Form.CALL)
    yield Function("in", (TEXT, TEXTS), BOOL, Form.INFIX)
    yield Function("in", (NUMBER, NUMBERS), BOOL, Form.INFIX)
    for name in ("startsWith", "endsWith", "contains"):
        yield Function(name, (TEXT, TEXT), BOOL, Form.METHOD)
    yield Function("size", (TEXT,), NUMBER, Form.CALL)
    yield Function("size", (TEXTS,), NUMBER, Form.CALL)
    for name in ("+", "-", "*", "/"):
        yield Function(name, (NUMBER, NUMBER), NUMBER, Form.INFIX)
    yield Function("-", (NUMBER,), NUMBER, Form.PREFIX)
    yield Function("-", (DURATION,), DURATION, Form.PREFIX)
    yield Function("-", (TIMESTAMP, TIMESTAMP), DURATION, Form.INFIX)
    yield Function("+", (TIMESTAMP, DURATION), TIMESTAMP, Form.INFIX)
    yield Function("-", (TIMESTAMP, DURATION), TIMESTAMP, Form.INFIX)
    yield Function("+", (DURATION, DURATION), DURATION, Form.INFIX)
    yield Function("-", (DURATION, DURATION), DURATION, Form.INFIX)
    yield Function(NOW, (), TIMESTAMP, Form.CALL)
    for name in (DAYS_SINCE, AGE_YEARS):
        yield Function(name, (TIMESTAMP,), NUMBER, Form.CALL)
        yield Function(name, (DATE,), NUMBER, Form.CALL, dates=True)


FUNCTIONS: dict[str, tuple[Function, ...]] = {}
for _function in _all():
    FUNCTIONS[_function.name] = (*FUNCTIONS.get(_function.name, ()), _function)
"""By name; a name can stand for several functions, told apart by the types of their operands."""
