# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""When is a user's own signal present? A small closed grammar over a probe's answer, in three values.

A condition is a mapping: ``{found: true}``, or ``{all: [...]}``, ``{any: [...]}``, ``{not: {...}}``, or a place in the
answer (``value``: the name of a registry value; ``field``: the keys to go down, joined by ``/``) with one operator.
What is not there fits no operator but ``exists: false`` and ``empty: true``; what cannot be compared is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .._evidence.answers import Answer, Reading, number_of, value_of
from .._evidence.wording import nearest

_MISSING = object()
# A text or number where the path goes on: no comparison with it makes sense.
_DAMAGED = object()
_PLACE = re.compile(r"[0-9]{1,9}")
MAX_DEPTH = 8


class ConditionError(ValueError):
    """A condition that cannot be used; the message names the key and what it takes."""


# None stands for unknown: the answer cannot be compared so.
Truth = bool | None
Test = Callable[[Answer], Truth]


def parse_condition(value: object, *, where: str, depth: int = 0) -> Test:
    """Return the test of a condition; raise ConditionError naming the key below ``where``."""
    if not isinstance(value, Mapping) or not value:
        raise ConditionError(f"{where}: must be a mapping such as {{found: true}} or {{value: Flags, above: 0}}")
    if depth > MAX_DEPTH:
        raise ConditionError(f"{where}: nested more than {MAX_DEPTH} deep")
    groups = [key for key in ("all", "any", "not", "found") if key in value]
    if not groups:
        return _comparison(value, where)
    if len(value) != 1:
        raise ConditionError(f"{where}: {groups[0]} stands alone; put further conditions into all: [...]")
    key = groups[0]
    if key == "found":
        return _found(value[key], f"{where}.found")
    if key == "not":
        inner = parse_condition(value[key], where=f"{where}.not", depth=depth + 1)
        return lambda answer: _negated(inner(answer))
    if not isinstance(value[key], list) or not value[key]:
        raise ConditionError(f"{where}.{key}: must be a list of conditions")
    parts = [
        parse_condition(part, where=f"{where}.{key}[{place}]", depth=depth + 1) for place, part in enumerate(value[key])
    ]
    return _joined(parts, decides=key == "any")


def _found(value: object, where: str) -> Test:
    if not isinstance(value, bool):
        raise ConditionError(f"{where}: must be true or false")
    return lambda answer: (answer.reading is Reading.FOUND) is value


