# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The boot on paper: every operation of the queue in order, on a map of what is known of the disk.

The rules are those of MoveFileExW with MOVEFILE_DELAY_UNTIL_REBOOT (Microsoft Learn): in the order in which they were
queued; an existing target needs MOVEFILE_REPLACE_EXISTING (the `!`); shares cannot be reached. An operation that fails
stops nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ..._evidence.wording import printable
from ..rename_queue import RenameEntry
from .facts import Content, Doubt, KnownFiles, Place
from .spelling import REMOTE, key_of, special_keys, volume_of

Outcome = Literal["done", "fails", "unknown"]

NO_SOURCE = "the file is not there"
MOVED_AWAY = "an entry before it has taken the file away"
IN_THE_WAY = "the target exists and the entry does not say to replace it"
OTHER_VOLUME = "file and target lie on different volumes, and a boot does not copy"
IF_THERE = "deleted if it is there"


class Step(NamedTuple):
    """One operation as it went. ``moves`` is the content that it moves or deletes, where that is known.

    ``because`` is why it fails or is unknown. ``before`` is what the target held, for a deletion the file itself.
    """

    entry: RenameEntry
    source: str
    target: str | None
    outcome: Outcome
    because: str | None
    moves: Content | None
    before: Place


@dataclass(frozen=True, slots=True)
class Paper:
    """The steps in order, and what lies at each changed place afterwards."""

    steps: tuple[Step, ...]
    after: Mapping[str, Place]
    known: KnownFiles
    special: Mapping[str, str | None]

    def now(self, key: str) -> Place:
        """Return what lies at a place today."""
        reason = self.special.get(key)
        return self.known.place(key) if reason is None else Doubt(reason)

    def later(self, key: str) -> Place:
        """Return what lies at a place after the boot."""
        return self.after[key] if key in self.after else self.now(key)


def carry_out(entries: Sequence[RenameEntry], known: KnownFiles, *, also: Iterable[str] = ()) -> Paper:
    """Return the queue carried out on paper. ``also`` are further keys whose identity matters to the caller."""
    sources = [key_of(entry.source) for entry in entries]
    targets = [None if entry.target is None else key_of(entry.target) for entry in entries]
    special = special_keys([key for key in (*sources, *targets, *also) if key])
    disk = _Disk(known, special)
    steps = tuple(map(disk.step, entries, sources, targets))
    return Paper(steps, disk.changed, known, special)


class _Disk:
    """What lies where while the queue runs. Places that nobody has changed are as the facts say."""

    def __init__(self, known: KnownFiles, special: Mapping[str, str | None]) -> None:
        self.known = known
        self.special = special
        self.changed: dict[str, Place] = {}

    def step(self, entry: RenameEntry, source: str, target: str | None) -> Step:
        """Carry out one entry and return how it went."""
        plain = source not in self.special and target not in self.special
        if not plain or entry.malformed or (target and target[:2] != source[:2]):
            reason = entry.malformed or self._reason(source, target)
            if reason == REMOTE:
                return Step(entry, source, target, "fails", REMOTE, None, None)
            if reason:
                return self._doubtful(entry, source, target, reason)
        held = self._at(source)
        if target is None:
            return self._delete(entry, source, held)
        return self._rename(entry, source, target, held)

    def _at(self, key: str) -> Place:
        return self.changed[key] if key in self.changed else self.known.place(key)

    def _reason(self, source: str, target: str | None) -> str | None:
        """Why it fails for certain, or why nobody can say what it does."""
        reasons = [self.special.get(source), self.special.get(target or "")]
        if REMOTE in reasons:
            return REMOTE
        if target and volume_of(source) != volume_of(target):
            reasons.append(OTHER_VOLUME)
        return next((reason for reason in reasons if reason), None)

    def _doubtful(self, entry: RenameEntry, source: str, target: str | None, reason: str) -> Step:
        before = self._at(target) if target else None
        for key in (source, target):
            if key:
                self.changed[key] = Doubt(reason, queued=True)
        return Step(entry, source, target, "unknown", reason, None, before)

    def _delete(self, entry: RenameEntry, source: str, held: Place) -> Step:
        self.changed[source] = None
        if held is None:
            return Step(entry, source, None, "fails", NO_SOURCE, None, held)
        if isinstance(held, Doubt):
            # Whatever was there, nothing is afterwards.
            return Step(entry, source, None, "done", IF_THERE, None, held)
        return Step(entry, source, None, "done", None, held, held)

    def _rename(self, entry: RenameEntry, source: str, target: str, held: Place) -> Step:
        before = self._at(target)
        if held is None:
            reason = NO_SOURCE if self.known.place(source) is None else MOVED_AWAY
            return Step(entry, source, target, "fails", reason, None, before)
        moves = None if isinstance(held, Doubt) else held
        if source == target:
            return Step(entry, source, target, "done" if moves else "unknown", _reason(held), moves, before)
        replaces = entry.operation == "replace"
        if not replaces and isinstance(before, Content):
            return Step(entry, source, target, "fails", IN_THE_WAY, moves, before)
        if moves is None:
            return self._perhaps(entry, source, target, held, before)
        if not replaces and isinstance(before, Doubt):
            reason = f"whether its target exists is not known: {before.reason}"
            self.changed[source] = self.changed[target] = Doubt(reason, queued=True)
            return Step(entry, source, target, "unknown", reason, moves, before)
        self.changed[source], self.changed[target] = None, moves
        return Step(entry, source, target, "done", None, moves, before)

    def _perhaps(self, entry: RenameEntry, source: str, target: str, held: Place, before: Place) -> Step:
        """The source may or may not be there: then the target is its old self or the new one."""
        reason = f"whether {printable(entry.source[:120])} is there is not known: {_reason(held)}"
        # With a sign to replace, or nothing in the way, the source is gone afterwards in either case.
        certain = entry.operation == "replace" or before is None
        self.changed[source] = None if certain else Doubt(reason, queued=True)
        self.changed[target] = Doubt(reason, queued=True)
        return Step(entry, source, target, "unknown", reason, None, before)


def _reason(place: Place) -> str | None:
    return place.reason if isinstance(place, Doubt) else None
