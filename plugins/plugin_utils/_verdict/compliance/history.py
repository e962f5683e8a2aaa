# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the update agent's history says of an update that is not installed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from ..._evidence.history import HistoryEntry, read_history
from ..._evidence.scan import Scan
from ..._evidence.times import format_time
from ..._evidence.update import update_id

# WU_E_INSTALL_NOT_ALLOWED: another installation runs, or a mandatory restart is pending.
NOT_ALLOWED = "0x80240016"
_FAILED = ("failed", "aborted")


def newest_attempts(scan: Scan, ids: Collection[str]) -> Mapping[str, HistoryEntry]:
    """Return the newest installation of each of the updates; of equal or unknown times the first in the document."""
    found: dict[str, HistoryEntry] = {}
    for raw in scan.raw_history if ids else ():
        name = raw.get("id") if isinstance(raw, (dict, Mapping)) else None
        if not isinstance(name, str) or (name not in ids and update_id(name) not in ids):
            continue
        entry = read_history(raw)
        if entry is None or entry.operation != "install":
            continue
        known = found.get(entry.id)
        if known is None or _later(entry.at, known.at):
            found[entry.id] = entry
    return found


def _later(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one > other)


def failure_of(entry: HistoryEntry | None) -> str | None:
    """Return what is to be said of an attempt that failed, or None."""
    if entry is None or entry.result not in _FAILED:
        return None
    when = f" of {format_time(entry.at)}" if entry.at else ""
    return f"its last installation{when} {entry.result} with {entry.hresult or 'an unknown code'}"


def rolled_back(entry: HistoryEntry | None, scanned_at: datetime | None) -> str | None:
    """Return what is to be said of an update that was installed and is offered again, or None."""
    if entry is None or not entry.result.startswith("succeeded") or entry.at is None or scanned_at is None:
        return None
    if entry.at >= scanned_at:
        return f"it was installed after the scan, at {format_time(entry.at)}: scan again"
    return f"its installation of {format_time(entry.at)} was reported as done: it was rolled back or removed since"
