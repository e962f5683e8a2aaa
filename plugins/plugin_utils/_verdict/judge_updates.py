# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Do Windows Update, component servicing or Update.exe wait for a reboot?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from .._evidence.answers import Reading, answer_of, number_of, value_of
from .._evidence.catalogue import SCAN_PROBE, place_of_probe
from .._evidence.document import Evidence
from .._evidence.times import time_or_none
from .policy import Policy
from .signal import Signal, absent, any_present, damaged, not_asked, present, unknown, without_data

_GUID = re.compile(r"^\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?$", re.IGNORECASE)
FIRST_VISTA_BUILD = 6000
_MANY = 20
_CLOCK_SKEW = timedelta(minutes=5)


def written_at(data: Mapping[str, Any]) -> datetime | None:
    """Return the write time of a registry answer's key, or None where it was not asked for or not readable."""
    text = data.get("write_time")
    return time_or_none(text) if text is not None else None


def judge_key(evidence: Evidence, name: str, probe: str, sentence: str) -> Signal:
    """Judge a signal that is there when its key is there."""
    answer = answer_of(evidence.probes, probe)
    if answer.reading is not Reading.FOUND:
        return without_data(name, answer)
    return present(name, sentence, written_at=written_at(answer.data))


def judge_wu_reboot_required(evidence: Evidence, policy: Policy) -> Signal:
    """The key counts, with or without values; the value names are the ids of the updates that wait."""
    name = "wu_reboot_required"
    answer = answer_of(evidence.probes, name)
    if answer.reading is not Reading.FOUND:
        return without_data(name, answer)
    values = answer.data.get("values")
    ids = [_GUID.match(str(value)) for value in values] if isinstance(values, Mapping) else []
    updates = sorted({found.group(1).lower() for found in ids if found})
    waiting = (
        f"{len(updates)} update{'s wait' if len(updates) != 1 else ' waits'} for it"
        if updates
        else "no update is named"
    )
    return present(
        name, f"the RebootRequired key is there: {waiting}", updates=updates, written_at=written_at(answer.data)
    )


def judge_cbs_reboot_pending(evidence: Evidence, policy: Policy) -> Signal:
    """The key itself, not its subkeys or values."""
    return judge_key(evidence, "cbs_reboot_pending", "cbs_reboot_pending", "the RebootPending key is there")


def judge_cbs_reboot_in_progress(evidence: Evidence, policy: Policy) -> Signal:
    """The key itself: a reboot is running."""
    return judge_key(evidence, "cbs_reboot_in_progress", "cbs_reboot_in_progress", "the RebootInProgress key is there")


def judge_cbs_packages_pending(evidence: Evidence, policy: Policy) -> Signal:
    """Only subkeys count: the empty key stays behind."""
    name = "cbs_packages_pending"
    answer = answer_of(evidence.probes, name)
    if answer.reading is not Reading.FOUND:
        return without_data(name, answer)
    packages = answer.data.get("subkeys")
    if not isinstance(packages, list):
        return damaged(name, "no list of subkeys")
    if not packages:
        return absent(name, "the key is there without packages")
    entries = [{"package": str(package)[:200]} for package in packages[:_MANY]]
    return present(name, f"{len(packages)} packages are pending", entries=entries, written_at=written_at(answer.data))


def judge_winsxs_pending_xml(evidence: Evidence, policy: Policy) -> Signal:
    """The file is there; it may stay behind, so it stays weak."""
    return judge_key(evidence, "winsxs_pending_xml", "pending_xml", "WinSxS\\pending.xml is there")


def judge_wu_post_reboot_reporting(evidence: Evidence, policy: Policy) -> Signal:
    """The key itself."""
    return judge_key(
        evidence,
        "wu_post_reboot_reporting",
        "wu_reporting",
        "results of a finished boot wait to be reported",
    )


def judge_wu_ux_reboot_required(evidence: Evidence, policy: Policy) -> Signal:
    """RebootRequired of the orchestrator's state, or its key."""
    name = "wu_ux_reboot_required"
    sentence = "the update orchestrator's RebootRequired {}"
    found = [
        judge_number(evidence, name, "wu_ux_state", "RebootRequired", sentence.format("is {}")),
        judge_key(evidence, name, "wu_orchestrator", sentence.format("key is there")),
    ]
    return any_present(name, found)


def judge_number(evidence: Evidence, name: str, probe: str, value: str, sentence: str) -> Signal:
    """Judge a signal that is there when a registry number is not 0; ``{}`` in the sentence takes the number."""
    answer = answer_of(evidence.probes, probe)
    if answer.reading is not Reading.FOUND:
        return without_data(name, answer)
    exists, _kind, data = value_of(answer.data, value)
    if not exists:
        return absent(name)
    number = number_of(data)
    if number is None:
        return damaged(name, f"{value} holds no number but {str(data)[:40]!r}")
    if number == 0:
        return absent(name, f"{value} is 0")
    return present(name, sentence.format(number), written_at=written_at(answer.data))


