# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is wrong with a queue that was carried out on paper: files that become older, get lost, or stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..._evidence.wording import printable
from .carry_out import IF_THERE, MOVED_AWAY, NO_SOURCE, Paper, Step
from .facts import Content, Doubt, Place

MAX_SENTENCE = 400
MAX_PATH = 200

# A finding is put into words only where it is shown: queues can be long.
Finding = tuple[Callable[..., dict[str, Any]], tuple[Any, ...]]
Fate = Literal["replaced", "created", "unchanged", "deleted", "moved", "unknown"]


def shown(path: str | None) -> str:
    """Return a path for a sentence: bounded, and without what moves a cursor."""
    return printable((path or "")[:MAX_PATH])


def named(step: Step) -> str:
    """Return an entry for a sentence: its number within its value, from 1."""
    second = " of the second queue" if step.entry.queue.endswith("_2") else ""
    return f"entry {step.entry.index + 1}{second}"


def in_words(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain data with its sentence."""
    render, facts = finding
    return render(*facts)


def reference(step: Step) -> dict[str, Any]:
    """Return an entry as plain data, as it went; ``version`` is that of what it moves or deletes."""
    entry = step.entry
    return {
        "queue": entry.queue,
        "index": entry.index,
        "operation": entry.operation,
        "source": entry.source,
        "target": entry.target,
        "version": step.moves.version if step.moves else None,
        "outcome": step.outcome,
        "because": step.because,
    }


@dataclass(slots=True)
class Target:
    """One path that the queue renames something to, or deletes.

    ``steps`` are the operations that do so, in order.
    """

    key: str
    path: str
    today: Place
    later: Place
    steps: list[Step]

    @property
    def renames(self) -> list[Step]:
        """The operations that put a file here."""
        if len(self.steps) == 1:
            return self.steps if self.steps[0].target is not None else []
        return [step for step in self.steps if step.target is not None]

    @property
    def fate(self) -> Fate:
        """What becomes of the path."""
        if isinstance(self.later, Doubt):
            return "unknown"
        if self.later is None:
            return "deleted" if self.steps[-1].target is None else "moved"
        if self.later.key == self.key:
            return "unchanged"
        return "created" if self.today is None else "replaced"

    @property
    def before_winner(self) -> list[Step]:
        """The renames that come before the one whose file stays."""
        if len(self.steps) < 2:
            return []
        renames, new = self.renames, self.later
        done = [place for place, step in enumerate(renames) if step.outcome == "done" and step.moves is new]
        return renames[: done[-1]] if done else []

    @property
    def new(self) -> Content | None:
        """The content that the queue puts here in the end, where it does and which is known."""
        return self.later if isinstance(self.later, Content) and self.later.key != self.key else None

    def as_dict(self) -> dict[str, Any]:
        """Return the published shape."""
        later = self.later if isinstance(self.later, Content) else None
        return {
            "outcome": self.fate,
            "final_source": self.new.origin if self.new else None,
            "final_version": later.version if later else None,
            "on_disk_version": self.today.version if isinstance(self.today, Content) else None,
            "operations": [reference(step) for step in self.steps],
        }


def targets_of(paper: Paper) -> dict[str, Target]:
    """Return every path that is renamed to or deleted, by key, in the order in which the queue first names them."""
    found: dict[str, Target] = {}
    for step in paper.steps:
        key, path = (step.target, step.entry.target) if step.target is not None else (step.source, step.entry.source)
        if not key:
            continue
        target = found.get(key)
        if target is None:
            found[key] = Target(key, path or "", paper.now(key), paper.later(key), [step])
        else:
            target.steps.append(step)
    return found


def conflicts(target: Target) -> Iterator[Finding]:
    """Yield the conflict of a target that more than one entry renames something to."""
    if len(target.steps) > 1 and len(target.renames) > 1:
        yield _conflict, (target,)


def _conflict(target: Target) -> dict[str, Any]:
    versions = [step.moves.version if step.moves else None for step in target.renames]
    listed = ", then ".join(f"{version or 'unknown version'}" for version in versions[:6])
    sentence = f"{shown(target.path)} is renamed to {len(target.renames)} times: {listed}"
    entries = [reference(step) for step in target.renames]
    return {"target": target.path, "versions": versions, "entries": entries, "sentence": sentence[:MAX_SENTENCE]}


def downgrades(target: Target) -> Iterator[Finding]:
    """Yield A where an earlier entry was to bring a newer version than the last, B where the disk holds a newer one.

    Hazard A: Microsoft Knowledge Base 296861 (QChain); hazard B: 815062.
    """
    new = target.new
    if new is None or new.number is None:
        return
    newest, number = new, new.number
    for step in target.before_winner:
        if step.moves is not None and step.moves.number is not None and step.moves.number > number:
            newest, number = step.moves, step.moves.number
    if newest is not new:
        yield _downgrade, ("A", target, new, newest)
    today = target.today
    if isinstance(today, Content) and today.number is not None and today.number > new.number:
        yield _downgrade, ("B", target, new, today)


def _downgrade(kind: str, target: Target, new: Content, newer: Content) -> dict[str, Any]:
    becomes = f"becomes {new.version} ({shown(new.origin)})"
    sentence = f"{shown(target.path)} is {newer.version} on the disk and {becomes}"
    if kind == "A":
        brings = f"an entry before brings {newer.version} ({shown(newer.origin)})"
        sentence = f"{shown(target.path)} {becomes}, although {brings}: the last one wins"
    return {
        "kind": kind,
        "target": target.path,
        "final_source": new.origin,
        "final_version": new.version,
        "newer_source": newer.origin,
        "newer_version": newer.version,
        "sentence": sentence[:MAX_SENTENCE],
    }


def failures(steps: Sequence[Step]) -> Iterator[dict[str, Any]]:
    """Yield the operations that will fail. To delete what is gone already is harmless."""
    for step in steps:
        if step.outcome == "fails":
            harmless = step.target is None and step.because in (NO_SOURCE, MOVED_AWAY)
            words = f"deletes {shown(step.entry.source)}"
            if step.target is not None:
                words = f"renames {shown(step.entry.source)} to {shown(step.entry.target)}"
            sentence = f"{named(step)} {words} and will fail: {step.because}"
            yield {**reference(step), "harmless": harmless, "sentence": sentence[:MAX_SENTENCE]}


def deletions(steps: Sequence[Step]) -> Iterator[dict[str, Any]]:
    """Yield the deletions of files that an earlier entry of the queue has put there."""
    for step in steps:
        if step.target is None and step.moves is not None and step.moves.key != step.source:
            sentence = f"{named(step)} deletes {shown(step.entry.source)}, which the queue has just put there from "
            sentence += shown(step.moves.origin)
            yield {**reference(step), "final_source": step.moves.origin, "sentence": sentence[:MAX_SENTENCE]}


def chains(steps: Sequence[Step]) -> Iterator[dict[str, Any]]:
    """Yield the files that are renamed more than once, with their way."""
    moved = [step for step in steps if step.target is not None and step.outcome == "done" and step.moves is not None]
    again = {step.moves.key for step in moved if step.moves is not None and step.moves.key != step.source}
    ways: dict[str, list[Step]] = {}
    for step in moved if again else ():
        if step.moves is not None and step.moves.key in again:
            ways.setdefault(step.moves.key, []).append(step)
    for way in ways.values():
        paths = [way[0].entry.source, *(step.entry.target or "" for step in way)]
        sentence = "one file is renamed more than once: " + " -> ".join(shown(path) for path in paths[:6])
        entries = [reference(step) for step in way]
        yield {"paths": paths, "entries": entries, "sentence": sentence[:MAX_SENTENCE]}


def unknown_steps(steps: Sequence[Step]) -> Iterator[dict[str, Any]]:
    """Yield what is not known of single operations."""
    for step in steps:
        path = step.entry.target if step.target is not None else step.entry.source
        if step.outcome == "unknown":
            yield _unknown(path, f"what {named(step)} does is not known: {step.because}", step)
        elif step.because == IF_THERE and isinstance(step.before, Doubt) and step.before.queued:
            yield _unknown(path, f"{named(step)} may delete a file that the queue has just put there", step)


def unknown_versions(target: Target) -> Iterator[dict[str, Any]]:
    """Yield the comparisons that cannot be made: an unknown version is never taken for a fine one."""
    new = target.new
    if new is None:
        return
    today = target.today
    if isinstance(today, Doubt):
        yield _unknown(target.path, f"what {shown(target.path)} is on the disk now is not known: {today.reason}")
    elif today is not None and not _comparable(new, today):
        yield _unknown(target.path, _incomparable(new, today))
    for step in target.before_winner:
        moved = step.moves
        # What became of an entry without a known file is told with the entry itself.
        if moved is not None and moved != new and not _comparable(new, moved):
            yield _unknown(target.path, _incomparable(new, moved), step)


def _comparable(new: Content, other: Content) -> bool:
    if new.sha256 is not None and new.sha256 == other.sha256:
        return True
    return new.number is not None and other.number is not None


def _incomparable(new: Content, other: Content) -> str:
    which = new if new.number is None else other
    return (
        f"whether {shown(new.origin)} is older than {shown(other.origin)} is not known: of {shown(which.origin)}, "
        f"{which.reason}"
    )


def _unknown(path: str | None, reason: str, step: Step | None = None) -> dict[str, Any]:
    entry = {"queue": step.entry.queue, "index": step.entry.index} if step else None
    return {"path": path, "entry": entry, "reason": printable(reason[:MAX_SENTENCE])}
