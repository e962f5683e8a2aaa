# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Is something at work on the host right now, or is it about to go down?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from .._evidence.answers import Answer, Reading, answer_of, number_of, value_of
from .._evidence.document import Evidence
from .._evidence.times import parse_time, time_or_none
from .policy import Policy
from .signal import Signal, absent, any_present, damaged, present, unknown, without_data

_IDLE_SERVICING = 1
_SHUTDOWN_INITIATED = 1074


def _running(answer: Answer) -> Sequence[Mapping[str, Any]] | None:
    running = answer.data.get("running")
    if not isinstance(running, list) or not all(_is_process(entry) for entry in running):
        return None
    return running


def _is_process(entry: object) -> bool:
    return isinstance(entry, Mapping) and isinstance(entry.get("name"), str) and number_of(entry.get("id")) is not None


def _judge_process(evidence: Evidence, name: str, process: str) -> Signal:
    answer = answer_of(evidence.probes, "processes")
    if answer.reading is not Reading.FOUND:
        return without_data(name, answer)
    running = _running(answer)
    if running is None:
        return damaged(name, "no list of processes")
    found = [entry for entry in running if entry["name"].lower() == process.lower()]
    if not found:
        return absent(name)
    entries = [{"process": process, "id": entry.get("id"), "started": entry.get("started")} for entry in found[:5]]
    return present(name, f"{process} is running", entries=entries)


def judge_servicing_in_progress(evidence: Evidence, policy: Policy) -> Signal:
    """ServicingInProgress above 1, or TiWorker; TrustedInstaller alone is idle."""
    name = "servicing_in_progress"
    return any_present(name, [_judge_interface(evidence, name), _judge_process(evidence, name, "TiWorker")])


def _judge_interface(evidence: Evidence, name: str) -> Signal:
    answer = answer_of(evidence.probes, "cbs_interface")
    if answer.reading is not Reading.FOUND:
        return without_data(name, answer)
    exists, _kind, data = value_of(answer.data, "ServicingInProgress")
    if not exists:
        return absent(name)
    number = number_of(data)
    if number is None:
        return damaged(name, f"ServicingInProgress holds no number but {str(data)[:40]!r}")
    if number <= _IDLE_SERVICING:
        return absent(name, f"ServicingInProgress is {number}")
    return present(name, f"ServicingInProgress is {number}")


def judge_installer_running(evidence: Evidence, policy: Policy) -> Signal:
    """The mutex of Windows Installer, or wusa."""
    name = "installer_running"
    answer = answer_of(evidence.probes, "msi_mutex")
    if answer.reading is Reading.FOUND:
        mutex = (
            present(name, "Windows Installer holds its mutex _MSIExecute")
            if answer.data.get("exists") is True
            else damaged(name, "the mutex neither exists nor is absent")
        )
    else:
        mutex = without_data(name, answer)
    return any_present(name, [mutex, _judge_process(evidence, name, "wusa")])


def judge_patch_job_running(evidence: Evidence, policy: Policy) -> Signal:
    """The mark of a job counts while its process runs."""
    name = "patch_job_running"
    answer = answer_of(evidence.probes, "running_job")
    if answer.reading is not Reading.FOUND:
        return without_data(name, answer)
    number = number_of(value_of(answer.data, "ProcessId")[2])
    if number is None:
        return damaged(name, "the mark of the job names no process")
    processes = answer_of(evidence.probes, "processes")
    running = _running(processes) if processes.reading is Reading.FOUND else []
    if running is None or processes.reading in (Reading.UNKNOWN, Reading.NOT_ASKED):
        return unknown(name, "the mark of a job is there, and the list of processes could not be read")
    if not any(entry["id"] == number and entry["name"].lower() == "powershell" for entry in running):
        return absent(name, "the mark of a job is left over: its process is gone")
    job = str(value_of(answer.data, "Id")[2] or "")[:80]
    return present(
        name, f"the patch job {job} is running" if job else "a patch job is running", entries=[{"process_id": number}]
    )


def judge_shutdown_scheduled(evidence: Evidence, policy: Policy) -> Signal:
    """The newest announcement since the boot was not taken back."""
    name = "shutdown_scheduled"
    answer = answer_of(evidence.probes, "shutdown_events")
    if answer.reading is not Reading.FOUND:
        return without_data(name, answer)
    events = answer.data.get("events")
    if not isinstance(events, list) or not all(_is_event(event) for event in events):
        return damaged(name, "no list of events with id and time")
    if evidence.boot_time is None and events:
        return unknown(name, "the boot time is not known, so the announcement may be older than the boot")
    since = [event for event in events if _is_after(event.get("time"), evidence.boot_time)]
    newest = max(since, key=lambda event: parse_time(event["time"]), default=None)
    if newest is None or newest.get("id") != _SHUTDOWN_INITIATED:
        return absent(name)
    return present(name, f"a shutdown was announced at {newest.get('time')}", entries=[{"time": newest.get("time")}])


def _is_event(event: object) -> bool:
    known = isinstance(event, Mapping) and isinstance(event.get("id"), int)
    return known and isinstance(event, Mapping) and time_or_none(event.get("time")) is not None


def _is_after(text: object, boot: datetime | None) -> bool:
    instant = time_or_none(text)
    return instant is not None and boot is not None and instant > boot
