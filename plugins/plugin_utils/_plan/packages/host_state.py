# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""May an installer be started on this host now? By what four modules have answered, each of which may have failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._evidence.wording import printable

# Kinds of a required reboot before which nothing may be installed.
HARD_KINDS = ("hard", "in_progress")
_HARD_SIGNALS = ("ccm_reboot_pending", "cbs_reboot_in_progress")
_JOB = "patch_job_running"
MAX_TEXT = 300


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why not: a word, the reason, and whether waiting may help."""

    word: str
    reason: str
    passes: bool = False


def mapping_of(value: object) -> Mapping[str, Any]:
    """Return a mapping, an empty one for all else."""
    return value if isinstance(value, Mapping) else {}


def failure_text(result: object) -> str:
    """Return why a task has no answer, empty where it has one."""
    answer = mapping_of(result)
    if not answer:
        return "it was not asked"
    if answer.get("unreachable"):
        return f"the host is not reachable: {_text(answer.get('msg'))}"
    # A task with `failed_when: false` has not failed, and still says what was wrong.
    excused = "failed_when_result" in answer and answer.get("msg")
    if answer.get("failed") or excused:
        return _text(answer.get("msg") or answer.get("error") or "the task failed")
    return ""


def _text(value: object) -> str:
    return printable(" ".join(str(value or "").split())[:MAX_TEXT])


def obstacle_of(host: Mapping[str, Any]) -> Obstacle | None:
    """Return why no installer may be started, or None.

    ``host`` holds the results of win_patch_hold (``hold``), win_reboot_pending_info (``reboot``),
    win_installer_activity_info (``activity``) and win_rename_queue (``queue``). What is not there or failed is an
    obstacle, never a "no".
    """
    return _lock(host) or _reboot(host) or _others(host) or _queue(host)


def _lock(host: Mapping[str, Any]) -> Obstacle | None:
    hold = mapping_of(host.get("hold"))
    why = failure_text(hold)
    if not why:
        return None
    if hold.get("reason") == "other_job":
        return Obstacle("other_job", f"another job of this collection is on the host: {why}", passes=True)
    return Obstacle("no_lock", f"other jobs cannot be kept off the host: {why}")


def _reboot(host: Mapping[str, Any]) -> Obstacle | None:
    result = mapping_of(host.get("reboot"))
    why = failure_text(result)
    verdict = mapping_of(result.get("verdict"))
    if why or not verdict:
        return Obstacle("unreadable", f"whether a hard reboot is due is not known: {why or 'there is no verdict'}")
    if verdict.get("reboot") == "required" and verdict.get("kind") in HARD_KINDS:
        return Obstacle("hard_reboot", f"reboot first. {_text(verdict.get('sentence'))}")
    unread = [mapping_of(entry) for entry in verdict.get("unknown") or ()]
    for entry in unread:
        if entry.get("id") in _HARD_SIGNALS and entry.get("decisive"):
            reason = f"whether a hard reboot is due is not known: {entry['id']}, {_text(entry.get('reason'))}"
            return Obstacle("unreadable", reason)
    return None


def _others(host: Mapping[str, Any]) -> Obstacle | None:
    result = mapping_of(host.get("activity"))
    why = failure_text(result)
    if why:
        return Obstacle("unreadable", f"whether something is being installed is not known: {why}")
    held = mapping_of(host.get("hold")).get("held") is True
    busy = [mapping_of(work) for work in result.get("busy") or ()]
    # Where the lock is ours, the job that runs is the one that holds it.
    busy = [work for work in busy if not (held and work.get("id") == _JOB)]
    if busy:
        shown = "; ".join(f"{_text(work.get('detail'))} ({_text(work.get('who'))})" for work in busy[:3])
        return Obstacle("other_installer", f"something is being installed: {shown}", passes=True)
    unread = [mapping_of(entry) for entry in result.get("unknown") or ()]
    if result.get("activity") not in ("yes", "no") or any(entry.get("decisive") for entry in unread):
        return Obstacle(
            "unreadable", f"whether something is being installed is not known. {_text(result.get('sentence'))}"
        )
    return None


def _queue(host: Mapping[str, Any]) -> Obstacle | None:
    result = mapping_of(host.get("queue"))
    why = failure_text(result) or ("" if mapping_of(result.get("snapshot")) else "there is no snapshot")
    return Obstacle("queue", f"the rename queue could not be read: {why}") if why else None
