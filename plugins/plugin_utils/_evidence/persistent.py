# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a host remembers of signals that a reboot did not clear: the mark of each, by the id of the signal."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from .answers import Reading, answer_of
from .wording import printable

PERSISTENT = "persistent_signals"
PERSISTENT_PROBE: Mapping[str, Any] = MappingProxyType(
    {"kind": "registry", "path": "HKEY_LOCAL_MACHINE\\SOFTWARE\\winops.patching\\PersistentSignals"}
)
MOST_MARKS = 50
_MARK = re.compile(r"[0-9a-f]{64}")


def is_mark(value: object) -> bool:
    """Return whether a value is a mark: a SHA-256 in lower case."""
    return isinstance(value, str) and _MARK.fullmatch(value) is not None


def marks_of(probes: Mapping[str, Any], known: Collection[str]) -> tuple[dict[str, str], str]:
    """Return (marks by signal id, what is wrong with them or empty). What is no mark of a known signal is left out.

    Where the key could not be read there are no marks: then nothing is passed over because of one.
    """
    answer = answer_of(probes, PERSISTENT)
    if answer.reading in (Reading.ABSENT, Reading.NOT_ASKED):
        return {}, ""
    values = answer.data.get("values") if answer.reading is Reading.FOUND else None
    if not isinstance(values, Mapping):
        reason = answer.reason or "the answer is damaged"
        return {}, f"which signals a reboot did not clear is not known: {reason}"
    names = {name.lower(): name for name in known}
    found: dict[str, str] = {}
    damaged = []
    for given, value in list(values.items())[:MOST_MARKS]:
        name = names.get(str(given).lower())
        data = value.get("data") if isinstance(value, Mapping) else None
        if name is not None and isinstance(data, str) and is_mark(data):
            found[name] = data
        else:
            damaged.append(printable(str(given)[:60]))
    if not damaged:
        return found, ""
    return found, f"{len(damaged)} marks of signals that a reboot did not clear are damaged: {damaged[0]}"
