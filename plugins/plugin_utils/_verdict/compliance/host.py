# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""All that the judges look at of one host, worked out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ..._evidence.answers import Reading, answer_of, value_of
from ..._evidence.document import Evidence
from ..._evidence.history import HistoryEntry
from ..._evidence.scan import FileReading, QueuedMove, Scan
from ..judge_queue import VALUES
from ..reboot import Verdict
from ..rename_queue import RenameQueueError, parse_rename_queue
from .after_boot import QueuePicture
from .history import newest_attempts
from .naming import Namings, find_namings
from .paths import path_key
from .policy import CompliancePolicy
from .scan_trust import booted_since

NO_FILES: Mapping[str, FileReading] = {}


@dataclass(frozen=True, slots=True)
class HostView:
    """``outdated``: the host has booted since the scan. ``queue`` None: no rename queue was read.

    ``untrusted`` is why the scan's source is not trusted, empty where it is. ``catalog_newer``: the policy's catalogue
    knows what the scan cannot know.
    """

    scan: Scan
    evidence: Evidence | None
    verdict: Verdict | None
    policy: CompliancePolicy
    at: datetime | None
    namings: Namings
    attempts: Mapping[str, HistoryEntry]
    files: Mapping[str, FileReading]
    queue: QueuePicture | None
    outdated: bool
    untrusted: str
    catalog_newer: bool

    @property
    def ignored(self) -> frozenset[str]:
        """The ids of the signals that the policy passes over: by name, or because a reboot did not clear them."""
        return _ignored(self.policy, self.verdict)


def view_host(
    scan: Scan,
    evidence: Evidence | None,
    verdict: Verdict | None,
    policy: CompliancePolicy,
    *,
    at: datetime | None,
    untrusted: str,
) -> HostView:
    """Return the view of one host."""
    outdated = booted_since(scan, evidence)
    catalog = policy.catalog
    absent = {update.id for update in scan.updates if update.installed is not True}
    return HostView(
        scan=scan,
        evidence=evidence,
        verdict=verdict,
        policy=policy,
        at=at,
        namings=find_namings(scan, evidence, verdict, ignored=_ignored(policy, verdict), outdated=outdated),
        attempts=newest_attempts(scan, absent),
        files={path_key(path): found for path, found in scan.files.items()} if policy.rules else NO_FILES,
        queue=_queue(scan, evidence, outdated=outdated) if policy.rules else None,
        outdated=outdated,
        untrusted=untrusted,
        catalog_newer=catalog is not None and catalog.newer_than(scan.scanned_at),
    )


def _ignored(policy: CompliancePolicy, verdict: Verdict | None) -> frozenset[str]:
    named = policy.reboot.ignore_signals
    return named.union(verdict.persistent) if verdict is not None else named


def _queue(scan: Scan, evidence: Evidence | None, *, outdated: bool) -> QueuePicture | None:
    """The scan's queue, unless a boot has emptied it since, and what the evidence's queue adds to it."""
    scanned = scan.queue if not outdated else None
    read = _queue_of_evidence(evidence) if evidence is not None else None
    if scanned is None and read is None:
        return None
    known = {_same(move) for move in scanned or ()}
    return QueuePicture([*(scanned or ()), *(move for move in read or () if _same(move) not in known)])


def _same(move: QueuedMove) -> tuple[str, str]:
    return path_key(move.source), path_key(move.target) if move.target else ""


def _queue_of_evidence(evidence: Evidence) -> list[QueuedMove] | None:
    answer = answer_of(evidence.probes, "session_manager")
    if answer.reading is Reading.ABSENT:
        return []
    if answer.reading is not Reading.FOUND:
        return None
    moves: list[QueuedMove] = []
    for name, value in VALUES.items():
        exists, _kind, data = value_of(answer.data, value)
        if not exists:
            continue
        try:
            entries = parse_rename_queue(data, queue=name).entries
        except RenameQueueError:
            return None
        moves.extend(QueuedMove(entry.operation, entry.source, entry.target) for entry in entries)
    return moves
