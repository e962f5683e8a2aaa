# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The same update stands in thousands of scans: equal descriptions are read once and share one Update.

Only speed hangs on this: an equal description would be read to an equal Update.
"""

from __future__ import annotations

from typing import Any

from .update import Update, read_update

MAX_KNOWN = 20_000
MAX_VARIANTS = 16

_Variant = tuple[dict[str, Any], list[type], Update]
_PLAIN = frozenset({str, int, bool, float, type(None)})
_known: dict[tuple[Any, Any, Any], list[_Variant]] = {}
_size = [0]


def known_update(raw: object) -> tuple[Update | None, str]:
    """Return what ``read_update`` returns, from an earlier equal description where there is one."""
    if type(raw) is not dict:
        return read_update(raw)
    key = (raw.get("id"), raw.get("revision"), raw.get("installed"))
    try:
        variants = _known.get(key)
    except TypeError:
        return read_update(raw)
    if variants:
        # True equals 1 in Python, but only one of them is an answer: the types must be equal too.
        types = list(map(type, raw.values()))
        for described, kinds, update in variants:
            if described == raw and kinds == types:
                return update, ""
    found, problem = read_update(raw)
    if found is not None:
        _remember(key, raw, found)
    return found, problem


def _remember(key: tuple[Any, Any, Any], raw: dict[str, Any], update: Update) -> None:
    described = _copy(raw)
    if described is None:
        return
    if _size[0] >= MAX_KNOWN:
        _known.clear()
        _size[0] = 0
    variants = _known.setdefault(key, [])
    if len(variants) >= MAX_VARIANTS:
        del variants[0]
    else:
        _size[0] += 1
    variants.append((described, list(map(type, raw.values())), update))


def _copy(raw: dict[str, Any]) -> dict[str, Any] | None:
    """A copy that nobody else can change, or None where it holds more than a description does."""
    copied: dict[str, Any] = {}
    for key, value in raw.items():
        if type(value) is list:
            entries = [dict(entry) if type(entry) is dict else entry for entry in value]
            if not all(_is_plain(entry) for entry in entries):
                return None
            copied[key] = entries
        elif type(value) in _PLAIN:
            copied[key] = value
        else:
            return None
    return copied


def _is_plain(entry: object) -> bool:
    if type(entry) is dict:
        return all(type(value) in _PLAIN for value in entry.values())
    return type(entry) in _PLAIN