def _judge_update_exe_view(evidence: Evidence, probe: str) -> Signal:
    name = "update_exe_volatile"
    answer = answer_of(evidence.probes, probe)
    if answer.reading is not Reading.FOUND:
        return without_data(name, answer)
    exists, _kind, data = value_of(answer.data, "Flags")
    if not exists:
        return absent(name)
    flags = number_of(data)
    if flags is None:
        return damaged(name, f"Flags holds no number but {str(data)[:40]!r}")
    if flags == 0:
        return absent(name, "Flags is 0")
    written = written_at(answer.data)
    strength, why, stale = _update_exe_strength(evidence, written)
    waits = [word for bit, word in ((1, "removal"), (2, "installation")) if flags & bit] or ["unknown bits"]
    entry = {
        "read_from": place_of_probe(probe),
        "flags": flags,
        "waits": waits,
        "write_time": answer.data.get("write_time"),
    }
    found = present(
        name, f"Flags is {flags} ({', '.join(waits)}), {why}", entries=[entry], strength=strength, written_at=written
    )
    return found if not stale else _as_stale(found)


def _as_stale(signal: Signal) -> Signal:
    return Signal(
        signal.definition, "present", signal.strength, signal.kind, signal.detail, entries=signal.entries, stale=True
    )


def _update_exe_strength(evidence: Evidence, written: datetime | None) -> tuple[str, str, bool]:
    build = evidence.build
    if build is not None and build < FIRST_VISTA_BUILD:
        return "strong", "on a Windows before Vista", False
    if written is None or evidence.boot_time is None:
        return "weak", "and its write time against the boot is not known", False
    if written < evidence.boot_time:
        return "informational", "written before the last boot: left over", True
    return "strong", "written after the last boot", False


def judge_update_exe_volatile(evidence: Evidence, policy: Policy) -> Signal:
    """Both registry views; the one that weighs most speaks, unless a view that was not readable may weigh more."""
    views = [_judge_update_exe_view(evidence, probe) for probe in ("update_exe", "update_exe_32")]
    ranks = {"strong": 0, "weak": 2, "informational": 3}
    for rank in range(3):
        for view in views:
            if (rank == 1 and view.state == "unknown") or (view.state == "present" and ranks[view.strength] == rank):
                return view
    return any_present("update_exe_volatile", views)


def judge_agent_reboot_required(evidence: Evidence, policy: Policy) -> Signal:
    """The agent's own answer, or that of a finished scan; null and denied are unknown."""
    name = "agent_reboot_required"
    answer = answer_of(evidence.probes, "system_info")
    scan, _why = valid_scan(evidence, policy)
    told = scan.get("reboot_required") if scan is not None else None
    if answer.reading is Reading.FOUND and isinstance(answer.data.get("value"), bool):
        if answer.data["value"]:
            return present(name, "the update agent says that a reboot is required")
        if told is not True:
            return absent(name, "the update agent says that no reboot is required")
    if told is True:
        return present(name, "the last scan of the update agent says that a reboot is required")
    if told is False and answer.reading is not Reading.ABSENT:
        return absent(name, "the last scan of the update agent says that no reboot is required")
    if answer.reading is Reading.FOUND:
        return unknown(name, f"the update agent answered {str(answer.data.get('value'))[:40]!r} instead of yes or no")
    return without_data(name, answer)


def judge_agent_updates_pending_reboot(evidence: Evidence, policy: Policy) -> Signal:
    """The updates that a finished, valid scan found waiting."""
    name = "agent_updates_pending_reboot"
    scan, why = valid_scan(evidence, policy)
    if scan is None:
        if answer_of(evidence.probes, SCAN_PROBE).reading is Reading.UNKNOWN:
            return unknown(name, why)
        return not_asked(name, why)
    waiting = scan.get("updates_pending_reboot")
    if waiting is None:
        return unknown(name, "the last scan cannot say that no update waits: it did not ask or was not told all")
    if not isinstance(waiting, list):
        return damaged(name, "the scan has no list of updates that wait for a reboot")
    if not waiting:
        return absent(name, "the last scan found no update that waits for a reboot")
    updates = sorted({str(update).lower()[:64] for update in waiting})
    waits = "1 update of the last scan waits" if len(updates) == 1 else f"{len(updates)} updates of the last scan wait"
    return present(name, f"{waits} for a reboot", updates=updates)


def valid_scan(evidence: Evidence, policy: Policy) -> tuple[Mapping[str, Any] | None, str]:
    """Return the data of the scan if it is younger than the boot and than max_scan_age, else None and why not."""
    answer = answer_of(evidence.probes, SCAN_PROBE)
    if answer.reading is not Reading.FOUND:
        return None, answer.reason or "no scan of the update agent is at hand"
    scanned = time_or_none(answer.data.get("scanned_at"))
    if scanned is None:
        return None, "the scan does not say when it was made"
    if evidence.boot_time is None:
        return None, "the boot time is not known, so the scan may be older than the boot"
    if scanned <= evidence.boot_time:
        return None, "the scan is older than the last boot"
    if evidence.judged_at is None or evidence.judged_at - scanned >= policy.max_scan_age:
        return None, "the scan is older than max_scan_age"
    if scanned - evidence.judged_at > _CLOCK_SKEW:
        return None, "the scan lies in the future: the host's clock was set back since"
    return answer.data, ""
