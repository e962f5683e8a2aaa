# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What may stand at a place of a host file.

A check reads one YAML node and returns its value, or refuses it and returns `INVALID`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

import yaml

from .problems import Place, nearest


class Invalid:
    """The value of what was refused."""


INVALID: Final = Invalid()
Check = Callable[[yaml.Node, Place], Any]

_KINDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "nothing",
    "timestamp": "a time",
}


def line_of(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def kind_of(node: yaml.Node) -> str:
    """What YAML takes the node for: `str`, `int`, …, `map`, `list`."""
    if isinstance(node, yaml.MappingNode):
        return "map"
    if isinstance(node, yaml.SequenceNode):
        return "list"
    return str(node.tag).rpartition(":")[2]


def shown(node: yaml.Node) -> str:
    """The node in words, for a message."""
    kind = kind_of(node)
    if isinstance(node, yaml.ScalarNode) and kind != "null":
        return f"{_KINDS.get(kind, kind)} ({str(node.value)[:60]})"
    return {"map": "a map", "list": "a list"}.get(kind, _KINDS.get(kind, kind))


def scalar(node: yaml.Node) -> Any | Invalid:
    """The value of a scalar, by YAML's own rules."""
    kind = kind_of(node)
    if kind == "str":
        return str(node.value)
    if kind not in _KINDS:
        return INVALID
    try:
        return yaml.safe_load(str(node.value))
    except (ValueError, yaml.YAMLError):
        return INVALID


def _wrong(node: yaml.Node, place: Place, wanted: str) -> Invalid:
    place.refuse(line_of(node), f"must be {wanted}, not {shown(node)}")
    return INVALID


def text(*, pattern: str = "", meaning: str = "text", empty: bool = False) -> Check:
    """Text; a number, a time or a bare true is not text until it stands in quotes."""

    def check(node: yaml.Node, place: Place) -> str | Invalid:
        if kind_of(node) in {"int", "float", "bool", "timestamp"}:
            place.refuse(line_of(node), f"must be text, not {shown(node)}: put it in quotes")
            return INVALID
        if kind_of(node) != "str":
            return _wrong(node, place, meaning)
        value = str(node.value)
        if (not value and not empty) or (pattern and not re.fullmatch(pattern, value, re.IGNORECASE)):
            return _wrong(node, place, meaning)
        return value

    return check


def integer(low: int | None = None, high: int | None = None) -> Check:
    """A whole number between two limits."""

    def check(node: yaml.Node, place: Place) -> int | Invalid:
        value = scalar(node) if kind_of(node) == "int" else INVALID
        if not isinstance(value, int):
            return _wrong(node, place, "a whole number")
        if (low is not None and value < low) or (high is not None and value > high):
            return _wrong(node, place, f"a whole number {_limits(low, high)}")
        return value

    return check


def number(low: float, high: float) -> Check:
    """A number, whole or not, between two limits."""

    def check(node: yaml.Node, place: Place) -> float | Invalid:
        value = scalar(node) if kind_of(node) in {"int", "float"} else INVALID
        if not isinstance(value, int | float) or not low <= value <= high:
            return _wrong(node, place, f"a number from {low:g} to {high:g}")
        return value

    return check


def _limits(low: int | None, high: int | None) -> str:
    if high is None:
        return f"of at least {low}"
    return f"of at most {high}" if low is None else f"from {low} to {high}"


def boolean(node: yaml.Node, place: Place) -> bool | Invalid:
    value = scalar(node) if kind_of(node) == "bool" else INVALID
    return value if isinstance(value, bool) else _wrong(node, place, "true or false")


def moment(node: yaml.Node, place: Place) -> datetime | Invalid:
    """A time, as text or as a YAML timestamp; without a zone it is UTC."""
    value: object = INVALID
    if kind_of(node) == "timestamp":
        value = scalar(node)
    elif kind_of(node) == "str":
        try:
            value = datetime.fromisoformat(str(node.value))
        except ValueError:
            value = INVALID
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, datetime):
        return _wrong(node, place, "a time like 2026-11-01T03:12:00Z")
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def choice(*words: str) -> Check:
    """One of a few words, in the spelling given here."""

    def check(node: yaml.Node, place: Place) -> str | Invalid:
        value = str(node.value) if isinstance(node, yaml.ScalarNode) else ""
        if value in words:
            return value
        place.refuse(line_of(node), f"unknown word '{value or shown(node)}'{nearest(value, words)}")
        return INVALID

    return check


