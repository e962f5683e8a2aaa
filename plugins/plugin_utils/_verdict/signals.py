# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""All signals of one host's evidence, in the order of the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from .._evidence.catalogue import STRENGTHS
from .._evidence.document import Evidence
from . import judge_busy, judge_names, judge_products, judge_queue, judge_updates
from .custom_signals import parse_custom_signals
from .policy import Policy
from .signal import Signal

JUDGES: Mapping[str, Callable[[Evidence, Policy], Signal]] = {
    "wu_reboot_required": judge_updates.judge_wu_reboot_required,
    "agent_reboot_required": judge_updates.judge_agent_reboot_required,
    "agent_updates_pending_reboot": judge_updates.judge_agent_updates_pending_reboot,
    "cbs_reboot_pending": judge_updates.judge_cbs_reboot_pending,
    "cbs_reboot_in_progress": judge_updates.judge_cbs_reboot_in_progress,
    "ccm_reboot_pending": judge_products.judge_ccm_reboot_pending,
    "reboot_witness": judge_products.judge_reboot_witness,
    "pending_file_rename": judge_queue.judge_pending_file_rename,
    "pending_file_rename_2": judge_queue.judge_pending_file_rename_2,
    "computer_rename": judge_names.judge_computer_rename,
    "hostname_rename": judge_names.judge_hostname_rename,
    "domain_join": judge_names.judge_domain_join,
    "dsc_pending_reboot": judge_products.judge_dsc_pending_reboot,
    "update_exe_volatile": judge_updates.judge_update_exe_volatile,
    "server_manager_attempts": judge_products.judge_server_manager_attempts,
    "server_manager_restart": judge_products.judge_server_manager_restart,
    "cbs_packages_pending": judge_updates.judge_cbs_packages_pending,
    "winsxs_pending_xml": judge_updates.judge_winsxs_pending_xml,
    "dvd_reboot_signal": judge_products.judge_dvd_reboot_signal,
    "wu_ux_reboot_required": judge_updates.judge_wu_ux_reboot_required,
    "wu_post_reboot_reporting": judge_updates.judge_wu_post_reboot_reporting,
    "shutdown_scheduled": judge_busy.judge_shutdown_scheduled,
    "servicing_in_progress": judge_busy.judge_servicing_in_progress,
    "installer_running": judge_busy.judge_installer_running,
    "patch_job_running": judge_busy.judge_patch_job_running,
}


# What a probe answered beside the question is no answer: who narrows the question gets what he asked for.
_NOT_ASKED: Mapping[str, Any] = {
    "state": "not_asked",
    "detail": "was not asked",
    "updates": (),
    "entries": (),
    "error": None,
    "stale": False,
    "ignored_by": (),
}


def judge_signals(evidence: Evidence, policy: Policy) -> tuple[Signal, ...]:
    """Return every signal of the catalogue and the user's own after them, weighed by the policy."""
    found = [judge(evidence, policy) for judge in JUDGES.values()]
    if evidence.custom_signals:
        found.extend(signal.judge(evidence) for signal in parse_custom_signals(evidence.custom_signals))
    if evidence.asked_signals is not None:
        asked = evidence.asked_signals
        found = [signal if signal.id in asked else replace(signal, **_NOT_ASKED) for signal in found]
    if policy.strengths:
        found = [_weigh(signal, policy.strengths) for signal in found]
    return tuple(found)


def _weigh(signal: Signal, strengths: Mapping[str, str]) -> Signal:
    """The policy replaces the catalogue's strength; evidence that is weaker than usual never gains by it."""
    wanted = strengths.get(signal.id)
    if wanted is None or signal.state != "present":
        return signal
    if signal.strength != signal.definition.strength:
        wanted = min(wanted, signal.strength, key=STRENGTHS.index)
    return replace(signal, strength=wanted)