def _negated(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _joined(parts: list[Test], *, decides: bool) -> Test:
    """One part that decides is enough, even beside unknown ones."""

    def _test(answer: Answer) -> Truth:
        truths = [part(answer) for part in parts]
        if decides in truths:
            return decides
        return None if None in truths else not decides

    return _test


def _comparison(value: Mapping[Any, Any], where: str) -> Test:
    places = [key for key in ("value", "field") if key in value]
    operators = [key for key in value if key not in ("value", "field")]
    for key in operators:
        if key not in _OPERATORS:
            words = sorted(_OPERATORS)
            raise ConditionError(
                f"{where}.{key}: no such operator{nearest(str(key), words)}; there are {', '.join(words)}"
            )
    if len(places) != 1 or len(operators) != 1:
        raise ConditionError(f"{where}: needs value or field, and one operator ({', '.join(sorted(_OPERATORS))})")
    place, operator = places[0], operators[0]
    if not isinstance(value[place], str) or (place == "field" and not value[place].strip("/")):
        raise ConditionError(f"{where}.{place}: must be a text")
    take = _value(value[place]) if place == "value" else _field(value[place])
    compare = _OPERATORS[operator](value[operator], f"{where}.{operator}")

    def _test(answer: Answer) -> Truth:
        found = take(answer)
        return None if found is _DAMAGED else compare(found)

    return _test


def _value(name: str) -> Callable[[Answer], Any]:
    def _take(answer: Answer) -> Any:
        if answer.reading is not Reading.FOUND:
            return _MISSING
        exists, _kind, data = value_of(answer.data, name)
        return data if exists else _MISSING

    return _take


def _field(path: str) -> Callable[[Answer], Any]:
    keys = [key for key in path.split("/") if key]

    def _take(answer: Answer) -> Any:
        found: Any = answer.data if answer.reading is Reading.FOUND else _MISSING
        for key in keys:
            if isinstance(found, Mapping):
                found = _under(found, key)
            elif isinstance(found, list):
                there = _PLACE.fullmatch(key) and int(key) < len(found)
                found = found[int(key)] if there else _MISSING
            elif found is _MISSING:
                return _MISSING
            else:
                return _DAMAGED
        return found

    return _take


def _under(found: Mapping[str, Any], key: str) -> Any:
    """Windows ignores the case of names, and so do its answers."""
    if key in found:
        return found[key]
    lowered = key.lower()
    return next((value for name, value in found.items() if str(name).lower() == lowered), _MISSING)


def _flag(operand: object, where: str) -> bool:
    if not isinstance(operand, bool):
        raise ConditionError(f"{where}: must be true or false")
    return operand


def _exists(operand: object, where: str) -> Callable[[Any], Truth]:
    wanted = _flag(operand, where)
    return lambda found: (found is not _MISSING) is wanted


def _empty(operand: object, where: str) -> Callable[[Any], Truth]:
    wanted = _flag(operand, where)

    def _compare(found: Any) -> Truth:
        if found is _MISSING or found is None:
            return wanted
        if isinstance(found, (str, list, Mapping)):
            return (not found or (isinstance(found, list) and not any(found))) is wanted
        return None

    return _compare


def _equals(operand: object, where: str) -> Callable[[Any], Truth]:
    if not isinstance(operand, (str, int, bool)):
        raise ConditionError(f"{where}: must be a text, a whole number, true or false")

    def _compare(found: Any) -> Truth:
        if found is _MISSING:
            return False
        if isinstance(operand, str):
            return found.casefold() == operand.casefold() if isinstance(found, str) else None
        if isinstance(operand, bool):
            return found is operand if isinstance(found, bool) else None
        number = number_of(found)
        return None if number is None else number == operand

    return _compare


def _not_equals(operand: object, where: str) -> Callable[[Any], Truth]:
    compare = _equals(operand, where)
    return lambda found: False if found is _MISSING else _negated(compare(found))


def _above(operand: object, where: str) -> Callable[[Any], Truth]:
    if isinstance(operand, bool) or not isinstance(operand, int):
        raise ConditionError(f"{where}: must be a whole number")

    def _compare(found: Any) -> Truth:
        if found is _MISSING:
            return False
        number = len(found) if isinstance(found, list) else number_of(found)
        return None if number is None else number > operand

    return _compare


def _contains(operand: object, where: str) -> Callable[[Any], Truth]:
    if not isinstance(operand, str) or not operand:
        raise ConditionError(f"{where}: must be a text")
    wanted = operand.casefold()

    def _compare(found: Any) -> Truth:
        if found is _MISSING:
            return False
        if isinstance(found, str):
            return wanted in found.casefold()
        if isinstance(found, (list, Mapping)) and all(isinstance(item, str) for item in found):
            return any(item.casefold() == wanted for item in found)
        return None

    return _compare


def _matches(operand: object, where: str) -> Callable[[Any], Truth]:
    if not isinstance(operand, str) or not operand:
        raise ConditionError(f"{where}: must be a regular expression")
    try:
        pattern = re.compile(operand, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise ConditionError(f"{where}: not a regular expression: {error}") from None

    def _compare(found: Any) -> Truth:
        if found is _MISSING:
            return False
        return pattern.search(found) is not None if isinstance(found, str) else None

    return _compare


_OPERATORS: Mapping[str, Callable[[object, str], Callable[[Any], Truth]]] = {
    "exists": _exists,
    "empty": _empty,
    "equals": _equals,
    "not_equals": _not_equals,
    "above": _above,
    "contains": _contains,
    "matches": _matches,
}
