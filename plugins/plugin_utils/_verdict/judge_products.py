# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Do ConfigMgr, Desired State Configuration, Server Manager, setup or our own installers wait for a reboot?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .._evidence.answers import Reading, answer_of, number_of, value_of
from .._evidence.document import Evidence
from .judge_updates import judge_number, written_at
from .policy import Policy
from .signal import Signal, absent, damaged, present, unknown, without_data

_QUIET_LCM_STATES = frozenset({"Idle", "Busy", "PendingConfiguration"})


def client_runs(evidence: Evidence, *, refused: bool) -> bool:
    """A service that could not be read, or is missing from a damaged list, may run: then the answer is needed.

    Where nobody asked for the service, only a client that was asked and refused to answer counts as running.
    """
    answer = answer_of(evidence.probes, "ccm_service")
    if answer.reading is Reading.ABSENT:
        return False
    if answer.reading is Reading.NOT_ASKED:
        return refused
    services = answer.data.get("services")
    if answer.reading is not Reading.FOUND or not isinstance(services, list):
        return True
    states = [entry.get("state") if isinstance(entry, Mapping) else None for entry in services]
    return not states or any(state != "stopped" for state in states)


def judge_ccm_reboot_pending(evidence: Evidence, policy: Policy) -> Signal:
    """DetermineIfRebootPending; its answer counts whatever the service says."""
    found = _judge_ccm(evidence)
    if found.state in ("present", "absent"):
        return found
    return replace(found, required_by_product=client_runs(evidence, refused=found.state == "unknown"))


def _judge_ccm(evidence: Evidence) -> Signal:
    name = "ccm_reboot_pending"
    answer = answer_of(evidence.probes, "ccm_reboot")
    if answer.reading is not Reading.FOUND:
        return without_data(name, answer)
    result = number_of(answer.data.get("ReturnValue"))
    if result != 0:
        return unknown(
            name, f"DetermineIfRebootPending returned {str(answer.data.get('ReturnValue'))[:40]} instead of 0"
        )
    soft, hard = answer.data.get("RebootPending"), answer.data.get("IsHardRebootPending")
    if hard is True:
        return present(name, "the ConfigMgr client waits for a hard reboot: nothing else may install", kind="hard")
    if soft is True:
        return present(name, "the ConfigMgr client waits for a soft reboot")
    if soft is False and hard is False:
        return absent(name, "the ConfigMgr client waits for no reboot")
    return damaged(name, "DetermineIfRebootPending does not say yes or no")


def judge_dsc_pending_reboot(evidence: Evidence, policy: Policy) -> Signal:
    """The state of the Local Configuration Manager."""
    name = "dsc_pending_reboot"
    answer = answer_of(evidence.probes, "dsc_lcm")
    if answer.reading is not Reading.FOUND:
        return without_data(name, answer)
    configuration = answer.data.get("MetaConfiguration")
    state = configuration.get("LCMState") if isinstance(configuration, Mapping) else None
    if state == "PendingReboot":
        return present(name, "the Local Configuration Manager is in the state PendingReboot")
    if isinstance(state, str) and state in _QUIET_LCM_STATES:
        return absent(name, f"the Local Configuration Manager is in the state {state}")
    return unknown(name, f"the Local Configuration Manager's state is {str(state)[:40]!r}")


def judge_server_manager_attempts(evidence: Evidence, policy: Policy) -> Signal:
    """CurrentRebootAttempts above zero."""
    return judge_number(
        evidence,
        "server_manager_attempts",
        "server_manager",
        "CurrentRebootAttempts",
        "Server Manager counts {} reboot attempts",
    )


def judge_server_manager_restart(evidence: Evidence, policy: Policy) -> Signal:
    """RestartRequired of the component cache."""
    return judge_number(
        evidence,
        "server_manager_restart",
        "component_cache",
        "RestartRequired",
        "Server Manager's RestartRequired is {}",
    )


def judge_dvd_reboot_signal(evidence: Evidence, policy: Policy) -> Signal:
    """The value is there, whatever it holds."""
    name = "dvd_reboot_signal"
    answer = answer_of(evidence.probes, "run_once")
    if answer.reading is not Reading.FOUND:
        return without_data(name, answer)
    if not isinstance(answer.data.get("values"), Mapping):
        return damaged(name, "no values")
    if not value_of(answer.data, "DVDRebootSignal")[0]:
        return absent(name)
    return present(name, "RunOnce holds DVDRebootSignal", written_at=written_at(answer.data))


def judge_reboot_witness(evidence: Evidence, policy: Policy) -> Signal:
    """Our own volatile key, with what the installer said."""
    name = "reboot_witness"
    answer = answer_of(evidence.probes, name)
    if answer.reading is not Reading.FOUND:
        return without_data(name, answer)
    entry = {key: _shown(value) for key, value in _values(answer.data)}
    reason = next((str(value) for key, value in entry.items() if key.casefold() == "reason" and value), "")
    sentence = f"an installer asked for a reboot: {reason}" if reason else "an installer asked for a reboot"
    return present(name, sentence, entries=[entry] if entry else [], written_at=written_at(answer.data))


def _values(data: Mapping[str, Any]) -> list[tuple[str, Any]]:
    values = data.get("values")
    return [(str(key)[:80], value) for key, value in list(values.items())[:20]] if isinstance(values, Mapping) else []


def _shown(value: object) -> object:
    data = value.get("data") if isinstance(value, Mapping) else None
    return data if isinstance(data, (int, type(None))) else str(data)[:300]
