# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A user's specs as plain data: whatever wrapped types a template engine uses, times as text, and within bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

MOST_VALUES = 50_000
LONGEST_TEXT = 100_000
_DEPTH = 6
_PLAIN_TYPES = frozenset({bool, int, float, type(None)})


class TooMuchError(ValueError):
    """Specs that are larger than any calendar; the message says how large they may be."""


def _plain(value: object, depth: int, left: list[int]) -> object:
    # Lists are asked about host by host: what is plain already goes through at once.
    kind = type(value)
    if kind in _PLAIN_TYPES or (kind is str and len(str(value)) <= LONGEST_TEXT):
        return value
    if depth > _DEPTH:
        raise TooMuchError(f"the specs are nested deeper than {_DEPTH} levels")
    if isinstance(value, (dict, Mapping)):
        _spend(len(value), left)
        return {str(key): _plain(entry, depth + 1, left) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        _spend(len(value), left)
        return [_plain(entry, depth + 1, left) for entry in value]
    return _plain_scalar(value)


def _spend(count: int, left: list[int]) -> None:
    left[0] -= count
    if left[0] < 0:
        raise TooMuchError(f"the specs hold more than {MOST_VALUES} values")


def _plain_scalar(value: object) -> object:
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise TooMuchError(f"the specs hold a text of {len(value)} characters; {LONGEST_TEXT} are allowed")
        return str(value)
    if isinstance(value, (int, float)):
        return int(value) if isinstance(value, int) else float(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TooMuchError(f"the specs hold a {type(value).__name__}, which is neither text, number, list nor mapping")


@dataclass(frozen=True, slots=True)
class Plain:
    """Plain data with the text by which caches know it: equal for equal data, whatever it is wrapped in."""

    text: str
    data: Any = field(compare=False)


def named(data: object) -> Plain:
    """Return plain data with its text."""
    return Plain(repr(data), data)


def plain(value: object) -> Plain:
    """Return specs as plain data: null, texts, numbers, lists and mappings; raise TooMuchError."""
    return named(_plain(value, 0, [MOST_VALUES]))
