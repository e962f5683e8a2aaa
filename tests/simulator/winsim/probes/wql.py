# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The filter of a CIM query: comparisons joined by AND, OR and NOT, as WQL writes them after WHERE."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from .answers import failed

Test = Callable[[Mapping[str, Any]], bool]

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")|(?P<number>-?\d+(?:\.\d+)?)|(?P<op><>|!=|<=|>=|=|<|>|\(|\))|(?P<word>\w+))",
)
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": lambda a, b: bool(a == b),
    "<>": lambda a, b: bool(a != b),
    "!=": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    ">": lambda a, b: bool(a > b),
    "<=": lambda a, b: bool(a <= b),
    ">=": lambda a, b: bool(a >= b),
}


def parse(filter_text: str) -> Test:
    """The test for an instance. Raises ProbeError (WBEM_E_INVALID_QUERY) for what is not WQL."""
    return _Parser(filter_text).parse()


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = self._split(source)
        self._at = 0

    def parse(self) -> Test:
        test = self._either()
        if self._at != len(self._tokens):
            raise self._wrong()
        return test

    def _split(self, source: str) -> list[str]:
        tokens: list[str] = []
        at = 0
        while source[at:].strip():
            match = _TOKEN.match(source, at)
            if match is None:
                raise self._wrong()
            tokens.append(match[0].strip())
            at = match.end()
        return tokens

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise self._wrong()
        self._at += 1
        return self._tokens[self._at - 1]

    def _takes(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at].upper() == word:
            self._at += 1
            return True
        return False

    def _either(self) -> Test:
        left = self._both()
        while self._takes("OR"):
            left = _or(left, self._both())
        return left

    def _both(self) -> Test:
        left = self._one()
        while self._takes("AND"):
            left = _and(left, self._one())
        return left

    def _one(self) -> Test:
        if self._takes("NOT"):
            inner = self._one()
            return lambda instance: not inner(instance)
        if self._takes("("):
            grouped = self._either()
            if not self._takes(")"):
                raise self._wrong()
            return grouped
        return self._comparison()

    def _comparison(self) -> Test:
        name = self._next().lower()
        if not name.isidentifier():
            raise self._wrong()
        operator = self._next().upper()
        if operator == "IS":
            negative = self._takes("NOT")
            if self._next().upper() != "NULL":
                raise self._wrong()
            return lambda instance: (_value(instance, name) is None) != negative
        if operator == "LIKE":
            pattern = _like(str(self._literal(self._next())))
            return lambda instance: bool(pattern.fullmatch(str(_value(instance, name))))
        if operator not in _COMPARE:
            raise self._wrong()
        return _compared(name, _COMPARE[operator], self._literal(self._next()))

    def _literal(self, token: str) -> str | float | bool | None:
        if token[0] in "'\"":
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        if token.upper() in {"TRUE", "FALSE", "NULL"}:
            return {"TRUE": True, "FALSE": False, "NULL": None}[token.upper()]
        try:
            return float(token)
        except ValueError:
            raise self._wrong() from None

    def _wrong(self) -> Exception:
        kind = "Microsoft.Management.Infrastructure.CimException"
        return failed(f"Invalid query: {self._source}", kind=kind, hresult="0x80041017")


def _or(left: Test, right: Test) -> Test:
    return lambda instance: left(instance) or right(instance)


def _and(left: Test, right: Test) -> Test:
    return lambda instance: left(instance) and right(instance)


def _compared(name: str, compare: Callable[[Any, Any], bool], wanted: str | float | bool | None) -> Test:
    """Text is compared without regard to case, as WMI does; what cannot be compared does not match."""

    def test(instance: Mapping[str, Any]) -> bool:
        held = _value(instance, name)
        if isinstance(held, str) and isinstance(wanted, str):
            return compare(held.lower(), wanted.lower())
        if isinstance(held, str) != isinstance(wanted, str) or held is None or wanted is None:
            return False
        return compare(float(held), float(wanted)) if isinstance(held, int | float) else False

    return test


def _value(instance: Mapping[str, Any], name: str) -> object:
    return next((value for key, value in instance.items() if key.lower() == name), None)


def _like(pattern: str) -> re.Pattern[str]:
    """`%` any text, `_` one character, `[abc]` one of them."""
    parts = (
        part if part.startswith("[") else {"%": ".*", "_": "."}.get(part, re.escape(part))
        for part in re.findall(r"\[[^\]]*\]|.", pattern, re.DOTALL)
    )
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)
