# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the newest finished scan left on the host for everybody who asks later: one line of JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from .answers import Answer, Reading, answer_of
from .patch_job import PLACE, job_kind, json_lines
from .scan_criteria import covers
from .times import format_time, time_or_none

LAST_SCAN = "last_scan"
MAX_UPDATES = 5000
_MAX_ID = 64
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class LastScan:
    """The newest finished scan; ``asked`` is what it was asked, ``data`` what the evidence document keeps of it.

    ``complete`` is false where the agent could not answer all of it. ``data["updates_pending_reboot"]`` is None where
    the scan cannot say that no update waits.
    """

    job: str
    scanned_at: datetime
    asked: Mapping[str, Any]
    data: Mapping[str, Any]
    complete: bool = True
    boot_time: datetime | None = None


def last_scan_probe() -> dict[str, Any]:
    """Return the probe that reads it."""
    return {"id": LAST_SCAN, "kind": "text_tail", "path": f"{PLACE}\\last_scan.json"}


def read_last_scan(probes: Mapping[str, Any]) -> tuple[LastScan | None, str]:
    """Return (the scan, empty) or (None, why not) of the reader's answers; empty twice: there has been none."""
    answer = answer_of(probes, LAST_SCAN)
    if answer.reading in (Reading.ABSENT, Reading.NOT_ASKED):
        return None, ""
    if answer.reading is Reading.UNKNOWN:
        return None, f"last_scan.json: {answer.reason}"
    return _parsed(answer)


def _parsed(answer: Answer) -> tuple[LastScan | None, str]:
    text = answer.data.get("text")
    lines, problems = json_lines(text) if isinstance(text, str) else ([], ["no text"])
    if problems or len(lines) != 1:
        return None, f"last_scan.json is damaged: {problems[0] if problems else f'{len(lines)} lines instead of one'}"
    line = lines[0]
    job, scanned = line.get("id"), time_or_none(line.get("scanned_at"))
    required, waiting, complete = (line.get(key) for key in ("reboot_required", "updates_pending_reboot", "complete"))
    if job_kind(job) is None or scanned is None or not isinstance(required, (bool, type(None))):
        return None, "last_scan.json is damaged: id, scanned_at or reboot_required make no sense"
    if waiting is not None and not _are_texts(waiting):
        return None, "last_scan.json is damaged: updates_pending_reboot is no list of ids"
    if not isinstance(complete, (bool, type(None))):
        return None, "last_scan.json is damaged: complete is neither true nor false"
    asked = line["asked"] if isinstance(line.get("asked"), Mapping) else _NOTHING
    shows_all = complete is not False and covers(asked) == ["all"]
    data = {
        "scanned_at": format_time(scanned),
        "reboot_required": required,
        # Nothing found by a search that could not find all is no "no".
        "updates_pending_reboot": [update[:_MAX_ID] for update in waiting[:MAX_UPDATES]]
        if waiting or (waiting is not None and shows_all)
        else None,
    }
    boot = time_or_none(line.get("boot_time"))
    return LastScan(str(job), scanned, asked, data, complete is not False, boot), ""


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def update_agent_answer(probes: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return ``probes.update_agent`` of an evidence document, or None where no scan has been made on the host.

    A scan that could not be read, or is damaged, is an answer without data: unknown, never "no".
    """
    scan, problem = read_last_scan(probes)
    if scan is not None:
        return {"asked": {"kind": "scan", "job": scan.job}, "state": "ok", "data": dict(scan.data)}
    return _unread(probes, problem) if problem else None


def _unread(probes: Mapping[str, Any], problem: str) -> dict[str, Any]:
    entry = probes[LAST_SCAN]
    state = entry.get("state") if isinstance(entry, Mapping) else None
    error = entry.get("error") if isinstance(entry, Mapping) else None
    if state in ("denied", "timeout") and isinstance(error, Mapping):
        return {"asked": {"kind": "scan"}, "state": state, "error": dict(error)}
    return failed_update_agent(problem)


def failed_update_agent(message: str) -> dict[str, Any]:
    """Return ``probes.update_agent`` where a scan was wanted and there is none to judge by."""
    error = {"type": "winops.patching.NoScan", "hresult": None, "message": message}
    return {"asked": {"kind": "scan"}, "state": "error", "error": error}
