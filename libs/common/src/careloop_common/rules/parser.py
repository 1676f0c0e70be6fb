"""Tokens to syntax: a Pratt parser. Each operator has a power; an operand goes to the stronger one beside it."""

from careloop_common.rules.errors import RuleError
from careloop_common.rules.functions import AND, COMPARING, FUNCTIONS, NOT, OR, POWERS, PREFIX_POWER, Form
from careloop_common.rules.lexer import Sort, Token, tokens
from careloop_common.rules.limits import MAX_ITEMS, MAX_NESTING, Budget, too_deep
from careloop_common.rules.syntax import Items, Name, Syntax, Value, apply

_WORDS = {"and": AND, "or": OR, "not": NOT, "AND": AND, "OR": OR, "NOT": NOT}
_METHODS = {name for name, found in FUNCTIONS.items() if found[0].form is Form.METHOD}


def read(text: str) -> Syntax:
    """The syntax of a whole text; `RuleError` with the column where it is not a rule."""
    parser = _Parser(text)
    found = parser.expression(0)
    parser.expect("")
    return found


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self._token = next(self._tokens)
        self._budget = Budget()
        self._nesting = 0

    def expression(self, least: int) -> Syntax:
        """An operand and every operator after it that binds more strongly than `least`."""
        left = self._operand()
        while (power := self._power()) > least:
            sign = self._take()
            self._budget.spend(sign.column)
            operands = [left, self.expression(power)]
            # Side by side, however many, is one level.
            while sign.text in {AND, OR} and self._token.text == sign.text and self._is_sign():
                self._take()
                operands.append(self.expression(power))
            left = apply(sign.text, operands, sign.column)
            if power == COMPARING == self._power():
                raise RuleError.at(self._token.column, "comparisons do not chain; join two of them with &&")
        return left

    def expect(self, sign: str) -> Token:
        """Take the token `sign` (empty for the end); `RuleError` if another one stands here."""
        wanted = Sort.SIGN if sign else Sort.END
        if self._token.sort is wanted and self._token.text == sign:
            return self._take() if sign else self._token
        raise self._unexpected(f"'{sign}'" if sign else "an operator or the end")

    def _operand(self) -> Syntax:
        found = self._primary()
        while self._at("."):
            self._take()
            found = self._method(found)
        return found

    def _primary(self) -> Syntax:
        token = self._token
        if token.sort is Sort.NAME:
            return self._named()
        if token.sort in {Sort.NUMBER, Sort.TEXT}:
            return self._value()
        if self._at("!") or self._at("-"):
            return self._prefixed()
        if self._at("("):
            self._take()
            self._enter(token)
            found = self.expression(0)
            self.expect(")")
            self._nesting -= 1
            return found
        if self._at("["):
            return self._list()
        raise self._unexpected("a value")

    def _prefixed(self) -> Syntax:
        sign = self._take()
        if sign.text == "-" and self._token.sort is Sort.NUMBER:
            return self._negative(sign)
        self._enter(sign)
        self._budget.spend(sign.column)
        operand = self.expression(PREFIX_POWER)
        self._nesting -= 1
        return apply(sign.text, [operand], sign.column)

    def _value(self) -> Value:
        token = self._take()
        self._budget.spend(token.column)
        return Value(float(token.text) if token.sort is Sort.NUMBER else token.text, token.column)

    def _named(self) -> Syntax:
        """`true`, an attribute with its dots, or a call; what follows the last dot may be a method."""
        token = self._take()
        self._budget.spend(token.column)
        if token.text in {"true", "false"}:
            return Value(token.text == "true", token.column)
        if self._at("("):
            return apply(token.text, self._arguments(), token.column)
        parts = [token.text]
        found: Syntax = Name(token.text, token.column)
        while self._at("."):
            self._take()
            part = self._word()
            if self._at("("):
                return self._call(found, part)
            parts.append(part.text)
            found = Name(".".join(parts), token.column)
        return found

    def _method(self, receiver: Syntax) -> Syntax:
        name = self._word()
        if not self._at("("):
            raise self._unexpected("'('")
        return self._call(receiver, name)

    def _call(self, receiver: Syntax, name: Token) -> Syntax:
        self._budget.spend(name.column)
        if name.text not in _METHODS and name.text in FUNCTIONS:
            raise RuleError.at(name.column, f"write {name.text}(x), not x.{name.text}()")
        return apply(name.text, [receiver, *self._arguments()], name.column)

    def _arguments(self) -> list[Syntax]:
        self._enter(self.expect("("))
        found: list[Syntax] = []
        while not self._at(")"):
            if found:
                self.expect(",")
            found.append(self.expression(0))
        self._take()
        self._nesting -= 1
        return found

    def _list(self) -> Items:
        start = self._take()
        self._budget.spend(start.column)
        found: list[Value] = []
        while not self._at("]"):
            if found:
                self.expect(",")
            found.append(self._item())
            if len(found) > MAX_ITEMS:
                raise RuleError.at(found[-1].place, f"a list has more than {MAX_ITEMS} items")
        self._take()
        return Items(tuple(found), start.column)

    def _item(self) -> Value:
        sign = self._take() if self._at("-") else None
        if sign and self._token.sort is Sort.NUMBER:
            return self._negative(sign)
        if sign or self._token.sort not in {Sort.NUMBER, Sort.TEXT}:
            raise self._unexpected("a number" if sign else "a number or text")
        return self._value()

    def _negative(self, sign: Token) -> Value:
        return Value(-float(self._value().value), sign.column)

    def _word(self) -> Token:
        if self._token.sort is not Sort.NAME:
            raise self._unexpected("a name")
        return self._take()

    def _power(self) -> int:
        sign = self._is_sign() or (self._token.text == "in" and self._token.sort is Sort.NAME)
        return POWERS.get(self._token.text, 0) if sign else 0

    def _is_sign(self) -> bool:
        return self._token.sort is Sort.SIGN

    def _at(self, sign: str) -> bool:
        return self._token.sort is Sort.SIGN and self._token.text == sign

    def _take(self) -> Token:
        token = self._token
        if token.sort is not Sort.END:
            self._token = next(self._tokens)
        return token

    def _enter(self, token: Token) -> None:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise too_deep(token.column)

    def _unexpected(self, wanted: str) -> RuleError:
        word = _WORDS.get(self._token.text) if self._token.sort is Sort.NAME else None
        instead = f"; write {word}" if word else ""
        return RuleError.at(self._token.column, f"expected {wanted}, not {self._token}{instead}")
