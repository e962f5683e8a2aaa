# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What may stand in a line of a run's journal: plain values, printable and bounded, whatever a host has said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from .._evidence.wording import printable

# Written by the door that appends the line; nobody else may say when, where or for whom it was written.
OWN_KEYS = ("at", "run_id", "host", "step")
# Steps that have a door of their own.
OWN_STEPS = ("job", "job_over", "result", "reported")
MAX_TEXT = 2000
MAX_ENTRIES = 1000
MAX_DEPTH = 8
MAX_WORD = 200
_TOO_LARGE = 10**18
_CUT = "… (cut off)"


def bounded(value: object, *, depth: int = MAX_DEPTH) -> Any:
    """Return a value as it may be kept and shown: texts without control characters, nothing without an end."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return value if abs(value) < _TOO_LARGE else None
    if isinstance(value, str):
        return bounded_text(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if depth <= 0:
        return _CUT
    if isinstance(value, Mapping):
        pairs = list(value.items())
        found = {bounded_text(str(key), MAX_WORD): bounded(part, depth=depth - 1) for key, part in pairs[:MAX_ENTRIES]}
        return found if len(pairs) <= MAX_ENTRIES else {**found, "cut_off": len(pairs) - MAX_ENTRIES}
    if isinstance(value, (list, tuple, set, frozenset)):
        parts = list(value)
        shown = [bounded(part, depth=depth - 1) for part in parts[:MAX_ENTRIES]]
        return shown if len(parts) <= MAX_ENTRIES else [*shown, f"{_CUT}: {len(parts) - MAX_ENTRIES} more"]
    return bounded_text(str(value))


def bounded_text(text: str, most: int = MAX_TEXT) -> str:
    """Return a text of a host as it may be kept and shown; one that is too long says so."""
    plain = str(text)
    return printable(plain if len(plain) <= most else plain[: most - len(_CUT)] + _CUT)


def run_line(at: str, run_id: str, host: str, step: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return one line of the journal of a host."""
    return {"at": at, "run_id": run_id, "host": host, "step": step, **bounded(data)}
