# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Signals that our own reboot did not clear: no further reboot will, so somebody has to repair what writes them.

A mark is a hash of what a signal holds. A signal whose mark is known is passed over by a policy that holds the mark,
with the rule `persistent`; with other entries it has another mark, and counts again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._evidence.catalogue import DECIDING
from .judge_queue import MAX_ENTRIES
from .signal import Signal

RULE = "persistent"
MAX_SHOWN = 5
# Where an entry stands, and how it is judged, is no part of what it is.
_NOT_CONTENT = frozenset({"index", "place", "significant", "rule", "raw", "malformed"})


@dataclass(frozen=True, slots=True)
class PersistentSignal:
    """A signal that is still there after a reboot, with the same content."""

    signal: Signal
    mark: str

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape; of many entries the first are shown."""
        entries = [dict(entry) for entry in self.signal.entries[:MAX_SHOWN]]
        shape: dict[str, Any] = {
            "id": self.signal.id,
            "hash": self.mark,
            "entries": entries,
            "updates": list(self.signal.updates[:MAX_SHOWN]),
            "detail": self.signal.detail,
        }
        if len(self.signal.entries) > MAX_SHOWN:
            shape["entries_more"] = len(self.signal.entries) - MAX_SHOWN
        return shape


def signal_mark(signal: Signal) -> str | None:
    """Return the SHA-256 of a signal's id, of where it is read, and of what it holds in any order.

    None where it is not present, or where its entries were cut: what is not known whole cannot be compared.
    """
    if signal.state != "present" or len(signal.entries) >= MAX_ENTRIES:
        return None
    content = {
        "id": signal.id,
        "read_from": list(signal.definition.read_from),
        "updates": sorted(signal.updates),
        "entries": sorted(_canonical(entry) for entry in _that_count(signal.entries)),
    }
    return hashlib.sha256(_canonical(content).encode("utf-8", "surrogatepass")).hexdigest()


def _canonical(value: Mapping[str, Any]) -> str:
    plain = {key: value[key] for key in value if key not in _NOT_CONTENT}
    return json.dumps(plain, sort_keys=True, ensure_ascii=True, default=str)


def _that_count(entries: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Of a rename queue the entries that decide: noise comes and goes with every boot."""
    significant = [entry for entry in entries if entry.get("significant") is True]
    return significant or entries


def is_persistent(signal: Signal, marks: Mapping[str, str]) -> bool:
    """Return whether a signal is the one that a mark was made of."""
    known = marks.get(signal.id)
    return known is not None and known == signal_mark(signal)


def persistent_marks(
    before: Iterable[Signal], after: Iterable[Signal], *, deciding: Collection[str] | None = None
) -> tuple[PersistentSignal, ...]:
    """Return the signals that asked for a reboot before it and are there after it with the same content.

    ``deciding`` are the ids of those that asked for it: by default all that are strong enough for it.
    """
    asked = {
        signal.id: signal_mark(signal)
        for signal in before
        if (signal.id in deciding if deciding is not None else _decides(signal))
    }
    found = []
    for signal in after:
        mark = signal_mark(signal)
        if mark is not None and asked.get(signal.id) == mark:
            found.append(PersistentSignal(signal, mark))
    return tuple(found)


def _decides(signal: Signal) -> bool:
    return signal.strength in DECIDING and not signal.ignored_by


def repair_text(names: Sequence[str]) -> str:
    """Return what a person has to do about such signals."""
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    it, was, now, them = ("it", "was", "is", "it") if len(names) == 1 else ("they", "were", "are", "them")
    return (
        f"no reboot clears {shown}: {it} {was} there before one, and {now} there after it unchanged. "
        f"Find out what writes {them} and repair that (docs/signals.md says where each is read)"
    )
