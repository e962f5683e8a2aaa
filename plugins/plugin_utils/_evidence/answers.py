# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One probe's answer as a judge takes it: found, absent, unknown with its reason, or not asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple

from .wording import printable

MAX_REASON = 240
_WHOLE_NUMBER = re.compile(r"[0-9]{1,20}")


class Reading(Enum):
    """What became of a probe."""

    FOUND = "found"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    NOT_ASKED = "not_asked"


class Answer(NamedTuple):
    """``data`` is filled for FOUND, ``reason`` and ``error`` for UNKNOWN."""

    reading: Reading
    data: Mapping[str, Any]
    reason: str
    error: Mapping[str, Any] | None


_EMPTY: Mapping[str, Any] = {}
# The plain type first: asking the abstract one is slow, and judging fleets asks it a hundred times a host.
_MAPPINGS = (dict, Mapping)
ABSENT = Answer(Reading.ABSENT, _EMPTY, "", None)
NOT_ASKED = Answer(Reading.NOT_ASKED, _EMPTY, "was not asked", None)
_WORDS = {"denied": "access denied", "timeout": "timed out", "error": "could not be read"}


def unknown(reason: str, error: Mapping[str, Any] | None = None) -> Answer:
    """Return an UNKNOWN answer with its reason, bounded in length."""
    return Answer(Reading.UNKNOWN, _EMPTY, printable(reason[:MAX_REASON]), error)


def answer_of(probes: Mapping[str, Any], name: str) -> Answer:
    """Return what the document says of a probe; whatever is damaged is UNKNOWN, never absent."""
    if name not in probes:
        return NOT_ASKED
    entry = probes[name]
    if not isinstance(entry, _MAPPINGS):
        return unknown("the answer is damaged")
    state = entry.get("state")
    if state == "absent":
        return ABSENT
    if state == "ok":
        data = entry.get("data")
        if isinstance(data, _MAPPINGS):
            return Answer(Reading.FOUND, data, "", None)
        return unknown("the answer holds no data")
    word = _WORDS.get(state) if isinstance(state, str) else None
    if word is None:
        return unknown(f"the answer has no state that is known: {str(state)[:40]!r}")
    error = entry.get("error")
    message = str(error.get("message") or "").strip() if isinstance(error, _MAPPINGS) else ""
    return unknown(f"{word}: {message}" if message else word, error if isinstance(error, _MAPPINGS) else None)


def value_of(data: Mapping[str, Any], name: str) -> tuple[bool, str | None, Any]:
    """Return (exists, kind, data) of a registry value; a damaged entry exists with kind None."""
    values = data.get("values")
    if not isinstance(values, _MAPPINGS):
        return True, None, None
    if name not in values:
        lowered = name.lower()
        spelled = [key for key in values if str(key).lower() == lowered]
        if not spelled:
            return False, None, None
        name = spelled[0]
    entry = values[name]
    if not isinstance(entry, _MAPPINGS):
        return True, None, None
    kind = entry.get("kind")
    return True, kind if isinstance(kind, str) else None, entry.get("data")


def number_of(data: object) -> int | None:
    """Return a registry number as unsigned 32 or 64 bits (it may arrive signed), or None where it is none."""
    if isinstance(data, bool):
        return None
    if isinstance(data, str) and _WHOLE_NUMBER.fullmatch(data.strip()):
        data = int(data)
    if not isinstance(data, int):
        return None
    if data >= 0:
        return data
    return data & 0xFFFFFFFF if data >= -0x80000000 else data & 0xFFFFFFFFFFFFFFFF
