# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which version will a file be after the next boot, and by which entry of the rename queue?

The update agent looks at a file of the queue in place of the one on the disk, so an update may be reported as installed
while the old file is still in use. This says both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..._evidence.wording import printable
from ..rename_queue import RenameEntry
from .carry_out import Paper, Step, carry_out
from .facts import Content, Doubt, Place, read_files
from .findings import MAX_SENTENCE, Target, named, reference, shown
from .queues import Queues, read_queues
from .spelling import key_of, key_of_given


@dataclass(frozen=True, slots=True)
class PendingVersion:
    """One file now and after the boot. ``by`` is the entry that decides, None where no entry touches it.

    ``pending_sha256`` is the hash of what will be there, where it was read.
    """

    path: str
    after_boot: str
    on_disk_version: str | None
    pending_version: str | None
    pending_source: str | None
    by: dict[str, Any] | None
    reason: str | None
    sentence: str
    pending_sha256: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape."""
        return {
            "path": self.path,
            "after_boot": self.after_boot,
            "on_disk_version": self.on_disk_version,
            "pending_version": self.pending_version,
            "pending_source": self.pending_source,
            "by": self.by,
            "reason": self.reason,
            "sentence": self.sentence,
        }


def pending_versions(queue: object, files: object, paths: Sequence[str]) -> list[PendingVersion]:
    """Return what becomes of each path: unchanged, replaced, created, deleted, moved, absent or unknown.

    ``queue`` as in `read_queues`, ``files`` as in `read_files`. A queue that is not known as a whole leaves every path
    unknown: an entry that was not read may be of any file. Never raises.
    """
    queues = read_queues(queue)
    known = read_files(files)
    keys = [key_of_given(path) for path in paths]
    paper = carry_out(queues.entries, known, also=keys)
    return [_pending(path, key, paper, queues.problems) for path, key in zip(paths, keys, strict=True)]


def involved_paths(queues: Queues, paths: Sequence[str]) -> list[str]:
    """Return every path whose facts are needed to say what becomes of these: themselves, and what is renamed to them.

    A file that reaches a path over several entries comes with all of its way.
    """
    wanted = {key_of_given(path) for path in paths}
    found: dict[str, str] = {key_of_given(path): path for path in paths}
    # Backwards: what an entry renames to a wanted path is wanted itself, and what may keep one from being taken away.
    for entry in reversed(queues.entries):
        if entry.target is None:
            continue
        if key_of(entry.target) in wanted:
            wanted.add(key_of(entry.source))
        elif entry.operation == "rename" and key_of(entry.source) in wanted:
            wanted.add(key_of(entry.target))
    for path in _named(queues.entries):
        if key_of(path) in wanted:
            found.setdefault(key_of(path), path)
    return list(found.values())


def _named(entries: Iterable[RenameEntry]) -> Iterable[str]:
    for entry in entries:
        yield entry.source
        if entry.target is not None:
            yield entry.target


def _pending(path: str, key: str, paper: Paper, problems: Sequence[str]) -> PendingVersion:
    steps = [step for step in paper.steps if key in (step.source, step.target)]
    today, later = paper.now(key), paper.later(key)
    reason = _unknown(later, steps, problems)
    by = next((step for step in reversed(steps) if step.outcome != "fails"), None)
    fate: str = "unknown" if reason else _fate(Target(key, path, today, later, [by] if by else []))
    end = later if isinstance(later, Content) and not reason else None
    if end is not None and end.version is None:
        # What is there is known, which version it is is not.
        reason = f"of {shown(end.origin)}, {end.reason}"
    return PendingVersion(
        path=path,
        after_boot=fate,
        on_disk_version=today.version if isinstance(today, Content) else None,
        pending_version=end.version if end else None,
        pending_source=end.origin if end and end.key != key else None,
        by=reference(by) if by else None,
        reason=printable(reason[:MAX_SENTENCE]) if reason else None,
        sentence=f"{shown(path)} {_words(fate, today, end, by, reason, steps)}"[:MAX_SENTENCE],
        pending_sha256=end.sha256 if end else None,
    )


def _unknown(later: Place, steps: Sequence[Step], problems: Sequence[str]) -> str | None:
    if problems:
        return problems[0]
    if isinstance(later, Doubt):
        unclear = [step.because for step in steps if step.outcome == "unknown" and step.because]
        return unclear[-1] if unclear else later.reason
    return None


def _fate(target: Target) -> str:
    if target.later is None and (target.today is None or not target.steps):
        return "absent"
    return target.fate


def _words(
    fate: str, today: Place, end: Content | None, by: Step | None, reason: str | None, steps: Sequence[Step]
) -> str:
    if fate == "unknown":
        return f"will be, after the boot, what nobody knows: {printable(reason or '')}"
    now = "not there" if today is None else "of an unknown version"
    if isinstance(today, Content):
        now = today.version or now
    version = (end.version if end else None) or "of an unknown version"
    number = f"{named(by)}, {by.entry.operation} of {shown(by.entry.source)}" if by else ""
    failing = f"{named(steps[-1])} will fail: {steps[-1].because}" if steps and not by else "no entry changes it"
    words = {
        "unchanged": f"stays {version}: {failing}",
        "absent": "is not there, and will not be",
        "deleted": f"is {now} and will be deleted by {number}",
        "moved": f"is {now} and will be renamed to something else by {number}",
        "created": f"is not there and will be {version} by {number}",
        "replaced": f"is {now} and will be {version} after the boot by {number}",
    }
    return words[fate]
