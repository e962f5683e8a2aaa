# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Do files wait to be replaced at the next boot, and does it matter?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from .._evidence.answers import Reading, answer_of, value_of
from .._evidence.document import Evidence
from .judge_updates import written_at
from .policy import Policy
from .rename_queue import RenameEntry, RenameQueue, RenameQueueError, judge_rename_queue, parse_rename_queue
from .signal import Signal, absent, damaged, present, unknown, without_data

VALUES = {
    "pending_file_rename": "PendingFileRenameOperations",
    "pending_file_rename_2": "PendingFileRenameOperations2",
}
# Shown and saved; the counts tell of the rest.
MAX_ENTRIES = 100


def judge_queue(evidence: Evidence, policy: Policy, name: str) -> Signal:
    """Judge one of the two queues by its entries: significant strong, only minor weak, all ignored nothing."""
    answer = answer_of(evidence.probes, "session_manager")
    if answer.reading is not Reading.FOUND:
        return without_data(name, answer)
    exists, kind, data = value_of(answer.data, VALUES[name])
    if not exists:
        return absent(name)
    if kind != "REG_MULTI_SZ":
        return damaged(name, f"{VALUES[name]} is {kind or 'unreadable'}, not REG_MULTI_SZ")
    try:
        queue = parse_rename_queue(data, queue=name)
    except RenameQueueError as error:
        return unknown(name, f"the answer is damaged: {error}")
    if not queue.entries:
        return absent(name, "the queue is empty")
    judged = judge_rename_queue(queue, policy.rename_rules, now=evidence.judged_at)
    return _weigh(name, judged, policy, written_at(answer.data))


def _weigh(name: str, queue: RenameQueue, policy: Policy, written: datetime | None) -> Signal:
    significant, minor, ignored = queue.significant, queue.minor, queue.ignored
    shown = [entry.as_dict() for entry in (*significant, *minor, *ignored)[:MAX_ENTRIES]]
    detail = _sentence(queue, significant, len(minor), len(ignored))
    strong = significant or (policy.rename_queue == "any" and minor)
    found = present(name, detail, entries=shown, strength="strong" if strong else "weak", written_at=written)
    if policy.rename_queue == "ignore":
        return replace(found, ignored_by=("rename_queue",))
    if not significant and not minor:
        rules = Counter(str(entry.rule) for entry in ignored)
        return replace(found, ignored_by=tuple(sorted(rules)))
    return found


def _sentence(queue: RenameQueue, significant: Sequence[RenameEntry], minor: int, ignored: int) -> str:
    parts = []
    if significant:
        first = significant[0]
        word = {"delete": "deletes", "rename": "renames", "replace": "replaces"}[first.operation]
        more = f" and {len(significant) - 1} more" if len(significant) > 1 else ""
        parts.append(f"{len(significant)} significant ({word} {(first.target or first.source)[:120]}{more})")
    if minor:
        parts.append(f"{minor} minor")
    if ignored:
        parts.append(f"{ignored} ignored by rules")
    total = len(queue.entries)
    text = f"{total} file operation{'s wait' if total != 1 else ' waits'} for the boot: {', '.join(parts)}"
    return f"{text}; {'; '.join(queue.malformed)}" if queue.malformed else text


def judge_pending_file_rename(evidence: Evidence, policy: Policy) -> Signal:
    """The first queue."""
    return judge_queue(evidence, policy, "pending_file_rename")


def judge_pending_file_rename_2(evidence: Evidence, policy: Policy) -> Signal:
    """The overflow of the first queue."""
    return judge_queue(evidence, policy, "pending_file_rename_2")
