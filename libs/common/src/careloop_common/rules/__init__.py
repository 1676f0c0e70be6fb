"""Rules: conditions that people write and the platform evaluates, the same in memory and in the database.

    catalogue = Catalogue({"fee": NUMBER, "tier": one_of("basic", "plus"), "seen_at": TIMESTAMP, "flags": TEXTS})
    rule = parse('fee > 100 && tier == "plus" && !("quiet" in flags)', catalogue)   # or RuleError with the column
    stored = to_json(rule);  rule = from_json(stored, catalogue);  to_text(rule)     # one canonical way to write it
    evaluate = compile_python([rule, …]);  evaluate({"fee": 120, "tier": "plus"}, now)           # -> [True, …]
    select(table).where(sql.to_sql(rule, {"fee": table.c.fee, …}, now))    # from careloop_common.rules import sql

    RuleSet({"late": rule, …}).evaluate_changed(values, now, {"fee"})     # only the rules that depend on what changed
    next_change(rule, values, now)                                            # when to ask again, if only time passes

A `Lookup` is a family of attributes written as a call: `total("calls", "30d")` is the key of its value and of its column.

`docs/rules.md` is the page for those who write rules; docs/decisions/0012 says why the language is our own. The tour:

    lexer, parser, document   a text or a stored document to `syntax`: what was written, with places
    check                     `syntax` to `tree`: types, functions and attributes, by `functions` and a `catalogue`
    text, document            `tree` back to canonical text and to the stored form
    values                    the semantics of numbers and times: what is missing, and why nothing ever raises
    python, sql, duckdb       the back ends, each with a table over the functions; sql_writer and sql_values
                              are what SQL has in common, and the values in it
    ruleset, timing, lines    which rules a change can touch, and when time alone changes one
    witness                   whether a rule can ever hold

Semantics are two-valued. A comparison or any other condition over a missing operand is false, and `!` is plain
complement: `x > 1` and `x <= 1` are both false when `x` is missing, and `!(x > 1)` is then true. A calculation with a
missing operand, by zero, or out of range is missing.
"""

from careloop_common.rules.catalogue import (
    BOOL,
    COUNT,
    DATE,
    DURATION,
    NUMBER,
    TEXT,
    TEXTS,
    TIMESTAMP,
    Catalogue,
    Lookup,
    Type,
    like,
    one_of,
    some_of,
    within,
)
from careloop_common.rules.check import check
from careloop_common.rules.document import from_json, to_json
from careloop_common.rules.errors import RuleError
from careloop_common.rules.parser import read
from careloop_common.rules.python import Evaluate, compile_python
from careloop_common.rules.ruleset import RuleSet
from careloop_common.rules.text import to_text
from careloop_common.rules.timing import next_change
from careloop_common.rules.tree import Attribute, Rule, attributes, depends_on, uses_now


def parse(text: str, catalogue: Catalogue) -> Rule:
    """The rule that `text` means over the attributes of `catalogue`; `RuleError` with the column otherwise."""
    return check(read(text), catalogue)


__all__ = [
    "BOOL",
    "COUNT",
    "DATE",
    "DURATION",
    "NUMBER",
    "TEXT",
    "TEXTS",
    "TIMESTAMP",
    "Attribute",
    "Catalogue",
    "Evaluate",
    "Lookup",
    "Rule",
    "RuleError",
    "RuleSet",
    "Type",
    "attributes",
    "compile_python",
    "depends_on",
    "from_json",
    "like",
    "next_change",
    "one_of",
    "parse",
    "some_of",
    "to_json",
    "to_text",
    "uses_now",
    "within",
]