def list_of(item: Check, *, least: int = 0, most: int | None = None) -> Check:
    """A list of what `item` accepts."""

    def check(node: yaml.Node, place: Place) -> list[Any] | Invalid:
        if not isinstance(node, yaml.SequenceNode):
            return _wrong(node, place, "a list ([] for an empty one)")
        if len(node.value) < least or (most is not None and len(node.value) > most):
            place.refuse(
                line_of(node), f"must have {least} entries" if least == most else f"must have at least {least} entry"
            )
            return INVALID
        return [item(child, place.below(i)) for i, child in enumerate(node.value)]

    return check


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a record: what it may hold and whether it must be there."""

    check: Check
    required: bool = False


Entry = tuple[yaml.Node, str, yaml.Node]


def pairs(node: yaml.Node, place: Place, *, same: Callable[[str], str] = str) -> list[Entry]:
    """The entries of a map as (key node, key, value node). A key given twice (by `same`) is refused."""
    if not isinstance(node, yaml.MappingNode):
        _wrong(node, place, "a map ({} for an empty one)")
        return []
    seen: dict[str, int] = {}
    found: list[Entry] = []
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            place.refuse(line_of(key_node), f"a key must be text, not {shown(key_node)}")
            continue
        key = str(key_node.value)
        if same(key) in seen:
            place.below(key).refuse(line_of(key_node), f"is given twice; first in line {seen[same(key)]}")
            continue
        seen[same(key)] = line_of(key_node)
        found.append((key_node, key, value_node))
    return found


def record(words: Mapping[str, Word]) -> Check:
    """A map of known words. Refused values are left out, so that every mistake is found in one go."""

    def check(node: yaml.Node, place: Place) -> dict[str, Any] | Invalid:
        entries = pairs(node, place)
        if not isinstance(node, yaml.MappingNode):
            return INVALID
        result: dict[str, Any] = {}
        for key_node, key, value_node in entries:
            here = place.below(key)
            if key not in words:
                here.refuse(line_of(key_node), f"unknown word '{key}'{nearest(key, words)}")
                continue
            value = words[key].check(value_node, here)
            if value is not INVALID:
                result[key] = value
        given = {key for _, key, _ in entries}
        for word in sorted(w for w, rule in words.items() if rule.required and w not in given):
            place.refuse(line_of(node), f"the word '{word}' is missing")
        return result

    return check


def mapping(key: Check, value: Check, *, same: Callable[[str], str] = str.lower) -> Check:
    """A map with free keys, all of one form."""

    def check(node: yaml.Node, place: Place) -> dict[str, Any] | Invalid:
        entries = pairs(node, place, same=same)
        if not isinstance(node, yaml.MappingNode):
            return INVALID
        result: dict[str, Any] = {}
        for key_node, name, value_node in entries:
            here = place.below(name)
            # A key is always text, whatever YAML would take it for as a value.
            text_node = yaml.ScalarNode("tag:yaml.org,2002:str", name, key_node.start_mark, key_node.end_mark)
            if key(text_node, here) is not INVALID:
                found = value(value_node, here)
                if found is not INVALID:
                    result[name] = found
        return result

    return check


def anything(node: yaml.Node, place: Place) -> Any | Invalid:
    """Free data, as CIM instances and method results hold it. Maps still may not give a key twice."""
    return _anything(node, place, ())


def _anything(node: yaml.Node, place: Place, above: tuple[int, ...]) -> Any | Invalid:
    if id(node) in above:
        place.refuse(line_of(node), "contains itself")
        return INVALID
    above = (*above, id(node))
    if isinstance(node, yaml.MappingNode):
        return {key: _anything(child, place.below(key), above) for _, key, child in pairs(node, place)}
    if isinstance(node, yaml.SequenceNode):
        return [_anything(child, place.below(i), above) for i, child in enumerate(node.value)]
    if kind_of(node) == "timestamp":
        return moment(node, place)
    value = scalar(node)
    if value is INVALID:
        return _wrong(node, place, "a plain YAML value")
    return value


def any_map(node: yaml.Node, place: Place) -> dict[str, Any] | Invalid:
    """A map with free keys and free data."""
    if not isinstance(node, yaml.MappingNode):
        return _wrong(node, place, "a map ({} for an empty one)")
    found = anything(node, place)
    return found if isinstance(found, dict) else INVALID


def unique(check: Check, same: Callable[[Any], str], what: str) -> Check:
    """A list whose entries all differ in `same`."""

    def checked(node: yaml.Node, place: Place) -> Any | Invalid:
        found = check(node, place)
        if not isinstance(found, list) or not isinstance(node, yaml.SequenceNode):
            return found
        seen: set[str] = set()
        for i, (entry, child) in enumerate(zip(found, node.value, strict=True)):
            if entry is INVALID:
                continue
            name = same(entry)
            if name and name in seen:
                place.below(i).refuse(line_of(child), f"the {what} '{name}' is given twice")
            seen.add(name)
        return found

    return checked
