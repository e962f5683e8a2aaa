# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Journals of install jobs for tests: lines as the worker writes them, and scans and evidence made after them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import document

NIGHT = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
BOOT = "2026-11-20T03:12:00Z"
JOB = "install-20261121T215900Z-1a2b3c4d"


def name(number: int) -> str:
    """The id of an update."""
    return f"00000000-0000-0000-0000-{number:012d}"


def at(minutes: float) -> str:
    """So many minutes after the beginning of the night."""
    return (NIGHT + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def plan(*numbers: int) -> dict[str, Any]:
    """The plan of a job for these updates."""
    updates = [
        {"id": name(number), "revision": 200, "title": f"Update {number}", "run_minutes": 20, "named": False}
        for number in numbers
    ]
    return {"id": JOB, "kind": "install", "updates": updates}


def armed(minutes: float = 0) -> dict[str, Any]:
    """The first line."""
    return {"at": at(minutes), "phase": "armed", "id": JOB, "kind": "install", "deadline": at(120)}


def started(minutes: float = 0, **words: Any) -> dict[str, Any]:
    """The worker's first line."""
    return {"at": at(minutes), "phase": "downloading", "step": "started", "process_id": 4711, "boot_time": BOOT} | words


def begin(number: int, minutes: float) -> dict[str, Any]:
    """An installation begins."""
    return {"at": at(minutes), "phase": "installing", "step": "begin", "id": name(number), "revision": 200}


def end(number: int, minutes: float, **words: Any) -> dict[str, Any]:
    """An installation ends."""
    line = {
        "at": at(minutes),
        "phase": "installing",
        "step": "end",
        "id": name(number),
        "revision": 200,
        "result": "succeeded",
        "hresult": "0x00000000",
        "reboot_required": False,
        "seconds": 600,
        "queue": {"before": 0, "after": 0, "lost": []},
        "run_once": {"lost": []},
    }
    return line | words


def skipped(number: int, minutes: float, reason: str, text: str = "") -> dict[str, Any]:
    """An update that is not begun."""
    line = {"at": at(minutes), "phase": "installing", "step": "skipped", "id": name(number), "revision": 200}
    return line | {"reason": reason, "text": text}


def resumed(minutes: float, *, expected: bool) -> dict[str, Any]:
    """The worker is back after a boot."""
    boot = {"boot_time": at(minutes - 1), "expected": expected, "reboots": int(expected)}
    return {"at": at(minutes), "phase": "verifying", "step": "started", "process_id": 99} | boot


def seen(number: int, minutes: float, **words: Any) -> dict[str, Any]:
    """What the worker's own search says."""
    line = {"at": at(minutes), "phase": "verifying", "step": "update", "id": name(number), "revision": 200}
    return line | {"offered": False, "installed": True, "reboot_required": False, "history": None} | words


def done(minutes: float, outcome: str = "finished", **words: Any) -> dict[str, Any]:
    """The last line."""
    return {"at": at(minutes), "phase": "done", "outcome": outcome, "error": None, "reboot_required": False} | words


def scan(*updates: Mapping[str, Any], minutes: float = 90, **words: Any) -> dict[str, Any]:
    """A scan made after the job."""
    head = {"schema": "winops.patching/scan/1", "scanned_at": at(minutes), "complete": True, "coverage": ["all"]}
    return {**head, "updates": list(updates), **words}


def found(number: int, *, installed: Any = True, **words: Any) -> dict[str, Any]:
    """One update of such a scan."""
    return {
        "id": name(number),
        "revision": 200,
        "title": f"Update {number}",
        "classification": "Security Updates",
        "installed": installed,
        **words,
    }


def evidence(*, minutes: float = 91, boot: str = BOOT, **probes: Any) -> dict[str, Any]:
    """Evidence collected after the job, of a healthy host but for some probes."""
    made = document(probes)
    return {**made, "collected_at": at(minutes), "boot_time": boot}
