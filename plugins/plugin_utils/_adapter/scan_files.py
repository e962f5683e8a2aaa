# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The files that rules name, and those that the next boot will put in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._evidence.answers import Reading, answer_of, value_of
from .._evidence.file_probes import file_probes, files_of
from .._verdict.compliance.file_rules import FileRule
from .._verdict.compliance.paths import path_key
from .._verdict.judge_queue import VALUES
from .._verdict.rename_queue import RenameEntry, RenameQueueError, parse_rename_queue

FILES_A_RUN = 100
MAX_SOURCES = 200


def rule_probes(rules: Sequence[FileRule]) -> list[list[dict[str, Any]]]:
    """Return a probe for each path of the rules, with its path as ``named``, in groups that one run asks."""
    hashed = {rule.path for rule in rules if rule.sha256 is not None}
    probes = []
    for number, path in enumerate(dict.fromkeys(rule.path for rule in rules)):
        probe = {"id": f"rule_{number}", "kind": "file", "path": path, "version": True, "named": path}
        probes.append({**probe, "hash": True} if path in hashed else probe)
    return [probes[start : start + FILES_A_RUN] for start in range(0, len(probes), FILES_A_RUN)]


def plain(probes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return probes as the reader takes them."""
    return [{key: value for key, value in probe.items() if key != "named"} for probe in probes]


def read_queue(probes: Mapping[str, Any]) -> tuple[list[RenameEntry] | None, str]:
    """Return (the entries of both rename queues, empty) or (None, why nobody knows them) of the reader's answers."""
    answer = answer_of(probes, "session_manager")
    if answer.reading is Reading.ABSENT:
        return [], ""
    if answer.reading is not Reading.FOUND:
        return None, f"the rename queue was not read: {answer.reason}"
    entries: list[RenameEntry] = []
    for name, value in VALUES.items():
        exists, _kind, data = value_of(answer.data, value)
        if not exists:
            continue
        try:
            entries.extend(parse_rename_queue(data, queue=name).entries)
        except RenameQueueError as error:
            return None, f"the rename queue is damaged: {error}"
    return entries, ""


def queue_entry(entry: RenameEntry) -> dict[str, Any]:
    """Return one entry of a scan's ``queue``."""
    return {"operation": entry.operation, "source": entry.source, "target": entry.target, "raw": list(entry.raw)}


def aimed_sources(entries: Sequence[RenameEntry], rules: Sequence[FileRule]) -> list[str]:
    """Return the files that the queue will put in the place of a rule's file, and what it will put in theirs before."""
    wanted = {rule.key for rule in rules}
    sources: list[str] = []
    # A later entry may move what an earlier one has put there, so the queue is followed from its end.
    for entry in reversed(entries):
        if entry.target is not None and path_key(entry.target) in wanted and path_key(entry.source) not in wanted:
            wanted.add(path_key(entry.source))
            sources.append(entry.source)
    return sources[::-1]


def source_probes(sources: Sequence[str], rules: Sequence[FileRule]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return (probes for such files, what is known of those that are not asked for)."""
    hashes = frozenset(sources) if any(rule.sha256 is not None for rule in rules) else frozenset()
    probes, left_out = file_probes(sources, most=MAX_SOURCES, hashes=hashes)
    unread = {"version": None, "sha256": None, "state": "error", "reason": "the file could not be asked for"}
    return probes, {path: dict(unread) for path in left_out}


def files_read(probes: Sequence[Mapping[str, Any]], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``{path: {version, sha256, state}}`` of the answers."""
    return files_of(probes, answers)
