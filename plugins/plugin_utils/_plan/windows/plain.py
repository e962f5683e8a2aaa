# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A user's specs as plain data: whatever wrapped types a template engine uses, times as text, and within bounds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date

MOST_VALUES = 50_000
LONGEST_TEXT = 100_000
_DEPTH = 6


class TooMuchError(ValueError):
    """Specs that are larger than any calendar; the message says how large they may be."""


def _plain(value: object, depth: int, left: list[int]) -> object:
    left[0] -= 1
    if left[0] < 0:
        raise TooMuchError(f"the specs hold more than {MOST_VALUES} values")
    if depth > _DEPTH:
        raise TooMuchError(f"the specs are nested deeper than {_DEPTH} levels")
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise TooMuchError(f"the specs hold a text of {len(value)} characters; {LONGEST_TEXT} are allowed")
        return str(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(entry, depth + 1, left) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry, depth + 1, left) for entry in value]
    raise TooMuchError(f"the specs hold a {type(value).__name__}, which is neither text, number, list nor mapping")


def canonical(value: object) -> str:
    """Return specs as one text that is equal for equal specs and loads as plain data; raise TooMuchError."""
    return json.dumps(_plain(value, 0, [MOST_VALUES]), ensure_ascii=True)
